"""Questions put side by side under one deadline: what is late or fails costs only itself."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")
NOBODY_ANSWERED = "the resolver answered none of the questions: see --resolver"


async def in_time(tasks: "Mapping[str, asyncio.Future[T]]", left_s: float, given_s: float) -> tuple[list[T], list[str]]:
    """What came within `left_s` seconds, and a line on each question that came to nothing; `given_s` is told in it."""
    if tasks:
        await asyncio.wait(tasks.values(), timeout=left_s)
    made: list[T] = []
    late: list[str] = []
    for name, task in tasks.items():
        if not task.done() or task.cancelled():
            task.cancel()
            late.append(f"{name}: no answer within {given_s:g} s")
        elif error := task.exception():
            late.append(f"{name}: the check failed ({type(error).__name__}: {str(error)[:80]})")
        else:
            made.append(task.result())
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    return made, late
