"""The SMTP dialogue over sockets: up to RCPT TO, never DATA."""

import asyncio
from collections.abc import Mapping, Sequence

from postmend.model import ParseError, Stage
from postmend.model.dialogue import Exchange, Timeouts, Tls
from postmend.net import smtp_wire as wire
from postmend.net.smtp_channel import Channel


class NetSession:
    """A Session (see `model.dialogue`) on one socket."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._extensions: dict[str, str] = {}
        self._tls: Tls | None = None

    @property
    def peer(self) -> tuple[str, int]:
        """IP address and port."""
        return self._channel.peer

    @property
    def greeting(self) -> Exchange:
        """The greeting, or why there was none."""
        return self._channel.transcript[0]

    @property
    def transcript(self) -> tuple[Exchange, ...]:
        """Every exchange so far."""
        return tuple(self._channel.transcript)

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
        return self._channel.alive

    async def _command(self, stage: Stage, line: str) -> Exchange:
        return (await self._channel.commands((stage, line)))[0]

    async def _commands(self, commands: Sequence[tuple[Stage, str]]) -> tuple[Exchange, ...]:
        """Send, in one go where PIPELINING is offered, and read a reply for each."""
        if "PIPELINING" in self._extensions:
            return await self._channel.commands(*commands)
        return tuple([await self._command(*command) for command in commands])

    async def _hello(self, verb: str, name: str) -> Exchange:
        try:
            line = wire.hello(verb, name)
        except ParseError as error:
            return self._channel.not_sent(Stage.HELO, verb, str(error))
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
        agreed = await self._channel.encrypt(told, host.rstrip(".") or self.peer[0], verify=verify)
        if isinstance(agreed, Exchange):
            return agreed
        self._tls = agreed
        self._extensions = {}
        return told

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
            await self._channel.close()
        return tuple(
            self._channel.not_sent(each.stage, each.line, each.why) if each.why else next(sent) for each in wanted
        )

    async def quit(self) -> None:
        """QUIT, wait a moment for the answer, and close."""
        await self._channel.quit()

    def abort(self) -> None:
        """Let go at once, without QUIT."""
        self._channel.abort()


class NetDialer:
    """Opens Sessions over the network."""

    async def connect(
        self, ip: str, port: int = 25, *, source_ip: str = "", timeouts: Timeouts | None = None
    ) -> NetSession:
        """Connect and read the greeting; the Session's `greeting` says what came of it."""
        channel = Channel(ip, port, timeouts or Timeouts())
        try:
            await channel.open(source_ip)
        except asyncio.CancelledError:
            channel.abort()
            raise
        return NetSession(channel)
