"""Postfix's log messages (2.3 to 3.11), as they stand behind syslog's frame.

`QUEUEID: client=...`, `QUEUEID: from=<...>, ...`, `QUEUEID: to=<...>, relay=..., dsn=..., status=... (reply)`, `NOQUEUE: reject: ...`.
Queue ids are hexadecimal or, with enable_long_queue_ids, of all letters and digits.
"""

import re
from collections.abc import Callable

from postmend.intake.logs.sink import Kept, Outcome, Sink

Handler = Callable[[int, bytes, bytes, bytes], Kept]

REJECT = re.compile(
    rb"(?:milter-)?(?:reject(?:_warning)?|discard|hold): (\S+)(?: content)? from ([^\[\s]*\[[^\]]*\])(?::\d+)?: ([45]\d\d .*?)"
    rb"(?:; from=<([^>]*)>(?: to=<([^>]*)>)?(?: proto=\S+)?(?: helo=<([^>]*)>)?(?: sasl_username=<([^>]*)>)?.*)?\s*$"
)
_LOGIN = b"sasl_username="
_SCRIPT = re.compile(rb"X-PHP-(?:Originating-Script|Script|Filename): ?(.{1,200}?)(?: from |; from=)", re.IGNORECASE)
_OUTCOMES = {
    b"sent": Outcome.DELIVERED, b"deferred": Outcome.DEFERRED, b"bounced": Outcome.BOUNCED,
    b"expired": Outcome.EXPIRED,
}  # fmt: skip
_VERIFIED = {b"deliverable", b"undeliverable"}  # address verification: no mail was sent
_DELIVERY = {b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"relay", b"spawn"}
_COLON = 0x3A
_USED, _KNOWN, _UNKNOWN = Kept.USED, Kept.KNOWN, Kept.UNKNOWN


class Postfix:
    """Hands Postfix's messages to a sink, by the daemon that wrote them.

    A message comes as its first word (`QUEUEID:`) and the rest.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._daemons: dict[bytes, Handler] = {
            b"smtpd": self._smtpd, b"qmgr": self._qmgr, b"nqmgr": self._qmgr, b"pickup": self._pickup,
            b"cleanup": self._cleanup, b"bounce": self._notice, b"postsuper": self._postsuper,
            **dict.fromkeys(_DELIVERY, self._delivery),
        }  # fmt: skip

    def handler(self, program: bytes) -> Handler | None:
        """Whoever reads the messages of `postfix/smtp`, `postfix-out/submission/smtpd`; None for other programs."""
        if not program.startswith(b"postfix"):
            return None
        *folders, daemon = program.split(b"/")
        known = self._daemons.get(daemon)
        # A transport of one's own name, or a daemon that tells nothing about deliveries: its lines show which.
        return known or (self._delivery if folders else self._silent)

    def _smtpd(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if word[-1] != _COLON:  # connect from, disconnect from, warning, ...
            return _KNOWN
        if rest.startswith(b"client="):
            client, _, more = rest[7:].partition(b",")
            login = more.partition(_LOGIN)[2].partition(b",")[0] if more else b""
            self._sink.client(at, host, word[:-1], client, login.rstrip())
            return _USED
        if b"reject" in rest[:20]:
            return self._reject(at, host, rest)
        return _KNOWN

    def _reject(self, at: int, host: bytes, rest: bytes) -> Kept:
        found = REJECT.match(rest)
        if found is None:
            return _KNOWN if b": " not in rest[8:] else _UNKNOWN
        if not rest.startswith(b"reject_warning"):
            stage, client, text, mail_from, recipient, helo, login = found.groups(b"")
            self._sink.refusal(at, host, stage, client, helo, mail_from, recipient, text, login)
        return _USED

    def _qmgr(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if rest == b"removed":
            self._sink.removed(at, host, word[:-1])
        elif rest.startswith(b"from=<"):
            self._sink.sender(at, host, word[:-1], rest[6 : rest.find(b">", 6)])
            if rest.endswith(b"expired, returned to sender"):
                self._sink.expired(at, host, word[:-1])
        else:
            return self._delivery(at, host, word, rest)
        return _USED

    def _pickup(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if not rest.startswith(b"uid="):
            return _KNOWN
        self._sink.local(at, host, word[:-1], rest[4:].partition(b" ")[0], b"")
        return _USED

    def _cleanup(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if rest.startswith(b"message-id="):
            self._sink.message_id(at, host, word[:-1], rest[11:])
            return _USED
        found = _SCRIPT.search(rest) if b"X-PHP-" in rest[:60] else None
        if found:
            self._sink.script(at, host, word[:-1], found[1])
            return _USED
        return self._reject(at, host, rest) if b"reject" in rest[:14] else _KNOWN

    def _notice(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        """`QUEUEID: sender non-delivery notification: NEWID`."""
        what, _, new = rest.rpartition(b": ")
        if what.startswith((b"sender ", b"postmaster ")) and new.isalnum():
            self._sink.notice(at, host, new, word[:-1])
            return _USED
        return _KNOWN

    def _postsuper(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if rest.startswith(b"removed"):
            self._sink.removed(at, host, word[:-1])
        return _KNOWN

    def _delivery(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        if not rest.startswith(b"to=<"):
            return _KNOWN
        found = read_attempt(rest)
        if found is None:
            return _UNKNOWN
        recipient, original, relay, status, outcome, text = found
        if outcome is None:
            return _KNOWN
        self._sink.attempt(at, host, word[:-1], recipient, outcome, relay, text, status, original)
        return _USED

    def _silent(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:  # noqa: ARG002  a Handler
        return _KNOWN


def read_attempt(rest: bytes) -> tuple[bytes, bytes, bytes, bytes, Outcome | None, bytes] | None:
    """Take `to=<x>, [orig_to=<y>,] relay=..., dsn=..., status=sent (text)` apart: recipient, original, relay, enhanced
    status, outcome (None for an address verification), text. None where it is not such a line.

    Cut at its marks from left to right: each stands before anything that comes from outside, but for the recipient.
    """  # noqa: D205  one sentence
    end = rest.find(b">", 4)
    relay = rest.find(b" relay=", end) + 7
    dsn = rest.find(b", dsn=", relay) + 6
    state = rest.find(b", status=", dsn) + 9
    if end < 0 or relay < 7 or dsn < 6 or state < 9:
        return None
    word, _, text = rest[state:].partition(b" (")
    outcome = _OUTCOMES.get(word)
    if outcome is None and word not in _VERIFIED:
        return None
    original = rest[end + 12 : relay - 9] if rest.startswith(b" orig_to=<", end + 2) else b""
    text = text.rstrip()
    return (
        rest[4:end], original, rest[relay : rest.find(b",", relay)], rest[dsn : state - 9],
        outcome, text[:-1] if text.endswith(b")") else text,
    )  # fmt: skip
