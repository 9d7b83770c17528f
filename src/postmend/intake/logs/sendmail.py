"""Sendmail's log messages (8.12 to 8.18): `QUEUEID: from=<...>, ...` and `QUEUEID: to=<...>, ..., stat=...`."""

import re

from postmend.intake.logs.sink import HostSink, Kept, Origin, Outcome

PROGRAMS = frozenset({b"sendmail", b"sm-mta", b"sm-msp-queue", b"sm-acceptingconnections", b"sendmail-client"})
_FIELD = re.compile(rb"(?:^|, )([a-z]\w*)=((?:[^,]|,(?! \w+=))*)", re.IGNORECASE)
_RELAY = re.compile(rb"(\S+?)\.? (?:\(.*?\) )?\[([^\]]*)\]|\[([^\]]*)\]")
_CTL = re.compile(rb"\((\d+)/\d+\)")
_GIVEN_UP = re.compile(rb"(?:cannot send message for|timeout|expired)", re.IGNORECASE)


def _fields(rest: bytes) -> dict[bytes, bytes]:
    """`a=b, c=d, stat=anything`: the last field takes the rest of the line."""
    head, mark, stat = rest.partition(b", stat=")
    made = {name.lower(): value for name, value in _FIELD.findall(head)}
    if mark:
        made[b"stat"] = stat
    return made


def _relay(text: bytes) -> bytes:
    found = _RELAY.match(text)
    if found is None:
        return text or b"local"
    return b"%s[%s]" % (found[1] or found[3] or b"", found[2] or found[3] or b"")


class Sendmail:
    """Hands the Sendmail messages of one host to its sink."""

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink

    def handler(self, at: int, text: bytes) -> Kept:
        """A message: its queue id and the rest."""
        ident, _, rest = text.partition(b": ")
        if rest.startswith(b"from="):
            self._arrival(ident, rest)
        elif rest.startswith(b"to="):
            self._attempts(at, ident, rest)
        elif rest.startswith(b"ruleset=") and b"reject=" in rest:
            self._reject(at, rest)
        else:
            return Kept.KNOWN
        return Kept.USED

    def _arrival(self, ident: bytes, rest: bytes) -> None:
        fields = _fields(rest)
        relay, login = fields.get(b"relay", b""), fields.get(b"authid", b"")
        mail_from = fields.get(b"from", b"").strip(b"<>")
        if b"[" in relay:
            self._sink.begin(ident, Origin(_relay(relay), login.lower()))
        else:
            self._sink.begin(ident, Origin(user=relay.partition(b"@")[0] or b"local"))
        self._sink.sender(ident, mail_from)

    def _attempts(self, at: int, ident: bytes, rest: bytes) -> None:
        fields = _fields(rest)
        stat = fields.get(b"stat", b"")
        if stat.startswith(b"Sent"):
            outcome = Outcome.DELIVERED
        elif stat.startswith((b"Deferred", b"queued")):
            outcome = Outcome.DEFERRED
        else:
            outcome = Outcome.EXPIRED if _GIVEN_UP.search(stat) else Outcome.BOUNCED
        user = _CTL.search(fields.get(b"ctladdr", b""))
        if user:
            self._sink.begin(ident, Origin(user=user[1]))
        if stat == b"queued":
            return
        local = fields.get(b"mailer", b"") in {b"local", b"prog", b"*file*", b"cyrus", b"procmail"}
        relay = b"local" if local else _relay(fields.get(b"relay", b""))
        text = fields.get(b"reply", b"") or stat
        for recipient in fields.get(b"to", b"").split(b","):
            to = recipient.strip().strip(b"<>")
            self._sink.attempt(at, ident, to, outcome, relay, text, fields.get(b"dsn", b""))

    def _reject(self, at: int, rest: bytes) -> None:
        head, _, text = rest.partition(b", reject=")
        fields = _fields(head)
        stage = fields.get(b"ruleset", b"").rpartition(b"_")[2].upper()
        about = fields.get(b"arg1", b"").strip(b"<>")
        to, mail_from = (about, b"") if stage == b"RCPT" else (b"", about)
        self._sink.refusal(at, stage, _relay(fields.get(b"relay", b"")), b"", mail_from, to, text)
