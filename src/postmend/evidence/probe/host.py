"""One mail host: one session at a time, its limits, and everybody's questions to it in one queue.

Many domains share a host, so the queue is the host's and not the domain's. A session takes at most so many recipients
and refusals (`Limits`); refusals that may still come for what is on its way count beforehand, so that pipelining
never goes over. The first sign that we are the ones refused ends all questions to the host.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from postmend.evidence.probe.caps import Caps, Count
from postmend.evidence.probe.heard import Heard, Kind, hear, too_many
from postmend.evidence.probe.limits import Identity, Limits
from postmend.evidence.probe.opening import Opened, Opener
from postmend.evidence.probe.pace import Pace
from postmend.model import Stage
from postmend.model.dialogue import SESSION_OVER, Dialer, Exchange, Outcome

_MOST_TRIES = 2  # sessions that may break under one address
_CLOSING_S = 1.0
_MOST_BARREN = 2  # sessions in a row that gave no answer at all


@dataclass(slots=True)
class _Ask:
    address: str
    future: "asyncio.Future[Heard]"
    tries: int = 0


class MailHost:
    """The host at one IP address; `ask` may be called by many at once."""

    def __init__(self, dialer: Dialer, name: str, ip: str, identity: Identity, limits: Limits) -> None:
        self._name, self._ip = name, ip
        self._identity, self._limits = identity, limits
        self._opener = Opener(dialer, name, ip, identity, limits)
        self._queue: deque[_Ask] = deque()
        self._flying: list[_Ask] = []
        self._more = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._stopped: tuple[Heard, float] | None = None  # and until when, by the loop's clock
        self._closing = False
        self._caps = Caps(limits)
        self._pace = Pace()
        self._barren = self._put_off = 0

    async def ask(self, address: str) -> Heard:
        """Ask for one address. The answer may be that the host was not reached, or that it refuses whoever asks."""
        loop = asyncio.get_running_loop()
        if self._stopped is not None:
            heard, until = self._stopped
            if loop.time() < until:
                return heard
            self._stopped = None
        ask = _Ask(address, loop.create_future())
        self._queue.append(ask)
        self._more.set()
        if self._worker is None:
            self._start()
        return await ask.future

    def _start(self) -> None:
        self._worker = asyncio.create_task(self._work())
        self._worker.add_done_callback(self._done)

    def _done(self, worker: "asyncio.Task[None]") -> None:
        self._worker = None
        if worker.cancelled():
            return
        error = worker.exception()
        if error is not None:
            for ask in (*self._flying, *self._queue):
                if not ask.future.done():
                    ask.future.set_exception(error)
            self._queue.clear()
        elif self._queue and not self._closing:  # somebody asked while the last session was being closed
            self._start()

    @property
    def idle(self) -> bool:
        """Whether nothing is lost by forgetting it: nobody asks, and it has refused nobody."""
        return self._worker is None and not self._queue and self._stopped is None

    async def close(self) -> None:
        """Say QUIT and let go; a host that keeps us waiting is left."""
        self._closing = True
        self._more.set()
        worker = self._worker
        if worker is not None:
            if not self._queue:
                await asyncio.wait({worker}, timeout=_CLOSING_S)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    async def _work(self) -> None:
        ahead: asyncio.Task[Opened | Heard] | None = None
        try:
            while self._queue:
                await self._pause()
                opened = await ahead if ahead else await self._opener.open()
                ahead = None
                if isinstance(opened, Opened):
                    if len(self._queue) > self._limits.ahead and not self._pace.due(self._opener.care):
                        ahead = asyncio.create_task(self._opener.open())
                    ended = await self._use(opened)
                else:
                    ended = opened
                if ended is not None:
                    self._stop(ended)
                    return
        finally:
            if ahead is not None:
                await self._drop(ahead)

    async def _drop(self, ahead: "asyncio.Task[Opened | Heard]") -> None:
        """Leave a session that was opened ahead and is not needed."""
        if self._closing:
            ahead.cancel()
        opened = (await asyncio.gather(ahead, return_exceptions=True))[0]
        if isinstance(opened, Opened):
            await opened.session.quit()

    def _stop(self, heard: Heard) -> None:
        """Give everybody who waits the same answer; whoever comes soon gets it too."""
        self._stopped = (heard, asyncio.get_running_loop().time() + self._rest_s(heard))
        while self._queue:
            self._answer(self._queue.popleft(), heard)

    def _rest_s(self, heard: Heard) -> float:
        """How long nobody is asked here: a host that puts off is asked again after each of the limits' waits."""
        if heard.kind is Kind.US:
            return 3600.0
        if heard.kind is not Kind.LATER or heard.retry_after_s:
            return heard.retry_after_s or self._limits.down_s
        limits = self._limits
        wait = limits.waits[min(self._put_off, len(limits.waits) - 1)]
        self._put_off += 1
        return min(wait, limits.patience_s, limits.down_s) * 0.9  # whoever waits comes back to it open

    @staticmethod
    def _answer(ask: _Ask, heard: Heard) -> None:
        if not ask.future.done():
            ask.future.set_result(heard)

    async def _use(self, opened: Opened) -> Heard | None:
        """Ask until the session has had its share; give what ends all questions to this host, if anything did."""
        count = Count()
        try:
            ended = await self._rounds(opened, count)
        finally:
            await opened.session.quit()
        return ended or self._after(opened, count)

    async def _rounds(self, opened: Opened, count: Count) -> Heard | None:
        while opened.session.alive and not self._caps.spent(count):
            if not self._queue and not await self._wait():
                break
            if count.open < 0 and count.asked and self._pace.due(self._opener.care):
                break
            self._flying = self._take(count)
            if self._flying:
                told = await self._send(opened, self._flying, count)
                ended = self._settle(self._flying, told, count)
                if ended is not None:
                    return ended
        return None

    async def _wait(self) -> bool:
        """Keep the session a moment for whoever still has to ask."""
        self._more.clear()
        if self._closing:
            return False
        try:
            async with asyncio.timeout(self._limits.linger_s):
                await self._more.wait()
        except TimeoutError:
            return False
        return bool(self._queue)

    def _take(self, count: Count) -> list[_Ask]:
        """As many as may all be refused without going over a limit."""
        room = self._caps.room(count)
        batch: list[_Ask] = []
        while self._queue and len(batch) < room:
            ask = self._queue.popleft()
            if not ask.future.done():  # whoever asked may have gone
                batch.append(ask)
        return batch

    async def _send(self, opened: Opened, batch: Sequence[_Ask], count: Count) -> tuple[Exchange, ...]:
        rcpts = [ask.address for ask in batch]
        utf8 = any(not address.isascii() for address in rcpts)
        last = count.asked + len(batch) >= self._caps.session  # QUIT goes along: no need to wait for it
        if count.open >= 0 and (count.utf8 or not utf8):
            return await opened.session.ask(rcpts=rcpts, leave=last)
        again, count.begun, count.open, count.utf8, count.accepted = count.begun, True, 0, utf8, False
        return await opened.session.ask(rset=again, mail_from=self._identity.mail_from, rcpts=rcpts, leave=last)

    def _settle(self, batch: Sequence[_Ask], told: Sequence[Exchange], count: Count) -> Heard | None:
        """Hand out the answers; put back what has to be asked again."""
        before, rcpts = told[: len(told) - len(batch)], told[len(told) - len(batch) :]
        refused = next((each for each in before if not each.accepted), None)
        if refused is not None:
            self._put_back(batch)
            if refused.outcome is not Outcome.REPLY or refused.code == 421:
                return None  # the session broke: `_after` counts it
            if count.asked and (refused.sent == "RSET" or refused.transient):  # no further transaction in a session
                self._caps.at_most(count.asked)
                return None
            return hear(refused, "", self._name, self._ip)
        back: list[_Ask] = []
        broken = False
        for ask, exchange in zip(batch, rcpts, strict=True):
            if broken or exchange.code == 421 or self._unanswered(exchange):
                if not broken:
                    self._broke_at(ask, exchange, count)
                broken = True
                back.append(ask)
            elif too_many(exchange) and (count.open > 0 or count.asked > 0):
                back.append(ask)
                self._caps.fewer(count)
            else:
                ended = self._one(ask, exchange, count)
                if ended is not None:
                    self._put_back(batch)
                    return ended
        self._put_back(back)
        return None

    @staticmethod
    def _unanswered(exchange: Exchange) -> bool:
        """No answer to this one: the session broke at it or before it."""
        return exchange.outcome not in {Outcome.REPLY, Outcome.NOT_SENT} or exchange.detail == SESSION_OVER

    def _broke_at(self, ask: _Ask, exchange: Exchange, count: Count) -> None:
        """The first that was left without an answer is the one that may have broken the session."""
        if exchange.code == 421:
            if count.asked:  # 421 after so many: never so many again
                self._caps.at_most(count.asked)
            return
        ask.tries += 1
        self._caps.window = 1  # one by one, until one gets through
        if ask.tries >= _MOST_TRIES:
            self._answer(ask, hear(exchange, ask.address, self._name, self._ip))

    def _one(self, ask: _Ask, exchange: Exchange, count: Count) -> Heard | None:
        heard = hear(exchange, ask.address, self._name, self._ip)
        if self._identity.absent in exchange.text and not ask.address.startswith(self._identity.absent):
            heard = replace(heard, kind=Kind.SILENT)  # the answer to another question: replies are out of step
        if heard.kind is not Kind.CANNOT:
            count.asked += 1
            count.open += 1
        self._caps.window = self._limits.refusals
        if heard.kind is Kind.ACCEPTED:
            if not count.accepted:
                count.accepted = True
                self._pace.accepted()
        else:
            count.refused += 1
        self._answer(ask, heard)
        return heard if heard.kind is Kind.US or heard.slow_down else None

    def _put_back(self, batch: Sequence[_Ask]) -> None:
        self._queue.extendleft(ask for ask in reversed(batch) if not ask.future.done())

    def _after(self, opened: Opened, count: Count) -> Heard | None:
        """Whether a host that gave no answer in several sessions is worth another."""
        self._barren = 0 if count.asked else self._barren + 1
        self._put_off = 0 if count.asked else self._put_off
        if not self._queue or self._barren < _MOST_BARREN:
            return None
        said = [each for each in opened.session.transcript if each.stage is not Stage.QUIT]
        refused = [each for each in said if each.outcome is Outcome.REPLY and not each.accepted]  # 421, then silence
        heard = hear((refused or said)[-1], "", self._name, self._ip)
        return replace(heard, kind=Kind.LATER) if heard.kind is Kind.ACCEPTED else heard

    async def _pause(self) -> None:
        """Wait as long as this host's program wants it, and longer after each session that gave nothing."""
        await self._pace.wait(self._opener.care)
        if self._barren:
            await asyncio.sleep(min(2.0**self._barren / 2, 30))
