"""Scripted SMTP servers on loopback: real sockets, real pipelining, real STARTTLS, and any behaviour a test wants.

A `Host` says what it answers; `serve({"127.0.0.2": host, ...})` listens on one port of all these addresses, in a
thread, and counts: connections (also at a time), commands, recipients and refusals of every connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table"


@dataclass
class Connection:
    """What one client did."""

    lines: list[str] = field(default_factory=list)
    rcpts: list[str] = field(default_factory=list)
    refusals: int = 0
    tls: bool = False
    mail_from: str | None = None
    peer: str = ""


class Host:
    """One mail host. Override the methods; each gives a reply (`None`: close without one, bytes: as they are)."""

    name = "mx.example.com"
    extensions: tuple[str, ...] = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8")
    starttls: bool | str = False  # True, or "broken": says 220 and then no TLS; "refused": 454
    context: ssl.SSLContext | None = None  # with a certificate of its own
    delay_s = 0.0  # of each reply, as a long way would add it: pipelined commands wait together

    def __init__(self, *living: str) -> None:
        self.living = {address.lower() for address in living}
        self.connections: list[Connection] = []
        self.open = 0
        self.most_open = 0
        self._tasks: set[object] = set()

    def greeting(self, connection: Connection) -> str | bytes | None:
        return f"220 {self.name} ESMTP"

    def ehlo(self, connection: Connection) -> str | bytes | None:
        offered = [*self.extensions, *(["STARTTLS"] if self.starttls and not connection.tls else [])]
        lines = [self.name, *offered]
        return "\r\n".join(f"250{' ' if i == len(lines) - 1 else '-'}{line}" for i, line in enumerate(lines))

    def helo(self, connection: Connection) -> str | bytes | None:
        return f"250 {self.name}"

    def mail(self, connection: Connection, path: str) -> str | bytes | None:
        return "250 2.1.0 Ok"

    def rcpt(self, connection: Connection, path: str) -> str | bytes | None:
        return "250 2.1.5 Ok" if path.lower() in self.living else UNKNOWN.format(rcpt=path)

    # What follows is the protocol; tests leave it alone.

    def answer(self, connection: Connection, line: str) -> str | bytes | None:
        verb = line.split(" ", 1)[0].upper()
        if verb == "EHLO":
            return self.ehlo(connection)
        if verb == "HELO":
            return self.helo(connection)
        if line.upper().startswith("MAIL FROM:"):
            told = self.mail(connection, line[10:].split(">", maxsplit=1)[0].strip("< "))
            if isinstance(told, str) and told.startswith("2"):
                connection.mail_from = line[10:].split(">", maxsplit=1)[0].strip("< ")
            return told
        if line.upper().startswith("RCPT TO:"):
            if connection.mail_from is None:
                return "503 5.5.1 Error: need MAIL command"
            path = line[8:].strip()[1:-1]
            connection.rcpts.append(path)
            told = self.rcpt(connection, path)
            connection.refusals += isinstance(told, str) and told[0] in "45"
            return told
        if verb == "RSET":
            connection.mail_from = None
            return "250 2.0.0 Ok"
        if verb == "QUIT":
            return "221 2.0.0 Bye"
        if verb == "DATA":
            raise AssertionError("a prober never says DATA")
        return "502 5.5.2 Error: command not recognized"

    async def _late(self, since: float) -> None:
        left = since + self.delay_s - asyncio.get_running_loop().time()
        if self.delay_s and left > 0:
            await asyncio.sleep(left)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(peer=writer.get_extra_info("peername")[0])
        self.connections.append(connection)
        task = asyncio.current_task()
        self._tasks.add(task)  # asyncio keeps no strong reference to it
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self._talk(connection, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self.open -= 1
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, told: str | bytes | None) -> bool:
        if told is None:
            return False
        writer.write(told if isinstance(told, bytes) else told.encode() + b"\r\n")
        await writer.drain()
        return not (isinstance(told, str) and told.startswith("421"))

    async def _talk(self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        await self._late(loop.time())
        if not await self._send(writer, self.greeting(connection)):
            return
        arrived: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            with suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    arrived.put_nowait((loop.time(), line))
                    if line.strip().upper() == b"STARTTLS":
                        return
            arrived.put_nowait((0.0, b""))

        reading = asyncio.create_task(read())
        try:
            while True:
                since, raw = await arrived.get()
                if not raw:
                    return
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                connection.lines.append(line)
                await self._late(since)
                if line.upper() == "STARTTLS" and self.starttls:
                    if not await self._starttls(connection, writer):
                        return
                    reading = asyncio.create_task(read())
                    continue
                if not await self._send(writer, self.answer(connection, line)) or line.upper() == "QUIT":
                    return
        finally:
            reading.cancel()

    async def _starttls(self, connection: Connection, writer: asyncio.StreamWriter) -> bool:
        if self.starttls == "refused":
            return await self._send(writer, "454 4.7.0 TLS not available due to local problem")
        await self._send(writer, "220 2.0.0 Ready to start TLS")
        if self.starttls == "broken":
            writer.write(b"\x00nothing like TLS\r\n")
            return False
        await writer.start_tls(self.context or server_context())
        connection.tls, connection.mail_from = True, None
        return True


@cache
def server_context() -> ssl.SSLContext:
    """A self-signed certificate, made once."""
    folder = Path(mkdtemp(prefix="smtplab-"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3",
         "-subj", "/CN=mx.example.com", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _bind(ips: list[str]) -> tuple[int, list[socket.socket]]:
    """One port that is free on all the addresses."""
    for _ in range(50):
        sockets: list[socket.socket] = []
        port = 0
        try:
            for ip in ips:
                family = socket.AF_INET6 if ipaddress.ip_address(ip).version == 6 else socket.AF_INET
                # With the protocol named, asyncio sets TCP_NODELAY on what is accepted.
                sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
                sockets.append(sock)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((ip, port))
                sock.listen(200)
                port = sock.getsockname()[1]
        except OSError:
            for sock in sockets:
                sock.close()
            continue
        return port, sockets
    raise AssertionError("no port is free on all the addresses")


@contextmanager
def serve(hosts: dict[str, Host]) -> Iterator[int]:
    """Listen for all hosts, by IP address, on one port; give the port."""
    port, sockets = _bind(list(hosts))
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        servers = [
            await asyncio.start_server(host.talk, sock=sock) for host, sock in zip(hosts.values(), sockets, strict=True)
        ]
        ready.set()
        await stop.wait()
        for server in servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    ready = threading.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
