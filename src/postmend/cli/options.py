"""Options that several commands share, and how JSON leaves them."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def common(function: F) -> F:
    """Add `--json`, `--resolver` and `--config`, which every command takes."""
    for option in (
        click.option("--config", "config_path", metavar="FILE", help="Settings file (TOML)."),
        click.option(
            "--resolver",
            metavar="HOST[:PORT]",
            help="Name server to ask, instead of the system's (or POSTMEND_RESOLVER).",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line."),
    ):
        function = option(function)
    return function


def recorded(function: F) -> F:
    """Add `--record` and `--replay`: the DNS answers of a run, written down or read instead of asked."""
    for option in (
        click.option("--replay", metavar="FILE", help="Take the answers from a recording; ask nobody."),
        click.option("--record", metavar="FILE", help="Write down the answers that the report rests on."),
    ):
        function = option(function)
    return function


class Unreadable:
    """Counts what could not be read and keeps the first few lines about it: there may be a million."""

    _SHOWN = 10

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []

    def __call__(self, problem: str) -> None:
        """Note one."""
        self.count += 1
        if len(self._first) < self._SHOWN:
            self._first.append(problem)

    def tell(self, *, of_many: bool) -> None:
        """Say it on stderr; `of_many`: also how many they are."""
        from postmend.cli.paper import complain
        from postmend.model.counted import counted

        for line in self._first:
            complain(line)
        if self.count and of_many:
            complain(f"{counted(self.count, 'input')} could not be read")


def write_json(value: object) -> None:
    """Write one value as a line of JSON."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
