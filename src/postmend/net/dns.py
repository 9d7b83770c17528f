"""The one Resolver that asks the network: UDP with random ids and ports, TCP where an answer does not fit.

An answer counts only from the server asked, to the question asked. A question is sent again once, to the next server
if there are several; each is asked once in a run and its answer shared. Never raises for what the network does: a
server that does not answer, or cannot be reached, gives Rcode.TIMEOUT.
"""

import asyncio
import ipaddress
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from postmend.model.dns import Answer, Rcode
from postmend.model.errors import ParseError
from postmend.net.wire import Message, decode, encode_name, encode_query

_SENDS = 2
_CHANNELS = 8  # sockets, each with its own random port
_MOST_CACHED = 100_000
Server = tuple[str, int]


def parse_resolver(text: str) -> Server:
    """Read `HOST[:PORT]`, `[IPv6]:PORT` or a bare IPv6 address; raise ParseError saying what is wrong."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        number = int(port)
        address = "127.0.0.1" if host == "localhost" else str(ipaddress.ip_address(host))
    except ValueError as error:
        raise ParseError(f"resolver {text!r}: an IP address is expected, with :PORT if it is not 53") from error
    if not 0 < number < 65536:
        raise ParseError(f"resolver {text!r}: no such port")
    return address, number


def system_resolvers(path: Path = Path("/etc/resolv.conf")) -> list[Server]:
    """The name servers of the system, at most three as everywhere; the local one where none is named."""
    servers: list[Server] = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                servers.append((str(ipaddress.ip_address(words[1])), 53))
            except ValueError:
                continue
    return servers[:3] or [("127.0.0.1", 53)]


class _Channel(asyncio.DatagramProtocol):
    """One connected socket and the questions that wait on it, by id."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[bytes, str, asyncio.Future[Message | None]]] = {}
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass before 3.12

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected: only the server's datagrams get here
        waiting = self.waiting.get(int.from_bytes(data[:2]))
        if waiting is None:
            return
        question, rdtype, future = waiting
        try:
            message = decode(data, rdtype)
        except ParseError:
            return  # not from who was asked, or broken: the right answer may still come
        if message.question.lower() == question.lower() and not future.done():
            future.set_result(message)

    def error_received(self, exc: Exception) -> None:
        del exc  # port unreachable: nobody is there, no use in waiting
        for _, _, future in self.waiting.values():
            if not future.done():
                future.set_result(None)


class NetResolver:
    """A Resolver over UDP and TCP. `timeout_s` is for one question, all its sends together."""

    def __init__(self, servers: list[Server], timeout_s: float = 2.0) -> None:
        self._servers = servers
        self._timeout_s = timeout_s
        self._channels: dict[Server, list[_Channel]] = {}
        self._answers: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask for `rdtype` records of `name`; each question is put once, and its answer shared."""
        key = (name.removesuffix(".").lower(), rdtype)
        task = self._answers.get(key)
        if task is None:
            if len(self._answers) > _MOST_CACHED:
                self._answers.clear()
            task = self._answers[key] = asyncio.create_task(self._ask(name.removesuffix("."), rdtype))
        return await asyncio.shield(task)

    async def _ask(self, name: str, rdtype: str) -> Answer:
        asked_at = datetime.now(UTC).isoformat(timespec="seconds")
        start = time.monotonic()
        try:
            wire = encode_name(name)
        except ParseError:
            return Answer(name, rdtype, Rcode.NOT_A_NAME, asked_at=asked_at)
        message, server = await self._rounds(wire, rdtype)
        elapsed_s = time.monotonic() - start
        told = f"{server[0]}:{server[1]}" if server[1] != 53 else server[0]
        if message is None:
            return Answer(name, rdtype, Rcode.TIMEOUT, server=told, asked_at=asked_at, elapsed_s=elapsed_s)
        return Answer(
            name, rdtype, message.rcode, message.records, message.cname, message.ttl_s, message.authenticated,
            told, asked_at, elapsed_s,
        )  # fmt: skip

    async def _rounds(self, wire: bytes, rdtype: str) -> tuple[Message | None, Server]:
        server, message = self._servers[0], None
        for number in range(max(_SENDS, len(self._servers))):
            server = self._servers[number % len(self._servers)]
            share = self._timeout_s / max(_SENDS, len(self._servers))
            answer = await self._send(wire, rdtype, server, share)
            message = answer or message
            if answer is not None and answer.rcode in {Rcode.NOERROR, Rcode.NXDOMAIN}:
                break
            if answer is not None and len(self._servers) == 1:
                break  # it said no; asking again the same server is no use
        return message, server

    async def _send(self, wire: bytes, rdtype: str, server: Server, timeout_s: float) -> Message | None:
        try:
            async with asyncio.timeout(timeout_s):
                message = await self._udp(wire, rdtype, server)
        except (TimeoutError, OSError):
            return None
        if message is not None and message.truncated:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._tcp(wire, rdtype, server)
            except (TimeoutError, OSError, ParseError, asyncio.IncompleteReadError):
                return None  # half an answer is none
        return message

    async def _channel(self, server: Server) -> _Channel:
        channels = self._channels.setdefault(server, [])
        if len(channels) < _CHANNELS:
            _, channel = await asyncio.get_running_loop().create_datagram_endpoint(_Channel, remote_addr=server)
            channels.append(channel)
            return channel
        return secrets.choice(channels)

    async def _udp(self, wire: bytes, rdtype: str, server: Server) -> Message | None:
        channel = await self._channel(server)
        ident = secrets.randbelow(1 << 16)
        while ident in channel.waiting:
            ident = secrets.randbelow(1 << 16)
        packet = encode_query(ident, wire, rdtype)
        future: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        channel.waiting[ident] = (packet[12 : 12 + len(wire) + 4], rdtype, future)
        try:
            assert channel.transport is not None
            channel.transport.sendto(packet)
            return await future
        finally:
            channel.waiting.pop(ident, None)

    async def _tcp(self, wire: bytes, rdtype: str, server: Server) -> Message | None:
        reader, writer = await asyncio.open_connection(*server)
        try:
            packet = encode_query(secrets.randbelow(1 << 16), wire, rdtype)
            writer.write(len(packet).to_bytes(2) + packet)
            await writer.drain()
            length = int.from_bytes(await reader.readexactly(2))
            message = decode(await reader.readexactly(length), rdtype)
            right = message.id == int.from_bytes(packet[:2]) and message.question.lower() == packet[12:-11].lower()
            return message if right else None
        finally:
            writer.close()

    async def close(self) -> None:
        """Close the sockets and drop what is still being asked."""
        for task in self._answers.values():
            task.cancel()
        await asyncio.gather(*self._answers.values(), return_exceptions=True)
        for channels in self._channels.values():
            for channel in channels:
                if channel.transport is not None:
                    channel.transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def open_resolver(where: str = "", timeout_s: float = 2.0) -> AsyncIterator[NetResolver]:
    """A resolver at `where` (`HOST[:PORT]`, several with commas; empty: the system's), closed at the end."""
    resolver = NetResolver(servers_of(where), timeout_s)
    try:
        yield resolver
    finally:
        await resolver.close()


def servers_of(where: str) -> list[Server]:
    """The servers that a setting names, or the system's; raise ParseError where it is no address."""
    named = [part for part in where.replace(",", " ").split() if part]
    return [parse_resolver(part) for part in named] or system_resolvers()
