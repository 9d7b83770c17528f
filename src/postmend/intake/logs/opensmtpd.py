"""OpenSMTPD's log messages (6.4 to 7.x): sessions of `smtp`, deliveries of `mta` and `mda`.

`SESSION smtp connected address=...`, `SESSION smtp message msgid=...`, `SESSION mta delivery evpid=... result="Ok" stat="..."`.
The first eight digits of an evpid are the message's id.
"""

import re

from postmend.intake.logs.sink import HostSink, Kept, Origin, Outcome

PROGRAMS = frozenset({b"smtpd"})
_FIELD = re.compile(rb"([a-z-]+)=(\"[^\"]*\"|<[^>]*>|\S+)")
_RELAY = re.compile(rb"([^ (]+)(?: \(([^)]*)\))?")
_RESULTS = {b"ok": Outcome.DELIVERED, b"tempfail": Outcome.DEFERRED, b"permfail": Outcome.BOUNCED}
_MOST_SESSIONS = 20_000


class OpenSmtpd:
    """Hands the OpenSMTPD messages of one host to its sink; remembers what open sessions said of themselves."""

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink
        self._sessions: dict[bytes, list[bytes]] = {}  # client, login

    def handler(self, at: int, text: bytes) -> Kept:
        """A message: its session and the rest."""
        word, _, rest = text.partition(b" ")
        if rest.startswith(b"smtp "):
            return self._smtp(at, word, rest[5:])
        if rest.startswith((b"mta delivery ", b"mda delivery ", b"mta transfer ")):
            return self._delivery(at, rest)
        return Kept.KNOWN

    def _smtp(self, at: int, session: bytes, rest: bytes) -> Kept:
        verb = rest.partition(b" ")[0]
        fields = {name: value.strip(b'"<>') for name, value in _FIELD.findall(rest)}
        if verb == b"connected":
            if len(self._sessions) > _MOST_SESSIONS:
                self._sessions.clear()
            client = b"%s[%s]" % (fields.get(b"host", b""), fields.get(b"address", b""))
            self._sessions[session] = [client, b""]
        elif verb == b"authentication" and fields.get(b"result") == b"ok":
            self._sessions.setdefault(session, [b"", b""])[1] = fields.get(b"user", b"")
        elif verb == b"message" and b"msgid" in fields:
            client, login = self._sessions.get(session, [b"", b""])
            if client.endswith(b"[local]"):
                self._sink.begin(fields[b"msgid"], Origin(user=b"local"))
            else:
                self._sink.begin(fields[b"msgid"], Origin(client, login.lower()))
        elif verb == b"disconnected":
            self._sessions.pop(session, None)
        elif verb == b"failed-command" and session in self._sessions:
            text, stage = fields.get(b"result", b""), fields.get(b"command", b"").partition(b" ")[0]
            self._sink.refusal(at, stage, self._sessions[session][0], b"", b"", b"", text)
        else:
            return Kept.KNOWN
        return Kept.USED

    def _delivery(self, at: int, rest: bytes) -> Kept:
        fields = {name: value.strip(b'"<>') for name, value in _FIELD.findall(rest)}
        outcome = _RESULTS.get(fields.get(b"result", b"").lower())
        ident, recipient = fields.get(b"evpid", b"")[:8], fields.get(b"to", b"")
        if outcome is None or not ident or not recipient:
            return Kept.UNKNOWN
        relay = b"local"
        if rest.startswith(b"mta"):
            where = _RELAY.match(fields.get(b"relay", b""))
            relay = b"%s[%s]" % (where[2] or b"", where[1]) if where else b""
        self._sink.sender(ident, fields.get(b"from", b""))
        self._sink.attempt(at, ident, recipient, outcome, relay, fields.get(b"stat", b""))
        return Kept.USED
