"""One question to a spam filter: its answer, or what came instead (nobody, silence, nonsense), never an exception."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import msgspec

from postmend.model.spam import Answered, FilterAnswer

Server = tuple[str, int]


async def call_filter(
    name: str,
    server: Server,
    exchange: Coroutine[Any, Any, bytes],
    read: Callable[[bytes], FilterAnswer],
    timeout_s: float,
) -> FilterAnswer:
    """What `read` makes of the filter's answer, or what came instead, all within `timeout_s` seconds."""
    start = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            answer = await exchange
        return replace(read(answer), elapsed_s=time.monotonic() - start)
    except TimeoutError:
        state, problem = Answered.TIMEOUT, f"no answer within {timeout_s:g} s"
    except ConnectionRefusedError:
        state, problem = Answered.ABSENT, f"nobody listens at {server[0]}:{server[1]}"
    except (EOFError, ConnectionError):
        state, problem = Answered.GARBAGE, "it ended the connection before its answer was whole"
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        state, problem = Answered.GARBAGE, f"not an answer of {name} ({str(error)[:120]})"
    return FilterAnswer(name, state, problem=problem, elapsed_s=time.monotonic() - start)
