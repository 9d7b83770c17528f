"""How fast transactions with accepted recipients may follow each other at a host, where its program counts them."""

import asyncio
from collections import deque

from postmend.knowledge.mailboxes import Probing


class Pace:
    """When a host last accepted somebody; `care` is what its program is known to want, None where it is not known."""

    def __init__(self) -> None:
        self._accepted_at: deque[float] = deque()

    def accepted(self) -> None:
        """A transaction has got its first accepted recipient."""
        self._accepted_at.append(_now_s())

    def due(self, care: Probing | None) -> bool:
        """Whether a pause is due before another transaction."""
        if care is None or not care.transactions:
            return False
        while self._accepted_at and self._accepted_at[0] < _now_s() - care.window_s:
            self._accepted_at.popleft()
        return len(self._accepted_at) >= care.transactions

    async def wait(self, care: Probing | None) -> None:
        """Pause where it is due."""
        if care is not None and self.due(care):
            await asyncio.sleep(self._accepted_at[0] + care.window_s - _now_s() + 1)


def _now_s() -> float:
    """By the loop's clock."""
    return asyncio.get_running_loop().time()
