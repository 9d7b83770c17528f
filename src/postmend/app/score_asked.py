"""What was asked of the world in a run, by subject: many messages name the same hosts, and each is asked about once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Self

from postmend.model import Finding

_KEPT_S = 300.0  # as long as blocklists let answers be kept; a listener runs for days
_MOST = 10_000
Findings = tuple[Finding, ...]


class Asked:
    """Answers by subject. One that is under way is waited for by all who want it; one that failed is asked again."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, tuple[float, asyncio.Task[Findings]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop what nobody waits for any more."""
        tasks = [task for _, task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def once(self, subject: Hashable, ask: Callable[[], Awaitable[Findings]]) -> Findings:
        """What `ask` finds, asked now or within the last five minutes. Whoever stops waiting stops nobody else."""
        now = time.monotonic()
        asked_at, task = self._tasks.get(subject, (0.0, None))
        if task is None or now - asked_at > _KEPT_S or (task.done() and (task.cancelled() or task.exception())):
            if len(self._tasks) >= _MOST:
                self._tasks.clear()
            task = asyncio.ensure_future(_run(ask))
            self._tasks[subject] = now, task
        return await asyncio.shield(task)


async def _run(ask: Callable[[], Awaitable[Findings]]) -> Findings:
    return await ask()
