"""The SMTP dialogue over sockets: up to RCPT TO, never DATA.

Bounded in every direction: line and reply size, time for each step and for the whole, no control character ever sent.
Whatever the other side does becomes an Exchange. A reply that came before STARTTLS was done is never taken for one
that came after it (RFC 3207 section 6).
"""

import asyncio
import contextlib
import errno
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from postmend.model import ParseError, Stage
from postmend.model.dialogue import SESSION_OVER, Exchange, Outcome, Timeouts, Tls
from postmend.net import smtp_wire as wire
from postmend.net.smtp_lines import Lines, TooLongError

_CLOSING_S = 0.25
_UNASKED = "the server sent more replies than it was asked for"
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}


class NetSession:
    """A Session (see `model.dialogue`) on one socket."""

    def __init__(self, ip: str, port: int, timeouts: Timeouts) -> None:
        self._peer = (ip, port)
        self._timeouts = timeouts
        self._end = time.monotonic() + timeouts.deadline_s
        self._lines = Lines()
        self._transcript: list[Exchange] = []
        self._extensions: dict[str, str] = {}
        self._tls: Tls | None = None
        self._alive = False

    @property
    def peer(self) -> tuple[str, int]:
        """IP address and port."""
        return self._peer

    @property
    def greeting(self) -> Exchange:
        """The greeting, or why there was none."""
        return self._transcript[0]

    @property
    def transcript(self) -> tuple[Exchange, ...]:
        """Every exchange so far."""
        return tuple(self._transcript)

    @property
    def extensions(self) -> Mapping[str, str]:
        """What EHLO offered."""
        return self._extensions

    @property
    def tls(self) -> Tls | None:
        """What STARTTLS agreed on."""
        return self._tls

    @property
    def alive(self) -> bool:
        """Whether a command can still be sent."""
        return self._alive and not self._lines.ended

    async def open(self, source_ip: str) -> None:
        """Connect and read the greeting."""
        start = _now()
        try:
            async with asyncio.timeout(self._left(self._timeouts.connect_s)):
                local = (source_ip, 0) if source_ip else None
                await asyncio.get_running_loop().create_connection(lambda: self._lines, *self._peer, local_addr=local)
        except TimeoutError:
            self._failed(Stage.CONNECT, "", Outcome.TIMEOUT, "no TCP connection in time", start)
            return
        except OSError as error:
            refused = isinstance(error, ConnectionRefusedError)
            outcome = Outcome.REFUSED if refused else Outcome.UNREACHABLE
            if not refused and error.errno not in _UNREACHABLE:
                outcome = Outcome.DROPPED
            self._failed(Stage.CONNECT, "", outcome, _words(error), start)
            return
        self._alive = True
        await self._reply(Stage.CONNECT, "", self._timeouts.greeting_s, start)

    def _left(self, wanted_s: float) -> float:
        return max(0.0, min(wanted_s, self._end - time.monotonic()))

    def _failed(self, stage: Stage, sent: str, outcome: Outcome, detail: str, start: tuple[str, float]) -> Exchange:
        at, began = start
        exchange = Exchange(stage, sent, outcome, detail=detail, at=at, elapsed_s=time.monotonic() - began)
        self._transcript.append(exchange)
        return exchange

    async def _reply(self, stage: Stage, sent: str, timeout_s: float, start: tuple[str, float]) -> Exchange:
        """Read a reply; anything but one ends the session."""
        try:
            async with asyncio.timeout(self._left(timeout_s)):
                code, texts = await self._lines.reply()
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, f"no reply within {timeout_s:g} s"
        except EOFError:
            outcome, detail = Outcome.DROPPED, "the server closed the connection without a reply"
        except TooLongError:
            outcome, detail = Outcome.TOO_LONG, "the reply is longer than any mail server's"
        except ParseError as error:
            outcome, detail = Outcome.GARBAGE, str(error)
        else:
            enhanced, lines = wire.join_reply(code, texts)
            elapsed_s = time.monotonic() - start[1]
            exchange = Exchange(stage, sent, Outcome.REPLY, code, enhanced, lines, "", start[0], elapsed_s)
            self._transcript.append(exchange)
            if code == 421:  # RFC 5321 section 3.8: the server closes after it
                self.abort()
            return exchange
        self.abort()
        return self._failed(stage, sent, outcome, detail, start)

    def abort(self) -> None:
        """Let go at once, without QUIT."""
        self._alive = False
        transport, self._lines.transport = self._lines.transport, None
        # What has ended by itself is not to be aborted: Python 3.11.2's TLS transport fails over it.
        if transport is not None and not self._lines.ended:
            transport.abort()

    async def _command(self, stage: Stage, line: str) -> Exchange:
        return (await self._commands([(stage, line)]))[0]

    async def _commands(self, commands: Sequence[tuple[Stage, str]]) -> tuple[Exchange, ...]:
        """Send, in one go where PIPELINING is offered, and read a reply for each."""
        if len(commands) > 1 and "PIPELINING" not in self._extensions:
            return tuple([await self._command(*command) for command in commands])
        start = _now()
        if self.alive and self._out_of_step:  # answers would be taken for those to other commands
            self.abort()
            return tuple(self._failed(*command, Outcome.GARBAGE, _UNASKED, start) for command in commands)
        if self.alive and self._lines.transport is not None:
            self._lines.transport.write(b"".join(wire.encode_command(line) for _, line in commands))
        else:
            return tuple(self._not_sent(*command, SESSION_OVER) for command in commands)
        return self._in_step(commands, await self._replies(commands, start), start)

    async def _replies(self, commands: Sequence[tuple[Stage, str]], start: tuple[str, float]) -> list[Exchange]:
        """A reply for each command of a group; what went wrong at one of them is that of the rest."""
        answers: list[Exchange] = []
        for stage, line in commands:
            if answers and answers[-1].outcome is not Outcome.REPLY:
                answers.append(self._failed(stage, line, answers[-1].outcome, answers[-1].detail, start))
            elif answers and not self._alive:  # 421 to an earlier one of the group
                answers.append(self._failed(stage, line, Outcome.DROPPED, "the server ended the session", start))
            else:
                answers.append(await self._reply(stage, line, self._timeouts.command_s, start))
        return answers

    def _in_step(
        self, commands: Sequence[tuple[Stage, str]], answers: list[Exchange], start: tuple[str, float]
    ) -> tuple[Exchange, ...]:
        """The answers; none of them is worth anything if more came than was asked, as nobody knows which is whose."""
        if not self.alive or not self._out_of_step:
            return tuple(answers)
        self.abort()
        del self._transcript[-len(answers) :]
        return tuple(self._failed(*command, Outcome.GARBAGE, _UNASKED, start) for command in commands)

    @property
    def _out_of_step(self) -> bool:
        """Whether there is a reply that nobody asked for; 421 may come at any time (RFC 5321 section 3.8)."""
        return bool(self._lines.buffer) and not self._lines.buffer.startswith(b"421")

    def _not_sent(self, stage: Stage, line: str, why: str) -> Exchange:
        return self._failed(stage, line, Outcome.NOT_SENT, why, _now())

    async def _hello(self, verb: str, name: str) -> Exchange:
        try:
            line = wire.hello(verb, name)
        except ParseError as error:
            return self._not_sent(Stage.HELO, verb, str(error))
        return await self._command(Stage.HELO, line)

    async def ehlo(self, name: str) -> Exchange:
        """EHLO; fills `extensions`."""
        told = await self._hello("EHLO", name)
        self._extensions = {}
        if told.accepted:
            pairs = [line.replace("=", " ", 1).split(None, 1) for line in told.lines[1:] if line]
            self._extensions = {pair[0].upper(): pair[1] if len(pair) > 1 else "" for pair in pairs}
        return told

    async def helo(self, name: str) -> Exchange:
        """HELO."""
        self._extensions = {}
        return await self._hello("HELO", name)

    async def starttls(self, host: str = "", *, verify: bool = False) -> Exchange:
        """STARTTLS and the handshake. What came before it is never read as part of what comes after (RFC 3207)."""
        told = await self._command(Stage.STARTTLS, "STARTTLS")
        if not told.accepted or not self.alive:
            return told
        try:
            async with asyncio.timeout(self._left(self._timeouts.tls_s)):
                assert self._lines.transport is not None
                new = await asyncio.get_running_loop().start_tls(
                    self._lines.transport, self._lines, _context(verify=verify),
                    server_hostname=host.rstrip(".") or self._peer[0],
                )  # fmt: skip
        except TimeoutError:
            return self._tls_failed(told, "no TLS handshake in time")
        except (OSError, ValueError, EOFError) as error:
            return self._tls_failed(told, _tls_problem(error))
        if new is None:  # the connection went away under the handshake
            return self._tls_failed(told, "the server closed the connection in the handshake")
        self._lines.transport = new
        self._extensions = {}
        inner: ssl.SSLObject = new.get_extra_info("ssl_object")
        cipher = inner.cipher()
        certificate = inner.getpeercert(binary_form=True) or b""
        self._tls = Tls(inner.version() or "", cipher[0] if cipher else "", verify, certificate, _chain(inner))
        return told

    def _tls_failed(self, told: Exchange, detail: str) -> Exchange:
        self.abort()
        return self._replace(told, Outcome.TLS_FAILED, detail)

    def _replace(self, told: Exchange, outcome: Outcome, detail: str) -> Exchange:
        self._transcript.pop()
        return self._failed(told.stage, told.sent, outcome, detail, (told.at, time.monotonic() - told.elapsed_s))

    async def mail(self, address: str) -> Exchange:
        """MAIL FROM; an empty address is the null reverse-path."""
        return (await self.ask(mail_from=address))[0]

    async def rcpt(self, address: str) -> Exchange:
        """RCPT TO."""
        return (await self.ask(rcpts=(address,)))[0]

    async def rset(self) -> Exchange:
        """RSET."""
        return await self._command(Stage.MAIL, "RSET")

    async def ask(
        self, *, mail_from: str | None = None, rcpts: Sequence[str] = (), rset: bool = False, leave: bool = False
    ) -> tuple[Exchange, ...]:
        """RSET, MAIL FROM and RCPT TO in that order; what cannot be sent safely is answered `not_sent` in its place."""
        utf8 = "SMTPUTF8" in self._extensions
        for_utf8 = any(not each.isascii() for each in rcpts)
        wanted = [wire.Command(Stage.MAIL, "RSET")] if rset else []
        if mail_from is not None:
            wanted.append(wire.mail_command(mail_from, smtputf8=utf8, for_utf8=for_utf8))
        wanted += [wire.rcpt_command(each, smtputf8=utf8) for each in rcpts]
        if mail_from is not None and (why := next((each.why for each in wanted if each.stage is Stage.MAIL), "")):
            wanted = [wire.Command(each.stage, each.line, each.why or why) for each in wanted]
        commands = [(each.stage, each.line) for each in wanted if not each.why]
        sent = iter(await self._commands([*commands, *([(Stage.QUIT, "QUIT")] if leave else [])]))
        if leave:
            await self._close()
        return tuple(self._not_sent(each.stage, each.line, each.why) if each.why else next(sent) for each in wanted)

    async def quit(self) -> None:
        """QUIT, wait a moment for the answer, and close."""
        if self.alive and self._lines.transport is not None:
            self._lines.transport.write(b"QUIT\r\n")
            await self._reply(Stage.QUIT, "QUIT", self._timeouts.quit_s, _now())
            await self._close()
        self.abort()

    async def _close(self) -> None:
        """Let the server close first, as it does after QUIT: then it never counts two sessions where there is one."""
        self._alive = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await self._lines.end()
        if self._lines.transport is not None:
            self._lines.transport.close()


