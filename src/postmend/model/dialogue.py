"""An SMTP dialogue as values: what was sent, what came back and when. Nothing the other side does is an exception.

`Dialer` and `Session` are what evidence modules are given; `net.smtp.NetDialer` is the one that opens sockets.

    session = await dialer.connect("192.0.2.25", 25)
    if session.greeting.accepted and (await session.ehlo("probe.example.com")).accepted:
        await session.mail("postmaster@example.com")
        told = await session.rcpt("user@example.net")     # told.code, told.enhanced, told.text, told.elapsed_s
    await session.quit()                                  # and session.transcript has it all
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from postmend.model.smtp import EnhancedStatus, Stage

SESSION_OVER = "the session is over"  # `detail` of what came after its end


class Outcome(StrEnum):
    """How one exchange ended. All but `reply` mean that nothing was learnt from the server's words."""

    REPLY = "reply"
    TIMEOUT = "timeout"
    REFUSED = "refused"  # the TCP connection was refused
    UNREACHABLE = "unreachable"  # no route, no such network, or the source address cannot be bound
    DROPPED = "dropped"  # the connection ended before the reply did
    GARBAGE = "garbage"  # not in the form of a reply (RFC 5321 section 4.2)
    TOO_LONG = "too_long"  # a line or a reply beyond the limits
    TLS_FAILED = "tls_failed"  # STARTTLS was accepted, the handshake was not
    NOT_SENT = "not_sent"  # it cannot be sent safely (line breaks, no valid address), or the session was over


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer. `sent` is empty for the greeting, `lines` hold the reply's text without codes.

    `detail` says what happened where `outcome` is not `reply`. `at` is RFC 3339 in UTC, `elapsed_s` in seconds.
    """

    stage: Stage
    sent: str
    outcome: Outcome
    code: int | None = None
    enhanced: EnhancedStatus | None = None
    lines: tuple[str, ...] = ()
    detail: str = ""
    at: str = ""
    elapsed_s: float = 0.0

    @property
    def accepted(self) -> bool:
        """A positive completion reply: 2yz. No command up to RCPT TO has a 3yz (RFC 5321 section 4.3.2)."""
        return self.code is not None and 200 <= self.code < 300

    @property
    def transient(self) -> bool:
        """A transient negative reply: 4yz."""
        return self.code is not None and 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """A permanent negative reply: 5yz."""
        return self.code is not None and self.code >= 500

    @property
    def text(self) -> str:
        """The whole reply on one line, as a bounce would quote it; what happened instead where there was none."""
        if self.code is None:
            return self.detail
        status = f"{self.enhanced} " if self.enhanced else ""
        return f"{self.code} {status}{' '.join(line for line in self.lines if line)}".rstrip()


@dataclass(frozen=True, slots=True)
class Tls:
    """What was agreed. `verified` only where verification was asked for; `certificate` is DER, empty if none came.

    `chain` is all that the server showed, its own certificate first; empty where this Python cannot tell.
    """

    version: str
    cipher: str
    verified: bool
    certificate: bytes = b""
    chain: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: for TCP, the greeting, each command's reply (a pipelined group's each), TLS; and for all of it.

    Much shorter than RFC 5321 section 4.5.3.2 asks of a mail server: no mail is lost by giving up.
    """

    connect_s: float = 10.0
    greeting_s: float = 30.0
    command_s: float = 30.0
    tls_s: float = 10.0
    quit_s: float = 2.0
    deadline_s: float = 300.0


class Session(Protocol):
    """One connection. No method raises for what the network does; after an end every exchange is `not_sent`."""

    @property
    def peer(self) -> tuple[str, int]:
        """IP address and port."""
        ...

    @property
    def greeting(self) -> Exchange:
        """The first exchange: the greeting, or why there was none."""
        ...

    @property
    def transcript(self) -> tuple[Exchange, ...]:
        """Every exchange so far, in order."""
        ...

    @property
    def extensions(self) -> Mapping[str, str]:
        """EHLO keywords in upper case and their parameters (RFC 5321 section 4.1.1.1); emptied by STARTTLS."""
        ...

    @property
    def tls(self) -> Tls | None:
        """What STARTTLS agreed on, or None on a plain connection."""
        ...

    @property
    def alive(self) -> bool:
        """Whether a command can still be sent."""
        ...

    async def ehlo(self, name: str) -> Exchange:
        """EHLO; fills `extensions`."""
        ...

    async def helo(self, name: str) -> Exchange:
        """HELO, for servers that know no EHLO."""
        ...

    async def starttls(self, host: str = "", *, verify: bool = False) -> Exchange:
        """STARTTLS and the handshake; `host` is the name to send and, with `verify`, to hold the certificate against.

        Without `verify` any certificate will do, as in opportunistic TLS (RFC 7435). EHLO has to be said again.
        """
        ...

    async def mail(self, address: str) -> Exchange:
        """MAIL FROM; an empty `address` is the null reverse-path."""
        ...

    async def rcpt(self, address: str) -> Exchange:
        """RCPT TO."""
        ...

    async def rset(self) -> Exchange:
        """RSET."""
        ...

    async def ask(
        self, *, mail_from: str | None = None, rcpts: Sequence[str] = (), rset: bool = False, leave: bool = False
    ) -> tuple[Exchange, ...]:
        """RSET (if asked for), MAIL FROM (unless None) and RCPT TO for each, in that order; one Exchange each.

        With `leave` QUIT goes along, without an Exchange in the result, and the session ends. Sent in one go where the
        server offers PIPELINING (RFC 2920), else one after the other.
        """
        ...

    async def quit(self) -> None:
        """QUIT, wait a moment for the answer, and close. May be called again."""
        ...

    def abort(self) -> None:
        """Let go at once, without QUIT."""
        ...


class Dialer(Protocol):
    """Whoever opens SMTP connections."""

    async def connect(self, ip: str, port: int = 25, *, source_ip: str = "", timeouts: Timeouts | None = None) -> (
        Session
    ):  # fmt: skip
        """Connect and read the greeting. Always gives a Session: `greeting.outcome` says what came of it."""
        ...
