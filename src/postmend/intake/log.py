"""Lines of a Postfix or Exim log, the listing of a queue, the events of a sending service: the refusals in them.

One Failure for each recipient and attempt that ended it.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import replace

from postmend.intake.codes import codes_in
from postmend.intake.deliveries import Deliveries
from postmend.intake.exports import as_lines, is_export
from postmend.intake.logs import Origin, Outcome
from postmend.intake.logs.events import Events, is_events
from postmend.intake.logs.exim import LINE as EXIM_LINE
from postmend.intake.logs.exim import Exim
from postmend.intake.logs.postfix import Postfix
from postmend.intake.logs.queue import Queue, is_queue, is_queue_without_reasons
from postmend.intake.scan import to_text
from postmend.knowledge.unwrap import layers, stage_of
from postmend.model import Action, Failure, Host, Intake, Kind, ParseError, SmtpReply

# What stands before a Postfix message; a pasted line may have lost its time and host.
_POSTFIX = re.compile(rb"(?P<program>postfix(?:-\w+)?/\w+(?:/\w+)*)\[\d+\]: (?P<text>.*)$")
_LOG = re.compile(
    rb"postfix(?:-\w+)?/\w+(?:/\w+)?\[\d+\]:|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:[+-]\d{4} )?(?:\[\d+\] )?\w{6,}-\w{6,}-\w{2,4} (?:<=|=>|->|\*\*|==|Completed)",
    re.MULTILINE,
)
_WHEN = re.compile(
    r"^(?:<\d+>)?(\w{3} +\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?)"
)
_HOST = re.compile(r"^(?:<\d+>)?(?:\w{3} +\d+ \d\d:\d\d:\d\d|\S+) (\S+) ")
_RELAY = re.compile(r"(?P<host>[^\[]*)(?:\[(?P<ip>[^\]]*)\])?")
_STAGES = {"CONNECT", "HELO", "EHLO", "MAIL", "RCPT", "DATA"}
_NOT_HOSTS = {"none", "local", "virtual", "dovecot"}
_MOST_FAILURES = 100_000
_MOST_IDS = 200_000
_PIECE = 1 << 20


def looks_like_log(head: bytes) -> bool:
    """Whether a line of Postfix's or Exim's log stands in it, or it is a queue's listing or a service's events."""
    return _LOG.search(head) is not None or is_queue(head) or is_queue_without_reasons(head) or is_events(head)


def _lines(raw: bytes | mmap.mmap) -> Iterator[bytes]:
    start, size = 0, len(raw)
    while start < size:
        end = raw.find(b"\n", start)
        end = size if end < 0 else end
        yield bytes(raw[start : min(end, start + 65536)]).rstrip(b"\r")
        start = end + 1


def read_log(raw: bytes | mmap.mmap, source: str) -> Iterator[Intake]:
    """Yield one Intake with every refusal and the deliveries that tell something of them; ParseError without a refusal.

    A deferred recipient counts once, with its last reply, and not at all when it was delivered after all.
    """
    refusals = _Refusals()
    head = bytes(raw[:65536])
    if is_events(head):
        family, events = "", Events(refusals)
        pieces = (bytes(raw[at : at + _PIECE]) for at in range(0, len(raw), _PIECE))
        for line in as_lines(pieces) if is_export(head) else _lines(raw):
            events.line(line)
    elif is_queue(head):
        family = "sendmail" if b"-----Q-ID-----" in head else "postfix"
        queue = Queue(refusals)
        for line in _lines(raw):
            queue.line(line)
    elif is_queue_without_reasons(head):
        raise ParseError(f"{source}: Exim's queue, which names no reasons; lines of its main log were expected")
    else:
        family = "postfix" if b"postfix" in head else "exim"
        _read_lines(raw, refusals)
    if not refusals.found:
        raise ParseError(f"{source}: a log without any refused or deferred mail in it")
    found_all = refusals.failures() + refusals.deliveries.all()
    yield Intake(source, Kind.REPLY, found_all, family=family)


def _read_lines(raw: bytes | mmap.mmap, refusals: "_Refusals") -> None:
    postfix, exim = Postfix(refusals), Exim(refusals)
    for line in _lines(raw):
        refusals.line = line
        found = _POSTFIX.search(line)
        if found:
            handler = postfix.handler(found["program"])
            if handler:
                handler(0, found["text"])
        elif framed := EXIM_LINE.match(line):
            exim.line(0, framed[2] or b"", framed[3])


def _when(line: str) -> str:
    found = _WHEN.match(line)
    return found[1] if found else ""


class _Refusals:
    """A log's `Sink`, for all hosts in one, that keeps the refusals."""

    def __init__(self) -> None:
        self.line = b""
        self.found: dict[tuple[str, str], Failure] = {}
        self.deliveries = Deliveries()
        self._senders: dict[str, str] = {}

    def failures(self) -> tuple[Failure, ...]:
        """Every refusal, with its MAIL FROM where the log tells it."""
        return tuple(
            f if f.mail_from else replace(f, mail_from=self._senders.get(f.queue_id, "")) for f in self.found.values()
        )

    def host(self, name: bytes) -> "_Refusals":
        """Whichever host tells it."""
        return self

    def complaint(self, at: int, recipient: bytes, mail_from: bytes, client: bytes, provider: bytes) -> None:
        """Not a refusal."""

    def begin(self, ident: bytes, origin: Origin) -> None:
        """Of a message's beginning only the MAIL FROM is needed."""
        if origin.mail_from is not None:
            self.sender(ident, origin.mail_from)

    def sender(self, ident: bytes, mail_from: bytes) -> None:
        """Keep the MAIL FROM of a queue id."""
        if len(self._senders) < _MOST_IDS:
            self._senders[ident.decode("latin-1")] = to_text(mail_from)

    def script(self, ident: bytes, script: bytes) -> None:
        """Not needed here."""

    def message_id(self, ident: bytes, name: bytes) -> None:
        """Not needed here."""

    def notice(self, ident: bytes, parent: bytes) -> None:
        """Not needed here."""

    def expired(self, at: int, ident: bytes) -> None:
        """Not needed here: the last deferral has said why."""

    def removed(self, ident: bytes) -> None:
        """Not needed here."""

    def attempt(
        self, at: int, ident: bytes, recipient: bytes, outcome: Outcome, relay: bytes, text: bytes,
        status: bytes = b"", original: bytes = b"",
    ) -> None:  # fmt: skip
        """Keep what was refused or put off, not what was delivered after all, and of what was delivered a few."""
        key = (ident.decode("latin-1"), to_text(recipient))
        where = _RELAY.match(to_text(relay))
        named = where is not None and where["host"] not in _NOT_HOSTS
        remote = Host(where["host"], where["ip"] or "") if where and named else Host()
        host_name = _HOST.match(to_text(self.line)) if b"postfix" in self.line else None
        local = Host(host_name[1] if host_name else "")
        sender = self._senders.get(key[0], "")
        if outcome is Outcome.DELIVERED:
            self.found.pop(key, None)
            self.deliveries.took(key[1], sender, remote, local, key[0], _when(to_text(self.line)))
            return
        if len(self.found) >= _MOST_FAILURES:
            return
        said = to_text(text)
        code, enhanced = codes_in(said, status.decode("latin-1"))
        inner = layers(said)[-1]
        remote = remote if named else Host(inner.host, inner.ip)
        self.deliveries.refused(sender, remote)
        self.found[key] = Failure(
            recipient=key[1],
            original_recipient=to_text(original),
            action=Action.DELAYED if outcome is Outcome.DEFERRED else Action.FAILED,
            stage=inner.stage,
            reply=SmtpReply(code, enhanced, said),
            remote=remote,
            local=local,
            queue_id=key[0],
            when=_when(to_text(self.line)),
        )

    def whole(self, ident: bytes, origin: Origin, at: int, recipient: bytes, relay: bytes, text: bytes) -> None:
        """Keep what is known of a message that was delivered."""
        self.begin(ident, origin)
        self.attempt(at, ident, recipient, Outcome.DELIVERED, relay, text)

    def refusal(
        self, at: int, stage: bytes, client: bytes, helo: bytes, mail_from: bytes, recipient: bytes,
        text: bytes, login: bytes = b"",
    ) -> None:  # fmt: skip
        """Keep what this host refused itself."""
        if len(self.found) >= _MOST_FAILURES:
            return
        said, word = to_text(text), stage.decode("latin-1")
        code, enhanced = codes_in(said, "")
        where = _RELAY.match(to_text(client))
        name = where["host"] if where else ""
        host_name = _HOST.match(to_text(self.line))
        self.found[f"line {len(self.found)}", to_text(recipient)] = Failure(
            recipient=to_text(recipient),
            mail_from=to_text(mail_from),
            action=Action.FAILED if str(code or "").startswith("5") else Action.DELAYED,
            stage=stage_of(f"in reply to {word}") if word in _STAGES else None,
            reply=SmtpReply(code, enhanced, said),
            remote=Host(host_name[1] if host_name else ""),
            local=Host("" if name == "unknown" else name, (where["ip"] or "") if where else "", to_text(helo)),
            when=_when(to_text(self.line)),
        )
