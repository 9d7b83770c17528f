"""`postmend verify --input`: the list's options, progress on a terminal, the sum at the end."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from postmend.app.list_rows import AddressList, open_list
from postmend.app.list_summary import Summary
from postmend.app.settings import Settings
from postmend.app.verify_list import ListRun, Render, open_answers
from postmend.app.verify_out import reacher_out
from postmend.cli.paper import clean, complain
from postmend.cli.progress import Progress
from postmend.model.counted import counted
from postmend.model.errors import unwritable
from postmend.model.verified import Deliverability


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What the command line says of a list; `shape` is json or reacher where the list's own form is not wanted."""

    path: str
    output: str | None
    column: str
    list_shape: str
    state: str | None
    shape: str | None


class _Answered:
    """How many addresses are answered, how fast, and how long the rest will take."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._start = time.monotonic()
        self.done = self.total = 0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._progress.due():
            rate = done / max(time.monotonic() - self._start, 0.001)
            left = f", {_span((total - done) / rate)} left" if rate else ""
            self._progress.say(f"{done:,} of {total:,} addresses, {rate:,.0f}/s{left}")


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@contextmanager
def _state_of(options: ListOptions) -> Iterator[tuple[Path, bool]]:
    """The state file, and whether a run that was ended can go on from it."""
    if options.state or options.path != "-":
        yield Path(options.state or f"{options.path}.postmend"), True
        return
    with tempfile.TemporaryDirectory(prefix="postmend-") as folder:
        yield Path(folder, "state"), False


@contextmanager
def _output(path: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that gets its name only when it is whole."""
    if path is None or path == "-":
        yield sys.stdout.buffer
        return
    target = Path(path)
    part = Path(f"{path}.part")
    try:
        if target.exists() and not target.is_file():  # a device or a pipe keeps its place
            with target.open("wb") as file:
                yield file
            return
        with part.open("wb") as file:
            yield file
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise unwritable(path, error) from error


def _render(shape: str | None) -> Render | None:
    encode = msgspec.json.Encoder().encode
    if shape == "json":
        return lambda answer: encode(answer) + b"\n"
    if shape == "reacher":
        return lambda answer: encode(reacher_out(answer)) + b"\n"
    return None


def run_list(settings: Settings, options: ListOptions) -> None:
    """Verify a list and write it; tell the sum on standard error."""
    progress = Progress()
    answered = _Answered(progress)
    file, name = open_list(options.path)
    with file, _state_of(options) as (state, kept):
        rows = AddressList(file, name, shape=options.list_shape, column=options.column)
        database, answers = open_answers(state, settings)
        try:
            run = ListRun(rows, answers, settings, answered)
            if run.note():
                asyncio.run(run.ask())
            progress.clear()
            with _output(options.output) as out:
                summary = run.write(out, _render(options.shape))
        except KeyboardInterrupt:
            progress.clear()
            again = f"the same command goes on from {state}" if kept else "nothing is kept without --state"
            complain(f"{answered.done:,} of {answered.total:,} addresses answered; {again}")
            raise
        finally:
            database.close()
        if kept and not options.state:
            state.unlink(missing_ok=True)
    for line in _told(summary):
        click.echo(clean(line), err=True)


def _told(summary: Summary) -> Iterator[str]:
    total = max(summary.addresses, 1)
    yield f"{counted(summary.rows, 'row')}, {counted(summary.addresses, 'address', 'addresses')}"
    for verdict, count in summary.verdicts.items():
        yield f"  {verdict:14} {count:10,}  {count / total:6.1%}"
    if summary.worst:
        yield "  worst domains: " + ", ".join(f"{name[:60]} {dead} of {all_}" for name, dead, all_ in summary.worst[:5])
    unknown, dead = (summary.verdicts[each] for each in (Deliverability.UNKNOWN, Deliverability.UNDELIVERABLE))
    if unknown and unknown + dead == summary.addresses:
        yield f"  bounce rate if all are sent to: at least {summary.bounce_rate:.1%}"
        return
    if 2 * unknown > summary.addresses:
        yield "  bounce rate: too many addresses are unknown to tell"
        return
    yield (
        f"  bounce rate if all are sent to: about {summary.bounce_rate:.1%}; "
        f"without the undeliverable: about {summary.bounce_rate_after:.1%}"
    )
