"""Progress of long work: one line on a terminal's standard error, written over; nothing in a pipe."""

import sys
import time
from collections.abc import Iterator
from typing import TypeVar

import click

T = TypeVar("T")

_EVERY_S = 0.2


class Progress:
    """Says how far something is, a few times a second at most."""

    def __init__(self, *, beside_output: bool = False) -> None:
        """`beside_output`: what is printed runs over the same terminal and shows the progress by itself."""
        self._on = sys.stderr.isatty() and not (beside_output and sys.stdout.isatty())
        self._next = time.monotonic() + _EVERY_S

    def due(self) -> bool:
        """Whether it is time to say something; ask before making a costly text."""
        return self._on and time.monotonic() >= self._next

    def tell(self, text: str) -> None:
        """Say it if it is due."""
        if self.due():
            self.say(text)

    def say(self, text: str) -> None:
        """Write the line over, on a terminal."""
        if self._on:
            self._next = time.monotonic() + _EVERY_S
            click.echo(f"\r\x1b[K{text} ...", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away, before anything else is written."""
        if self._on:
            click.echo("\r\x1b[K", nl=False, err=True)


def counting(results: Iterator[T], what: str) -> Iterator[T]:
    """Pass results on; count them meanwhile, unless they are printed on the terminal themselves."""
    progress = Progress(beside_output=True)
    try:
        for number, result in enumerate(results, 1):
            if progress.due():
                progress.say(f"{number:,} {what}")
            yield result
    finally:
        progress.clear()
