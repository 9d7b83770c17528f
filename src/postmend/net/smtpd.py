"""A small SMTP server on loopback that takes messages in and hands them to a function. It relays nothing, ever.

RFC 5321 as far as a sending server or program needs it: EHLO, SIZE, 8BITMIME, SMTPUTF8, PIPELINING. Everything is
bounded: size, recipients, line length, idle time, connections.
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from postmend.model import ParseError
from postmend.net.servers import parse_resolver

_MAX_BYTES = 50 << 20
_MAX_LINE = 64 << 10  # a line of DATA; programs that forget to fold are what is tested here
_MOST_RCPT = 1000
_MOST_ERRORS = 20
_MOST_CONNECTIONS = 50
_IDLE_S = 300.0  # RFC 5321 section 4.5.3.2.7


@dataclass(slots=True)
class Received:
    """One message as it came: the peer's address, its HELO name, the envelope, the bytes with CRLF line ends."""

    ip: str
    helo: str
    mail_from: str
    rcpt: list[str] = field(default_factory=list)
    raw: bytes = b""


Take = Callable[[Received], Awaitable[str]]


def parse_listen(text: str) -> tuple[str, int]:
    """Read HOST[:PORT]; raise ParseError for what is not loopback: this server is no mail server. Port 0 is any."""
    host, port = ("127.0.0.1", 0)
    if text:
        wanted = text if text.rpartition(":")[2] != "0" else text.rpartition(":")[0]
        host, port = parse_resolver(wanted)
        port = 0 if port == 53 and not text.endswith(":53") else port
    if not ipaddress.ip_address(host).is_loopback:
        raise ParseError(f"--listen {text}: only loopback addresses (127.0.0.1, ::1); put your mail server before it")
    return host, port


async def serve_smtp(host: str, port: int, take: Take) -> asyncio.Server:
    """Listen; `take` gets each message and gives the text of the reply to DATA (`250 2.0.0 ...`)."""
    busy = asyncio.Semaphore(_MOST_CONNECTIONS)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with busy:
            session = _Session(reader, writer, take)
            with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError):
                try:
                    await session.run()
                except asyncio.LimitOverrunError:  # what follows cannot be read as commands any more
                    await session.say(f"500 5.5.6 a line of more than {_MAX_LINE} bytes; closing")
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    return await asyncio.start_server(connected, host, port, limit=_MAX_LINE)


class _Session:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Take) -> None:
        self.reader, self.writer, self.take = reader, writer, take
        peer = writer.get_extra_info("peername")
        self.ip = str(peer[0]) if peer else ""
        self.helo = ""
        self.mail: Received | None = None
        self.errors = 0

    async def run(self) -> None:
        await self.say("220 postmend scores what is sent here, and relays nothing")
        while self.errors < _MOST_ERRORS:
            line = await self.line()
            word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if word.upper() == "QUIT":
                await self.say("221 2.0.0 bye")
                return
            await self.say(await self.command(word.upper(), rest.strip()))
        await self.say("421 4.7.0 too many errors")

    async def say(self, text: str) -> None:
        self.writer.write(text.encode("utf-8", "replace").replace(b"\n", b"\r\n") + b"\r\n")
        await self.writer.drain()

    async def line(self) -> bytes:
        async with asyncio.timeout(_IDLE_S):
            return await self.reader.readuntil(b"\n")

    async def command(self, word: str, rest: str) -> str:
        if word in {"EHLO", "HELO"}:
            self.helo, self.mail = rest[:255], None
            more = f"\n250-SIZE {_MAX_BYTES}\n250-8BITMIME\n250-SMTPUTF8\n250-PIPELINING\n250 ENHANCEDSTATUSCODES"
            return "250-postmend" + more if word == "EHLO" else "250 postmend"
        if word == "MAIL":
            return self.mail_from(rest)
        if word == "RCPT":
            return self.rcpt_to(rest)
        if word == "DATA":
            return await self.data()
        if word == "RSET":
            self.mail = None
        if word in {"RSET", "NOOP"}:
            return "250 2.0.0 ok"
        if word == "VRFY":
            return "252 2.1.5 every recipient is taken, and none gets anything"
        self.errors += 1
        return "502 5.5.1 no such command here"

    def mail_from(self, rest: str) -> str:
        path, parameters = _path(rest, "FROM:")
        if path is None:
            self.errors += 1
            return "501 5.5.4 MAIL FROM:<address> is expected"
        size = next((each[5:] for each in parameters if each.startswith("SIZE=")), "0")
        if size.isdigit() and int(size) > _MAX_BYTES:
            return f"552 5.3.4 more than {_MAX_BYTES} bytes"
        self.mail = Received(self.ip, self.helo, path)
        return "250 2.1.0 ok"

    def rcpt_to(self, rest: str) -> str:
        path, _ = _path(rest, "TO:")
        if self.mail is None or not path:
            self.errors += 1
            return "503 5.5.1 MAIL FROM first, then RCPT TO:<address>"
        if len(self.mail.rcpt) >= _MOST_RCPT:
            return "452 4.5.3 too many recipients"
        self.mail.rcpt.append(path)
        return "250 2.1.5 ok, but nobody gets it"

    async def data(self) -> str:
        mail = self.mail
        if mail is None or not mail.rcpt:
            self.errors += 1
            return "503 5.5.1 RCPT TO first"
        await self.say("354 go on, end with a line of one dot")
        pieces: list[bytes] = []
        size = 0
        while (line := await self.line()) not in {b".\r\n", b".\n"}:
            size += len(line)
            if size <= _MAX_BYTES:
                pieces.append(line[1:] if line.startswith(b".") else line)
        self.mail = None
        if size > _MAX_BYTES:
            return f"552 5.3.4 more than {_MAX_BYTES} bytes"
        mail.raw = b"".join(pieces)
        return await self.take(mail)


def _path(rest: str, word: str) -> tuple[str | None, list[str]]:
    """The address of MAIL FROM:<a@b> or RCPT TO:<a@b>, and the parameters behind it."""
    if not rest.upper().startswith(word):
        return None, []
    path, _, after = rest[len(word) :].strip().partition(">")
    if not path.startswith("<"):
        return None, []
    return path[1:].rpartition(":")[2][:320], after.upper().split()
