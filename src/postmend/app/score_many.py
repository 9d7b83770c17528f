"""Many messages in one run: files, folders and mboxes, so many under way that the filters never wait for us."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from postmend.app.inputs import Source, open_bytes
from postmend.app.score import Scorer
from postmend.app.score_out import Scored
from postmend.intake.mbox import is_mbox, split_mbox
from postmend.intake.message import MAX_BYTES
from postmend.model import ParseError

_MOST = 48  # messages read and not yet answered
_MOST_OCTETS = 32 << 20  # of them together; one that is larger goes alone
_UnderWay = deque[tuple[int, asyncio.Task[Scored]]]  # octets, and the scoring


def read_messages(sources: Sequence[Source], unreadable: Callable[[str], None]) -> Iterator[tuple[str, bytes]]:
    """Each message with its name, `path#number` in an mbox. What cannot be read is told, and costs only itself."""
    for source in sources:
        try:
            with open_bytes(source) as raw:
                if is_mbox(raw):
                    for number, one in enumerate(split_mbox(raw), 1):
                        yield f"{source.name}#{number}", one
                elif len(raw) == 0:
                    unreadable(f"{source.name}: empty; a message was expected")
                else:
                    yield source.name, bytes(raw[:MAX_BYTES])
        except ParseError as error:
            unreadable(str(error))


async def score_many(
    scorer: Scorer, sources: Sequence[Source], unreadable: Callable[[str], None]
) -> AsyncIterator[Scored]:
    """Score every message of the sources; results come in order."""
    waiting: _UnderWay = deque()
    try:
        for name, raw in read_messages(sources, unreadable):
            while waiting and (waiting[0][1].done() or _full(waiting, len(raw))):
                async for made in _first(waiting, unreadable):
                    yield made
            waiting.append((len(raw), asyncio.create_task(scorer.score(raw, name))))
            await asyncio.sleep(0)  # let it be sent to the filters before the next is read
        while waiting:
            async for made in _first(waiting, unreadable):
                yield made
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


def _full(waiting: _UnderWay, octets: int) -> bool:
    return len(waiting) >= _MOST or octets + sum(size for size, _ in waiting) > _MOST_OCTETS


async def _first(waiting: _UnderWay, unreadable: Callable[[str], None]) -> AsyncIterator[Scored]:
    try:
        yield await waiting.popleft()[1]
    except ParseError as error:
        unreadable(str(error))
