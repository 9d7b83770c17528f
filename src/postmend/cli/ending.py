"""How a command that started others ends when it is told to: as on Ctrl-C, nothing that it started stays behind."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_until_told(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; SIGTERM (kill, timeout, systemd) cancels the work, waits for it, and exits with 143."""
    try:
        return asyncio.run(_told(work))
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)


async def _told(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task
