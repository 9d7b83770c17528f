"""Exim's main log (4.60 to 4.98): `id <= from`, `=>`, `->`, `**`, `==`, `Completed`, refusals, and what called it.

Message ids have three groups of 6, 6 and 2 characters, since 4.97 of 6, 11 and 4.
"""

import re
from collections.abc import Callable

from postmend.intake.logs.sink import HostSink, Kept, Origin, Outcome

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
# By id: origin; of its delivery the minute, line, and where the recipient begins.
Held = dict[bytes, tuple[Origin, int, bytes, int]]
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


def _field(fields: bytes, name: bytes) -> bytes:
    """The value behind ` A=`, up to the next space; empty where there is none."""
    return fields.partition(name)[2].partition(b" ")[0]


def _target(line: bytes, start: int) -> tuple[bytes, bytes, bytes]:
    """Recipient, original recipient and relay of what stands behind `=>`."""
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
    return recipient.rstrip(b":"), original, relay or b"local"


class Exim:
    """Hands the lines of one host's main log to its sink.

    Fields are looked for where they stand, for cutting them out first takes a third of the time.
    """

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink
        self.folder = b""  # of the last `cwd=` line: it tells the script behind the next local message
        self.origins: dict[bytes, Origin] = {}  # by what stands between `<=` and the size: most come again
        self.marks: dict[bytes, Callable[[int, bytes, bytes], Kept]] = {
            b"<= ": self._arrival, b"=> ": self._delivery, b"-> ": self._delivery, b">> ": self._delivery,
            b"** ": self._bounce, b"== ": self._deferral, b"Com": self._completed,
        }  # fmt: skip

    def line(self, at: int, ident: bytes, text: bytes) -> Kept:
        """One line behind its time and id (empty where it has none)."""
        if not ident:
            return self._without_id(at, text)
        read = self.marks.get(text[:3])
        if read is not None:
            return read(at, ident, text[3:])
        return self._reject(at, text) if b" rejected " in text else _KNOWN

    def begin(self, held: Held, ident: bytes) -> None:
        """Tell what is held of a message, if anything is: that it began, and its first delivery."""
        if ident in held:
            origin, at, delivery, start = held.pop(ident)
            self._sink.begin(ident, origin)
            if delivery:
                self._delivery(at, ident, delivery[start:])

    def whole(self, ident: bytes, origin: Origin, at: int, delivery: bytes, start: int) -> None:
        """Tell of a message that began, was delivered once, and is done; the recipient begins at `start`."""
        recipient, original, relay = _target(delivery, start)
        if original:
            self._sink.begin(ident, origin)
            self._sink.attempt(at, ident, recipient, _SENT, relay, delivery, b"", original)
            self._sink.removed(ident)
        else:
            self._sink.whole(ident, origin, at, recipient, relay, delivery)

    def _arrival(self, at: int, ident: bytes, rest: bytes) -> Kept:  # noqa: ARG002  a mark's reader
        # The subject, where it is logged, is the sender's own words; a quoted local part may hold anything.
        told = rest.partition(b' T="' if rest.startswith(b'"') else b" S=")[0]
        address, _, fields = told.partition(b" ")
        mail_from, fields = address if address != b"<>" else b"", b" " + fields
        opened = fields.find(b" H=")
        if opened < 0:
            return self._handed_in(ident, told, mail_from, fields)
        client = fields[opened + 3 : fields.find(b"]", opened) + 1]
        origin = Origin(client, _field(fields, b" A=").partition(b":")[2].lower(), mail_from)
        if not told.startswith(b'"'):
            self._remember(told, origin)
        self._sink.begin(ident, origin)
        return _USED

    def _handed_in(self, ident: bytes, told: bytes, mail_from: bytes, fields: bytes) -> Kept:
        """A message that began on this host."""
        parent = None if mail_from else _PARENT.search(fields)
        if parent:
            self._sink.notice(ident, parent[1])
            return _USED
        origin = Origin(b"", b"", mail_from, _field(fields, b" U=") or b"local", self.folder)
        if self.folder and b" P=local" in fields:
            self.folder = b""
        else:
            self._remember(told, origin)
        self._sink.begin(ident, origin)
        return _USED

    def _remember(self, told: bytes, origin: Origin) -> None:
        if len(self.origins) >= _MOST_ORIGINS:
            self.origins.clear()
        self.origins[told] = origin

    def _delivery(self, at: int, ident: bytes, rest: bytes) -> Kept:
        recipient, original, relay = _target(rest, 0)
        self._sink.attempt(at, ident, recipient, _SENT, relay, rest, b"", original)
        return _USED

    def _completed(self, at: int, ident: bytes, rest: bytes) -> Kept:  # noqa: ARG002  a mark's reader
        self._sink.removed(ident)
        return _USED

    def _bounce(self, at: int, ident: bytes, rest: bytes) -> Kept:
        return self._refusal(at, ident, Outcome.BOUNCED, rest)

    def _deferral(self, at: int, ident: bytes, rest: bytes) -> Kept:
        return self._refusal(at, ident, Outcome.DEFERRED, rest)

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
            self.folder = rest[4:].partition(b" ")[0]
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
