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
_HOST = re.compile(rb" H=(\S+)(?: \([^)]*\))? \[([^\]]*)\]")
_AT = re.compile(rb" H=(?:(\S+) )?(?:\([^)]*\) )?\[([^\]]*)\]")
_LOGIN = re.compile(rb" A=[^\s:]+:(\S+)")
_USER = re.compile(rb" U=(\S+)")
_PARENT = re.compile(rb" R=(" + IDENT + rb")(?: |$)")
_CONFIRMED = re.compile(rb' C="([^"]*)"')
_SENDER = re.compile(rb" [FP]=<([^>]*)>")
_STATUS = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_MARKS = {
    b"=>": Outcome.DELIVERED, b"->": Outcome.DELIVERED, b">>": Outcome.DELIVERED, b"**": Outcome.BOUNCED,
    b"==": Outcome.DEFERRED,
}  # fmt: skip
_OVER = (b"retry timeout exceeded", b"retry time exceeded", b"timed out: retry")
HEAD = re.compile(
    rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4})?(?: \[\d+\])? (?:" + IDENT + rb" )?", re.MULTILINE
)


class Exim:
    """Hands the lines of Exim's main log to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._folder = b""  # of the last `cwd=` line: it tells the script behind the next local message

    def line(self, at: int, host: bytes, ident: bytes, rest: bytes) -> Kept:
        """One line behind its time and id (empty where it has none)."""
        if not ident:
            return self._without_id(at, host, rest)
        mark, body = rest[:2], rest[3:]
        if mark == b"<=":
            self._arrival(at, host, ident, body)
        elif mark in _MARKS:
            return self._attempt(at, host, ident, mark, body)
        elif rest.startswith(b"Completed"):
            self._sink.removed(at, host, ident)
        elif b" rejected " in rest:
            return self._reject(at, host, rest)
        else:
            return Kept.KNOWN
        return Kept.USED

    def _arrival(self, at: int, host: bytes, ident: bytes, body: bytes) -> None:
        mail_from, _, rest = body.partition(b" ")
        rest = b" " + rest
        at_host, login = _AT.search(rest), _LOGIN.search(rest)
        user = None if at_host else _USER.search(rest)
        parent = _PARENT.search(rest)
        local = b" P=local" in rest
        if parent:
            self._sink.notice(at, host, ident, parent[1])
        elif at_host:
            client = b"%s[%s]" % (at_host[1] or b"", at_host[2])
            self._sink.client(at, host, ident, client, login[1] if login else b"")
        else:
            self._sink.local(at, host, ident, user[1] if user else b"", self._folder if local else b"")
        self._sink.sender(at, host, ident, b"" if mail_from == b"<>" else mail_from)
        if local:
            self._folder = b""

    def _attempt(self, at: int, host: bytes, ident: bytes, mark: bytes, body: bytes) -> Kept:
        found = ATTEMPT.match(body)
        if found is None:
            return Kept.UNKNOWN
        recipient, original, fields, text = found.groups(b"")
        where = _HOST.search(body)
        relay = b"%s[%s]" % (where[1], where[2]) if where else b"local"
        outcome = _MARKS[mark]
        if outcome is Outcome.DELIVERED:
            confirmed = _CONFIRMED.search(fields)
            text = confirmed[1] if confirmed else text
        elif outcome is Outcome.BOUNCED and any(words in text for words in _OVER):
            outcome = Outcome.EXPIRED
        if outcome:
            sender = _SENDER.search(fields)
            if sender:
                self._sink.sender(at, host, ident, sender[1])
        if original and b"@" not in recipient:  # a file, a pipe or a local part: the address led to it
            recipient, original = original, recipient
        status = _STATUS.search(text) if outcome else None
        self._sink.attempt(at, host, ident, recipient, outcome, relay, text, status[1] if status else b"", original)
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
