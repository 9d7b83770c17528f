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
    """Hands the lines of Exim's main log to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._folder = b""  # of the last `cwd=` line: it tells the script behind the next local message

    def line(self, at: int, host: bytes, ident: bytes, rest: bytes) -> Kept:
        """One line behind its time and id (empty where it has none)."""
        if not ident:
            return self._without_id(at, host, rest)
        return self.marked(at, host, ident, rest[:2], rest, 3)

    def marked(self, at: int, host: bytes, ident: bytes, mark: bytes, line: bytes, start: int) -> Kept:
        """One line of message `ident`: its mark (`<=`, `=>`, `Co` of `Completed`), and the line from behind it on.

        Fields are looked for where they stand, for cutting them out first takes a third of the time.
        """
        if mark in _DELIVERED:
            self._delivery(at, host, ident, line, start)
        elif mark == b"<=":
            self._arrival(at, host, ident, line, start)
        elif mark == b"Co" and line.startswith(b"Completed", start - 3):
            self._sink.removed(at, host, ident)
        elif mark in _REFUSED:
            return self._refusal(at, host, ident, _REFUSED[mark], line[start:])
        elif b" rejected " in line:
            return self._reject(at, host, line[start - 3 :])
        else:
            return _KNOWN
        return _USED

    def _arrival(self, at: int, host: bytes, ident: bytes, line: bytes, start: int) -> None:
        end = line.find(b" ", start)
        end = len(line) if end < 0 else end
        # The subject, where it is logged, is the sender's own words.
        stop = line.find(b' T="', end)
        stop = len(line) if stop < 0 else stop
        mail_from = line[start:end]
        if mail_from == b"<>":
            mail_from = b""
        opened = line.find(b" H=", end, stop)
        if opened >= 0:
            client = line[opened + 3 : line.find(b"]", opened, stop) + 1]
            login = _field(line, b" A=", end, stop).partition(b":")[2]
            self._sink.client(at, host, ident, client, login, mail_from)
            return
        parent = None if mail_from else _PARENT.search(line, end, stop)
        if parent:
            self._sink.notice(at, host, ident, parent[1])
            return
        self._sink.local(at, host, ident, _field(line, b" U=", end, stop), self._folder, mail_from)
        if self._folder and line.find(b" P=local", end, stop) >= 0:
            self._folder = b""

    def _delivery(self, at: int, host: bytes, ident: bytes, line: bytes, start: int) -> None:
        end = line.find(b" ", start)
        end = len(line) if end < 0 else end
        recipient, original = line[start:end], b""
        if line.startswith((b"<", b"("), end + 1):
            opened = line.find(b"<", end, end + 200)
            original = line[opened + 1 : line.find(b">", opened)] if opened >= 0 else b""
            if b"@" not in recipient:  # a file, a pipe or a local part: the address led to it
                recipient, original = original or recipient, recipient
        opened = line.find(b" H=", end)
        relay = line[opened + 3 : line.find(b"]", opened) + 1] if opened >= 0 else b"local"
        self._sink.attempt(
            at, host, ident, recipient.rstrip(b":"), _SENT, relay or b"local", line[end + 1 :], b"", original
        )

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
