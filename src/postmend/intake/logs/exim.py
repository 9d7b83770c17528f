"""Exim's main log (4.60 to 4.98): `id <= from`, `=>`, `->`, `**`, `==`, `Completed`, refusals, and what called it.

Message ids have three groups of 6, 6 and 2 characters, since 4.97 of 6, 11 and 4.
"""

import re

from postmend.intake.logs.sink import Kept, Outcome, Sink

IDENT = rb"\w{6}-\w{6,11}-\w{2,4}"
# minute, id, the rest
LINE = re.compile(
    rb"^(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d(?:\.\d+)?(?: [+-]\d{4})?(?: \[\d+(?:: \d+)?\])? (?:(" + IDENT + rb") )?(.*)$",
    re.MULTILINE,
)  # fmt: skip
# Behind a mark: recipient, original recipient, fields, and after a colon the text.
ATTEMPT = re.compile(
    rb"(\S+?):?(?: \([^)]*\))?(?: <([^>]*)>)?((?: (?:[A-Z]{1,4}|DT|QT)=(?:\"[^\"]*\"|\S+)(?: \[[^\]]*\](?::\d+)?)?)*)"
    rb"(?: defer \(-?\d+\)(?: H=\S+ \[[^\]]*\](?::\d+)?)?)?(?::? (.*))?$"
)
REJECT = re.compile(
    rb"(?:H=(\([^)]*\)|\S+)(?: \(([^)]*)\))?(?: \[([^\]]*)\](?::\d+)?)?.*? )?(?:F=<([^>]*)> )?(?:A=\S+ )?"
    rb"(?:temporarily )?rejected ((?:after |after reading )?[A-Z]{4,}|EHLO or HELO|connection)(?: (?:<([^>]*)>)?([^\n:]*))?: ?(.*)$"
)
_PARENT = re.compile(rb" R=(" + IDENT + rb")(?: |$)")
_SENDER = re.compile(rb" [FP]=<([^>]*)>")
_STATUS = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_DELIVERED = {b"=>", b"->", b">>"}
_REFUSED = {b"**": Outcome.BOUNCED, b"==": Outcome.DEFERRED}
_OVER = (b"retry timeout exceeded", b"retry time exceeded", b"timed out: retry")
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
    """The value behind ` A=`, up to the next space."""
    start = fields.find(name)
    return fields[start + len(name) :].partition(b" ")[0] if start >= 0 else b""


class Exim:
    """Hands the lines of Exim's main log to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._folder = b""  # of the last `cwd=` line: it tells the script behind the next local message

    def line(self, at: int, host: bytes, ident: bytes, rest: bytes) -> Kept:
        """One line behind its time and id (empty where it has none)."""
        if not ident:
            return self._without_id(at, host, rest)
        mark, _, body = rest.partition(b" ")
        return self.marked(at, host, ident, mark, body)

    def marked(self, at: int, host: bytes, ident: bytes, mark: bytes, body: bytes) -> Kept:
        """One line of message `ident`: its mark (`<=`, `=>`, `Completed`) and what stands behind it."""
        if mark in _DELIVERED:
            self._delivery(at, host, ident, body)
        elif mark == b"<=":
            self._arrival(at, host, ident, body)
        elif mark == b"Completed":
            self._sink.removed(at, host, ident)
        elif mark in _REFUSED:
            return self._refusal(at, host, ident, _REFUSED[mark], body)
        elif b" rejected " in body:
            return self._reject(at, host, b"%s %s" % (mark, body))
        else:
            return Kept.KNOWN
        return Kept.USED

    def _arrival(self, at: int, host: bytes, ident: bytes, body: bytes) -> None:
        mail_from, _, rest = body.partition(b" ")
        # The subject, where it is logged, is the sender's own words.
        fields = rest.partition(b' T="')[0] if b' T="' in rest else rest
        mail_from = b"" if mail_from == b"<>" else mail_from
        client = _named(fields)
        if client:
            login = _field(fields, b" A=").partition(b":")[2] if b" A=" in fields else b""
            self._sink.client(at, host, ident, client, login, mail_from)
            return
        parent = None if mail_from else _PARENT.search(b" " + fields)
        if parent:
            self._sink.notice(at, host, ident, parent[1])
            return
        self._sink.local(at, host, ident, _field(b" " + fields, b" U="), self._folder, mail_from)
        if b"P=local" in fields:
            self._folder = b""

    def _delivery(self, at: int, host: bytes, ident: bytes, body: bytes) -> None:
        recipient, _, fields = body.partition(b" ")
        original = b""
        if fields.startswith((b"<", b"(")):
            opened = fields.find(b"<")
            original = fields[opened + 1 : fields.find(b">", opened)] if 0 <= opened < 200 else b""
            if b"@" not in recipient:  # a file, a pipe or a local part: the address led to it
                recipient, original = original or recipient, recipient
        relay = _named(fields) or b"local"
        self._sink.attempt(at, host, ident, recipient.rstrip(b":"), Outcome.DELIVERED, relay, fields, b"", original)

    def _refusal(self, at: int, host: bytes, ident: bytes, outcome: Outcome, body: bytes) -> Kept:
        found = ATTEMPT.match(body)
        if found is None:
            return Kept.UNKNOWN
        recipient, original, fields, text = found.groups(b"")
        if outcome is Outcome.BOUNCED and any(words in text for words in _OVER):
            outcome = Outcome.EXPIRED
        sender = _SENDER.search(fields)
        if sender:
            self._sink.sender(at, host, ident, sender[1])
        if original and b"@" not in recipient:
            recipient, original = original, recipient
        status, relay = _STATUS.search(text), _named(body[: found.start(4)]) if text else b""
        self._sink.attempt(
            at, host, ident, recipient, outcome, relay or b"local", text, status[1] if status else b"", original
        )
        return Kept.USED

    def _without_id(self, at: int, host: bytes, rest: bytes) -> Kept:
        if rest.startswith(b"cwd="):
            self._folder = rest[4:].partition(b" ")[0]
            return Kept.USED
        return self._reject(at, host, rest) if b"rejected " in rest else Kept.KNOWN

    def _reject(self, at: int, host: bytes, rest: bytes) -> Kept:
        found = REJECT.match(rest)
        if found is None:
            return Kept.KNOWN
        name, helo, ip, mail_from, stage, recipient, _, text = found.groups(b"")
        client = b"%s[%s]" % (name.strip(b"()"), ip)
        self._sink.refusal(at, host, stage.split()[-1], client, helo or name.strip(b"()"), mail_from, recipient, text)
        return Kept.USED
