"""Exim's main log (4.60 to 4.98): `id <= from`, `=>`, `->`, `**`, `==`, `Completed`, refusals, and what called it.

Message ids have three groups of 6, 6 and 2 characters, since 4.97 of 6, 11 and 4.
"""

import re
from collections.abc import Callable

from postmend.intake.logs.sink import HostSink, Kept, Outcome

IDENT = rb"\w{6}-\w{6,11}-\w{2,4}"
# minute, id, the rest
LINE = re.compile(
    rb"^(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d(?:\.\d+)?(?: [+-]\d{4})?(?: \[\d+(?:: \d+)?\])? (?:(" + IDENT + rb") )?(.*)$",
    re.MULTILINE,
)  # fmt: skip
# Behind a mark: recipient (with a colon where nothing but the text follows), original recipient, fields, and after a colon the text.
ATTEMPT = re.compile(
    rb"(\S+)(?: \([^)]*\))?(?: <([^>]*)>)?((?: [A-Z]{1,4}=(?:\"[^\"]*\"|\S+)(?: \[[^\]]*\](?::\d+)?)?)*)"
    rb"(?: defer \(-?\d+\)(?: H=\S+ \[[^\]]*\](?::\d+)?)?)?(?::? (.*))?$"
)
REJECT = re.compile(
    rb"(?:H=(\([^)]*\)|\S+)(?: \(([^)]*)\))?(?: \[([^\]]*)\](?::\d+)?)?.*? )?(?:F=<([^>]*)> )?(?:A=\S+ )?"
    rb"(?:temporarily )?rejected ((?:after |after reading )?[A-Z]{4,}|EHLO or HELO|connection)(?: (?:<([^>]*)>)?([^\n:]*))?: ?(.*)$"
)
_PARENT = re.compile(rb" R=(" + IDENT + rb")(?: |$)")
_SENDER = re.compile(rb" [FP]=<([^>]*)>")
_STATUS = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_OVER = (b"retry timeout exceeded", b"retry time exceeded", b"timed out: retry")
_OPENING = (b"<", b"(")
_MOST_ORIGINS = 10_000
_USED, _KNOWN, _SENT = Kept.USED, Kept.KNOWN, Outcome.DELIVERED
HEAD = re.compile(
    rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4})?(?: \[\d+\])? (?:" + IDENT + rb" )?", re.MULTILINE
)


def _named(fields: bytes) -> bytes:
    """`name (helo) [ip]` of ` H=name (helo) [ip]`, empty where there is none."""
    start = fields.find(b"H=")
    if start < 0:
        return b""
    return fields[start + 2 : fields.find(b"]", start) + 1]


def _field(line: bytes, name: bytes, start: int, stop: int) -> bytes:
    """The value behind ` A=` between two places, up to the next space; empty where there is none."""
    found = line.find(name, start, stop)
    return line[found + len(name) : stop].partition(b" ")[0] if found >= 0 else b""


