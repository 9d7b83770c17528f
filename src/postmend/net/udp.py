"""One DNS question put to servers over UDP: sent, sent again, given to the next server, answered or given up.

No task and one timer a question: everything happens in callbacks of the event loop, so that tens of thousands of
questions cost little. Each socket is connected (the kernel drops what others send), has a random port, and knows its
questions by a random id; an answer counts only when it repeats the question. A socket's buffer is emptied in one go.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from postmend.model.dns import Rcode
from postmend.model.errors import ParseError
from postmend.net.servers import Server
from postmend.net.wire import Message, decode, encode_query, encode_question

_PORTS = 16  # sockets a server: random ports, and room in their buffers for a thousand answers at once
_BUFFER_OCTETS = 1 << 20
_MOST_AT_ONCE = 64  # datagrams read before others get their turn
_SENDS = 3  # of one question, all servers together, where there are fewer servers
_SETTLED = frozenset({Rcode.NOERROR, Rcode.NXDOMAIN})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the name in wire form, its type, and whether the server may ask others for it."""

    name: bytes
    rdtype: str
    recursive: bool = True

    def packet(self, ident: int, *, edns: bool = True) -> bytes:
        """The query on the wire."""
        return encode_query(ident, self.name, self.rdtype, recursive=self.recursive, edns=edns)

    def fits(self, message: Message) -> bool:
        """Whether an answer repeats this question: name (in any case), type and class."""
        end = len(self.name)
        asked, wanted = message.question, encode_question(self.name, self.rdtype)
        return asked[end:] == wanted[end:] and asked[:end].lower() == wanted[:end].lower()


class Port:
    """A connected socket and the exchanges that wait on it, by id."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.waiting: dict[int, Exchange] = {}
        self._loop = loop
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_OCTETS)
        try:
            self._socket.connect(server)
        except OSError:
            self._socket.close()
            raise
        loop.add_reader(self._socket.fileno(), self._read)

    def enter(self, exchange: "Exchange") -> int:
        """Give an exchange an id of its own."""
        ident = secrets.randbits(16)
        while ident in self.waiting:
            ident = secrets.randbits(16)
        self.waiting[ident] = exchange
        return ident

    def leave(self, ident: int, exchange: "Exchange") -> None:
        """Free an id; only its owner can."""
        if self.waiting.get(ident) is exchange:
            del self.waiting[ident]

    def send(self, packet: bytes) -> bool:
        """Send; whether the server may be there. A full buffer counts as a loss on the way: it is sent again."""
        for _ in range(2):  # the first error may be about a datagram sent before
            try:
                self._socket.send(packet)
            except BlockingIOError:
                return True
            except OSError:
                continue
            return True
        return False

    def _read(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                data = self._socket.recv(65535)
            except BlockingIOError:
                return
            except OSError:  # port unreachable: nobody is there, no use in waiting
                for exchange in list(self.waiting.values()):
                    exchange.nobody(self)
                return
            exchange_ = self.waiting.get(int.from_bytes(data[:2]))
            if exchange_ is not None:
                exchange_.received(data)

    def close(self) -> None:
        """Let go of the socket."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class Ports:
    """The sockets towards each server, made as they are needed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ports: dict[Server, list[Port]] = {}

    def any_to(self, server: Server) -> Port:
        """A socket to `server`; raises OSError where the network is not there."""
        ports = self._ports.setdefault(server, [])
        if len(ports) < _PORTS:
            ports.append(Port(server, self.loop))
            return ports[-1]
        return secrets.choice(ports)

    def close(self) -> None:
        """Close them all."""
        for ports in self._ports.values():
            for port in ports:
                port.close()
        self._ports.clear()


@dataclass(slots=True, eq=False)
class Exchange:
    """One question on its way through servers. `done` is called once, with the answer or None and who gave it."""

    question: Question
    servers: list[Server]
    timeout_s: float
    ports: Ports
    done: Callable[["Exchange", Message | None, Server], None]
    _sent: int = 0
    _edns: bool = True
    _best: Message | None = None
    _places: dict[Server, tuple[Port, int]] = field(default_factory=dict)
    _gone: set[Server] = field(default_factory=set)
    _timer: asyncio.TimerHandle | None = None

    def send(self) -> None:
        """Send to the next server that is there, or give up when each had its turn."""
        most = max(_SENDS, len(self.servers))
        while self._sent < most and len(self._gone) < len(self.servers):
            server = self.servers[self._sent % len(self.servers)]
            self._sent += 1
            if server in self._gone:
                continue
            if self._send_to(server):
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self.ports.loop.call_later(self.timeout_s / most, self.send)
                return
            self._gone.add(server)
        self._finish(self._best, self.servers[(self._sent - 1) % len(self.servers)])

    def _send_to(self, server: Server) -> bool:
        place = self._places.get(server)
        if place is None:
            try:
                port = self.ports.any_to(server)
            except OSError:
                return False
            place = self._places[server] = (port, port.enter(self))
        return place[0].send(self.question.packet(place[1], edns=self._edns))

    def received(self, data: bytes) -> None:
        """A datagram with one of this exchange's ids came in: the answer, or something that is passed over."""
        try:
            message = decode(data, self.question.rdtype)
        except ParseError:
            return  # broken, or not from who was asked: the right answer may still come
        server = next((s for s, (_, ident) in self._places.items() if ident == message.id), None)
        if server is None or not self.question.fits(message):
            return
        if message.rcode in _SETTLED:
            self._finish(message, server)
        elif message.rcode is Rcode.FORMERR and self._edns:
            self._edns = False
            self._sent -= 1
            self.send()
        else:
            self._best = message
            self._pass_on(server)

    def nobody(self, port: Port) -> None:
        """The server behind `port` is not there."""
        server = next((s for s, (p, _) in self._places.items() if p is port), None)
        if server is not None:
            self._pass_on(server)

    def _pass_on(self, server: Server) -> None:
        """One server said no: ask another at once, if there is another."""
        self._gone.add(server)
        self.send()

    def _finish(self, message: Message | None, server: Server) -> None:
        self.stop()
        self.done(self, message, server)

    def stop(self) -> None:
        """Free the ids and the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for port, ident in self._places.values():
            port.leave(ident, self)
        self._places.clear()
