"""How the figures are taken: both sides in turn, medians of five, so that a busy machine slows both."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

ROUNDS = 5


def seconds_of(call: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turn(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each call, taken in turn."""
    taken = [[seconds_of(call) for call in calls] for _ in range(rounds)]
    return [statistics.median(row[i] for row in taken) for i in range(len(calls))]


class Cost(NamedTuple):
    """Seconds by the clock, and of processor time (user and system), which the load of others disturbs less."""

    wall_s: float
    cpu_s: float


def _cost_of(call: Callable[[], object]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_s = seconds_of(call)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def costs_in_turn(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[Cost]:
    """`in_turn` for commands: medians of both times, each by itself."""
    taken = [[_cost_of(call) for call in calls] for _ in range(rounds)]
    return [Cost(*map(statistics.median, zip(*(row[i] for row in taken), strict=True))) for i in range(len(calls))]


def command(words: Sequence[str], fine: frozenset[int] = frozenset({0})) -> Callable[[], object]:
    """A call that runs a command and fails where its exit status is none of the `fine`."""

    def call() -> None:
        code = subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        if code not in fine:
            raise subprocess.CalledProcessError(code, list(words))

    return call


def row(name: str, value: str, note: str = "") -> None:
    """Print one figure."""
    sys.stdout.write(f"{name:44} {value:>12}  {note}\n")
    sys.stdout.flush()