class Exim:
    """Hands the lines of one host's main log to its sink.

    `marks` reads what stands behind ` <= `, ` => `, ... by the mark: minute, id, the line, and where the mark ends in
    it. Fields are looked for where they stand, for cutting them out first takes a third of the time.
    """

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink
        self._folder = b""  # of the last `cwd=` line: it tells the script behind the next local message
        self._origins: dict[bytes, tuple[bytes, bytes, bytes]] = {}  # client, login, MAIL FROM: most come again
        self.marks: dict[bytes, Callable[[int, bytes, bytes, int], Kept]] = {
            b" <= ": self._arrival, b" => ": self._delivery, b" -> ": self._delivery, b" >> ": self._delivery,
            b" ** ": self._bounce, b" == ": self._deferral, b" Com": self._completed,
        }  # fmt: skip

    def line(self, at: int, ident: bytes, text: bytes) -> Kept:
        """One line behind its time and id (empty where it has none)."""
        if not ident:
            return self._without_id(at, text)
        read = self.marks.get(b" " + text[:3])
        if read is not None:
            return read(at, ident, text, 3)
        return self._reject(at, text) if b" rejected " in text else _KNOWN

    def _arrival(self, at: int, ident: bytes, line: bytes, start: int) -> Kept:  # noqa: ARG002  a mark's reader
        told = line[start : line.find(b" S=", start)]
        known = self._origins.get(told)
        if known is None:
            end = line.find(b" ", start)
            end = len(line) if end < 0 else end
            # The subject, where it is logged, is the sender's own words.
            stop = line.find(b' T="', end)
            stop = len(line) if stop < 0 else stop
            mail_from = line[start:end] if line[start:end] != b"<>" else b""
            opened = line.find(b" H=", end, stop)
            if opened < 0:
                return self._handed_in(ident, mail_from, line[end:stop])
            client = line[opened + 3 : line.find(b"]", opened, stop) + 1]
            login = _field(line, b" A=", end, stop).partition(b":")[2].lower()
            known = (client, login, mail_from)
            if not told.startswith(b'"'):  # a quoted local part may hold anything
                if len(self._origins) >= _MOST_ORIGINS:
                    self._origins.clear()
                self._origins[told] = known
        self._sink.client(ident, *known)
        return _USED

    def _handed_in(self, ident: bytes, mail_from: bytes, fields: bytes) -> Kept:
        """A message that began on this host."""
        parent = None if mail_from else _PARENT.search(fields)
        if parent:
            self._sink.notice(ident, parent[1])
            return _USED
        self._sink.local(ident, _field(fields, b" U=", 0, len(fields)), self._folder, mail_from)
        if self._folder and b" P=local" in fields:
            self._folder = b""
        return _USED

    def _delivery(self, at: int, ident: bytes, line: bytes, start: int) -> Kept:
        end = line.find(b" ", start)
        end = len(line) if end < 0 else end
        recipient, original = line[start:end], b""
        if line[end + 1 : end + 2] in _OPENING:
            opened = line.find(b"<", end, end + 200)
            original = line[opened + 1 : line.find(b">", opened)] if opened >= 0 else b""
            if b"@" not in recipient:  # a file, a pipe or a local part: the address led to it
                recipient, original = original or recipient, recipient
        opened = line.find(b" H=", end)
        relay = line[opened + 3 : line.find(b"]", opened) + 1] if opened >= 0 else b""
        self._sink.attempt(at, ident, recipient.rstrip(b":"), _SENT, relay or b"local", line[end + 1 :], b"", original)
        return _USED

    def _completed(self, at: int, ident: bytes, line: bytes, start: int) -> Kept:  # noqa: ARG002  a mark's reader
        self._sink.removed(ident)
        return _USED

    def _bounce(self, at: int, ident: bytes, line: bytes, start: int) -> Kept:
        return self._refusal(at, ident, Outcome.BOUNCED, line[start:])

    def _deferral(self, at: int, ident: bytes, line: bytes, start: int) -> Kept:
        return self._refusal(at, ident, Outcome.DEFERRED, line[start:])

    def _refusal(self, at: int, ident: bytes, outcome: Outcome, rest: bytes) -> Kept:
        found = ATTEMPT.match(rest)
        if found is None:
            return Kept.UNKNOWN
        recipient, original, fields, text = found.groups(b"")
        if outcome is Outcome.BOUNCED and any(words in text for words in _OVER):
            outcome = Outcome.EXPIRED
        recipient = recipient.removesuffix(b":")
        sender = _SENDER.search(fields)
        if sender:
            self._sink.sender(ident, sender[1])
        if original and b"@" not in recipient:
            recipient, original = original, recipient
        status, relay = _STATUS.search(text), _named(rest[: found.start(4)]) if text else b""
        self._sink.attempt(
            at, ident, recipient, outcome, relay or b"local", text, status[1] if status else b"", original
        )
        return _USED

    def _without_id(self, at: int, rest: bytes) -> Kept:
        if rest.startswith(b"cwd="):
            self._folder = rest[4:].partition(b" ")[0]
            return Kept.USED
        return self._reject(at, rest) if b"rejected " in rest else Kept.KNOWN

    def _reject(self, at: int, rest: bytes) -> Kept:
        found = REJECT.match(rest)
        if found is None:
            return Kept.KNOWN
        name, helo, ip, mail_from, stage, recipient, _, text = found.groups(b"")
        client = b"%s[%s]" % (name.strip(b"()"), ip)
        self._sink.refusal(at, stage.split()[-1], client, helo or name.strip(b"()"), mail_from, recipient, text)
        return Kept.USED
