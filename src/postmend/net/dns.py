"""The one Resolver that asks the network: UDP with random ids and ports, TCP where an answer does not fit.

Each question is put once in a run and its answer shared; at most a thousand are on their way at a time, the others
wait their turn. Never raises for what the network does: a server that does not answer, or cannot be reached, gives
Rcode.TIMEOUT, one that cuts its answer and refuses TCP gives Rcode.TRUNCATED.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from postmend.model.dns import Answer, Rcode
from postmend.model.errors import ParseError
from postmend.net.servers import Server, servers_of, told
from postmend.net.tcp import ask_tcp
from postmend.net.udp import Exchange, Ports, Question
from postmend.net.wire import Message, encode_name

_FIRST_ON_THEIR_WAY = 320  # the server's buffer is not ours to fill: one more for each answer
_MOST_ON_THEIR_WAY = 1000
_MOST_KEPT = 10_000  # answers; the oldest is forgotten first
_FRESH_S = 300.0  # a run asks once; who goes on for hours asks again
_MOST_ALIASES = 8
_Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class _Asked:
    """A question and its answer, or who waits for it."""

    name: str
    question: Question
    at: float = 0.0
    asked_at: str = ""
    answer: Answer | None = None
    waiters: list[asyncio.Future[Answer]] = field(default_factory=list)

    def tell(self, answer: Answer) -> None:
        self.answer = answer
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)
        self.waiters.clear()


class NetResolver:
    """A Resolver over UDP and TCP. `timeout_s` is for one question, all its sends together.

    `recursive=False` asks name servers for what they themselves are responsible for.
    """

    def __init__(self, servers: list[Server], timeout_s: float = 2.0, *, recursive: bool = True) -> None:
        self._servers = list(servers)
        self._timeout_s = timeout_s
        self._recursive = recursive
        self._ports: Ports | None = None
        self._kept: dict[_Key, _Asked] = {}
        self._queue: deque[_Asked] = deque()
        self._on_their_way: dict[Exchange, _Asked] = {}
        self._by_tcp: set[asyncio.Task[None]] = set()
        self._room = _FIRST_ON_THEIR_WAY
        self._clock = (0, "")

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask for `rdtype` records of `name`; an alias that the server leaves to us is followed."""
        answer = await self._once(name, rdtype)
        if not answer.cname or answer.records or answer.rcode is not Rcode.NOERROR:
            return answer
        chain = list(answer.cname)
        while len(chain) <= _MOST_ALIASES:
            more = await self._once(chain[-1], rdtype)
            chain += more.cname
            if more.records or not more.cname or more.rcode is not Rcode.NOERROR:
                return replace(more, name=answer.name, cname=tuple(chain))
        return answer

    async def _once(self, name: str, rdtype: str) -> Answer:
        key = (name.removesuffix(".").lower(), rdtype)
        asked = self._kept.get(key)
        now = time.monotonic()
        if asked is None or (asked.answer is not None and now - asked.at > _FRESH_S):
            asked = self._begin(key, name.removesuffix("."), rdtype)
        if asked.answer is not None:
            return asked.answer
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asked.waiters.append(waiter)
        return await waiter

    def _begin(self, key: _Key, name: str, rdtype: str) -> _Asked:
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        try:
            wire = encode_name(name)
        except ParseError:
            asked = _Asked(name, Question(b"", rdtype))
            asked.tell(Answer(name, rdtype, Rcode.NOT_A_NAME, asked_at=self._now()))
            return asked
        self._kept.pop(key, None)
        asked = self._kept[key] = _Asked(name, Question(wire, rdtype, self._recursive))
        self._queue.append(asked)
        self._send_more()
        return asked

    def _send_more(self) -> None:
        if self._ports is None:
            self._ports = Ports(asyncio.get_running_loop())
        while self._queue and len(self._on_their_way) < self._room:
            asked = self._queue.popleft()
            asked.at, asked.asked_at = time.monotonic(), self._now()
            exchange = Exchange(asked.question, self._servers, self._timeout_s, self._ports, self._done)
            self._on_their_way[exchange] = asked
            exchange.send()

    def _done(self, exchange: Exchange, message: Message | None, server: Server) -> None:
        asked = self._on_their_way.pop(exchange, None)
        if asked is None:
            return
        if message is not None and self._room < _MOST_ON_THEIR_WAY:
            self._room += 1
        if message is not None and self._servers[0] != server:
            # Whoever answers is asked first from now on: one dead server costs its wait once.
            self._servers = [server, *(each for each in self._servers if each != server)]
        if message is not None and message.truncated:
            task = asyncio.ensure_future(self._whole(asked, server))
            self._by_tcp.add(task)
            task.add_done_callback(self._by_tcp.discard)
        else:
            asked.tell(self._answer(asked, message, server))
        if self._queue:
            self._send_more()

    async def _whole(self, asked: _Asked, server: Server) -> None:
        message = await ask_tcp(asked.question, server, self._timeout_s)
        none = Rcode.TRUNCATED if message is None else Rcode.TIMEOUT  # half an answer is none
        asked.tell(self._answer(asked, message, server, none))

    def _answer(
        self, asked: _Asked, message: Message | None, server: Server, none: Rcode = Rcode.TIMEOUT
    ) -> Answer:  # fmt: skip
        elapsed_s = time.monotonic() - asked.at
        rdtype = asked.question.rdtype
        if message is None:
            return Answer(asked.name, rdtype, none, server=told(server), asked_at=asked.asked_at, elapsed_s=elapsed_s)
        return Answer(
            asked.name, rdtype, message.rcode, message.records, message.cname, message.ttl_s, message.authenticated,
            told(server), asked.asked_at, elapsed_s, message.authoritative,
        )  # fmt: skip

    def _now(self) -> str:
        second = int(time.time())
        if self._clock[0] != second:
            self._clock = (second, datetime.fromtimestamp(second, UTC).isoformat())
        return self._clock[1]

    async def close(self) -> None:
        """Close the sockets and drop what is still being asked."""
        for task in self._by_tcp:
            task.cancel()
        await asyncio.gather(*self._by_tcp, return_exceptions=True)
        for exchange in list(self._on_their_way):
            exchange.stop()
        for asked in (*self._on_their_way.values(), *self._queue):
            for waiter in asked.waiters:
                waiter.cancel()
        self._on_their_way.clear()
        self._queue.clear()
        if self._ports is not None:
            self._ports.close()
            self._ports = None
        await asyncio.sleep(0)  # transports that were closed get their last word


@asynccontextmanager
async def open_resolver(where: str = "", timeout_s: float = 2.0) -> AsyncIterator[NetResolver]:
    """A resolver at `where` (`HOST[:PORT]`, several with commas; empty: the system's), closed at the end."""
    resolver = NetResolver(servers_of(where), timeout_s)
    try:
        yield resolver
    finally:
        await resolver.close()
