"""One SMTP connection as its exchanges: commands out and replies in, each in its time and in step with the other.

Bounded in every direction: line and reply size, time for each step and for the whole, no control character ever sent.
Whatever the other side does becomes an Exchange. A reply that came before STARTTLS was done is never taken for one
that came after it (RFC 3207 section 6).
"""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from postmend.model import ParseError, Stage
from postmend.model.dialogue import SESSION_OVER, Exchange, Outcome, Timeouts, Tls
from postmend.net import smtp_wire as wire
from postmend.net.smtp_lines import Lines, TooLongError
from postmend.net.smtp_tls import TlsError, start_tls

_CLOSING_S = 0.25
_UNASKED = "the server sent more replies than it was asked for"
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}


class Channel:
    """The exchanges with one server; `transcript` has them all."""

    def __init__(self, ip: str, port: int, timeouts: Timeouts) -> None:
        self.peer = (ip, port)
        self.transcript: list[Exchange] = []
        self._timeouts = timeouts
        self._end = time.monotonic() + timeouts.deadline_s
        self._lines = Lines()
        self._alive = False

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
                await asyncio.get_running_loop().create_connection(lambda: self._lines, *self.peer, local_addr=local)
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
        self.transcript.append(exchange)
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
            self.transcript.append(exchange)
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

    async def commands(self, *commands: tuple[Stage, str]) -> tuple[Exchange, ...]:
        """Send all in one go, and read a reply for each."""
        start = _now()
        if self.alive and self._out_of_step:  # answers would be taken for those to other commands
            self.abort()
            return tuple(self._failed(*command, Outcome.GARBAGE, _UNASKED, start) for command in commands)
        if self.alive and self._lines.transport is not None:
            self._lines.transport.write(b"".join(wire.encode_command(line) for _, line in commands))
        else:
            return tuple(self.not_sent(*command, SESSION_OVER) for command in commands)
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
        del self.transcript[-len(answers) :]
        return tuple(self._failed(*command, Outcome.GARBAGE, _UNASKED, start) for command in commands)

    @property
    def _out_of_step(self) -> bool:
        """Whether there is a reply that nobody asked for; 421 may come at any time (RFC 5321 section 3.8)."""
        return bool(self._lines.buffer) and not self._lines.buffer.startswith(b"421")

    def not_sent(self, stage: Stage, line: str, why: str) -> Exchange:
        """A command that must not or cannot be sent, as an exchange."""
        return self._failed(stage, line, Outcome.NOT_SENT, why, _now())

    async def encrypt(self, told: Exchange, host: str, *, verify: bool) -> Tls | Exchange:
        """The TLS handshake after `told`, which is rewritten where it fails: what was agreed, or that exchange."""
        assert self._lines.transport is not None
        try:
            self._lines.transport, tls = await start_tls(
                self._lines.transport, self._lines, host, verify=verify, timeout_s=self._left(self._timeouts.tls_s)
            )
        except TlsError as error:
            self.abort()
            self.transcript.pop()
            start = (told.at, time.monotonic() - told.elapsed_s)
            return self._failed(told.stage, told.sent, Outcome.TLS_FAILED, str(error), start)
        return tls

    async def quit(self) -> None:
        """QUIT, wait a moment for the answer, and close."""
        if self.alive and self._lines.transport is not None:
            self._lines.transport.write(b"QUIT\r\n")
            await self._reply(Stage.QUIT, "QUIT", self._timeouts.quit_s, _now())
            await self.close()
        self.abort()

    async def close(self) -> None:
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