def _words(error: OSError) -> str:
    """What the system calls it: asyncio's own words name the call and a tuple."""
    return (os.strerror(error.errno) if error.errno else str(error)).lower()


def _now() -> tuple[str, float]:
    return datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()


def _chain(inner: ssl.SSLObject) -> tuple[bytes, ...]:
    """What the server showed: public in Python 3.13, where it gives bytes; before, behind an underscore."""
    ask = getattr(inner, "get_unverified_chain", None) or getattr(inner, "_sslobj").get_unverified_chain  # noqa: B009
    shown = ask() or ()
    return tuple(each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in shown)


@cache
def _context(*, verify: bool) -> ssl.SSLContext:
    """TLS as mail servers use it: any certificate and any version will do, unless verification is asked for."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _tls_problem(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not verify: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed: {error.reason or error}"
    return "the server closed the connection in the TLS handshake"


class NetDialer:
    """Opens Sessions over the network."""

    async def connect(
        self, ip: str, port: int = 25, *, source_ip: str = "", timeouts: Timeouts | None = None
    ) -> NetSession:
        """Connect and read the greeting; the Session's `greeting` says what came of it."""
        session = NetSession(ip, port, timeouts or Timeouts())
        try:
            await session.open(source_ip)
        except asyncio.CancelledError:
            session.abort()
            raise
        return session
