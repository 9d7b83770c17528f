"""Postfix's log messages (2.3 to 3.11), as they stand behind syslog's frame.

`QUEUEID: client=...`, `QUEUEID: from=<...>, ...`, `QUEUEID: to=<...>, relay=..., dsn=..., status=... (reply)`, `NOQUEUE: reject: ...`.
Queue ids are hexadecimal or, with enable_long_queue_ids, of all letters and digits.
"""

import re

from postmend.intake.logs.sink import Handler, HostSink, Kept, Origin, Outcome

REJECT = re.compile(
    rb"(?:milter-)?(?:reject(?:_warning)?|discard|hold): (\S+)(?: content)? from ([^\[\s]*\[[^\]]*\])(?::\d+)?: ([45]\d\d .*?)"
    rb"(?:; from=<([^>]*)>(?: to=<([^>]*)>)?(?: proto=\S+)?(?: helo=<([^>]*)>)?(?: sasl_username=<([^>]*)>)?.*)?\s*$"
)
# A quoted local part may hold anything, also what looks like the fields behind.
_ADDRESS = rb"<((?:\"(?:[^\"\\]|\\.)*\")?[^>]*(?:>(?!, )[^>]*)*)>, "
ATTEMPT = re.compile(
    rb"to="
    + _ADDRESS
    + rb"(?:orig_to="
    + _ADDRESS
    + rb")?relay=([^,]*), (?:[^,]*, )*?dsn=([^,]*), status=([a-z]+)(?: \((.*))?"
)
_MOST_ORIGINS = 10_000
_LOGIN = b"sasl_username="
_SCRIPT = re.compile(rb"X-PHP-(?:Originating-Script|Script|Filename): ?(.{1,200}?)(?: from |; from=)", re.IGNORECASE)
_REFUSED = {b"deferred": Outcome.DEFERRED, b"bounced": Outcome.BOUNCED, b"expired": Outcome.EXPIRED}
_VERIFIED = {b"deliverable", b"undeliverable"}  # address verification: no mail was sent
_DELIVERY = {b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"relay", b"spawn"}
_USED, _KNOWN, _UNKNOWN, _SENT = Kept.USED, Kept.KNOWN, Kept.UNKNOWN, Outcome.DELIVERED


class Postfix:
    """Hands the Postfix messages of one host to its sink, by the daemon that wrote them."""

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink
        self._origins: dict[bytes, Origin] = {}  # by what tells them: most come again
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
        return known or (self._delivery if folders else _silent)

    def _smtpd(self, at: int, text: bytes) -> Kept:
        ident, mark, rest = text.partition(b": ")
        if not mark:
            return _KNOWN  # connect from, disconnect from, ...
        known = self._origins.get(rest)
        if known is not None:
            self._sink.begin(ident, known)
            return _USED
        if rest.startswith(b"client=") and ident.isalnum():
            client, _, more = rest[7:].partition(b",")
            login = more.partition(_LOGIN)[2].partition(b",")[0].rstrip().lower()
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins.clear()
            origin = self._origins[rest] = Origin(client, login)
            self._sink.begin(ident, origin)
            return _USED
        if b"reject" in rest[:20]:
            return self._reject(at, rest)
        return _KNOWN

    def _reject(self, at: int, rest: bytes) -> Kept:
        found = REJECT.match(rest)
        if found is None:
            return _KNOWN if b": " not in rest[8:] else _UNKNOWN
        if not rest.startswith(b"reject_warning"):
            stage, client, text, mail_from, recipient, helo, login = found.groups(b"")
            self._sink.refusal(at, stage, client, helo, mail_from, recipient, text, login)
        return _USED

    def _qmgr(self, at: int, text: bytes) -> Kept:
        ident, _, rest = text.partition(b": ")
        if rest == b"removed":
            self._sink.removed(ident)
        elif rest.startswith(b"from=<"):
            self._sink.sender(ident, rest[6 : rest.find(b">", 6)])
            if rest.endswith(b"expired, returned to sender"):
                self._sink.expired(at, ident)
        else:
            return self._delivery(at, text)
        return _USED

    def _pickup(self, at: int, text: bytes) -> Kept:  # noqa: ARG002  a Handler
        ident, _, rest = text.partition(b": ")
        if not rest.startswith(b"uid="):
            return _KNOWN
        self._sink.begin(ident, Origin(user=rest[4:].partition(b" ")[0]))
        return _USED

    def _cleanup(self, at: int, text: bytes) -> Kept:
        ident, _, rest = text.partition(b": ")
        if rest.startswith(b"message-id="):
            self._sink.message_id(ident, rest[11:])
            return _USED
        found = _SCRIPT.search(rest) if b"X-PHP-" in rest[:60] else None
        if found:
            self._sink.script(ident, found[1])
            return _USED
        return self._reject(at, rest) if b"reject" in rest[:14] else _KNOWN

    def _notice(self, at: int, text: bytes) -> Kept:  # noqa: ARG002  a Handler
        """`QUEUEID: sender non-delivery notification: NEWID`."""
        ident, _, rest = text.partition(b": ")
        what, _, new = rest.rpartition(b": ")
        if what.startswith((b"sender ", b"postmaster ")) and new.isalnum():
            self._sink.notice(new, ident)
            return _USED
        return _KNOWN

    def _postsuper(self, at: int, text: bytes) -> Kept:  # noqa: ARG002  a Handler
        ident, _, rest = text.partition(b": ")
        if rest.startswith(b"removed"):
            self._sink.removed(ident)
        return _KNOWN

    def _delivery(self, at: int, text: bytes) -> Kept:
        ident, _, rest = text.partition(b": ")
        if not rest.startswith(b"to=<"):
            return _KNOWN
        found = ATTEMPT.match(rest)
        if found is None:
            return _UNKNOWN
        recipient, original, relay, status, word, said = found.groups()
        if word == b"sent":
            self._sink.attempt(at, ident, recipient, _SENT, relay, said or b"", status, original or b"")
            return _USED
        outcome = _REFUSED.get(word)
        if outcome is None:
            return _KNOWN if word in _VERIFIED else _UNKNOWN
        said = said.rstrip().removesuffix(b")") if said else b""
        self._sink.attempt(at, ident, recipient, outcome, relay, said, status, original or b"")
        return _USED


def _silent(at: int, text: bytes) -> Kept:  # noqa: ARG001  a Handler
    return _KNOWN
