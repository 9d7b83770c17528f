"""What reports are written on: a terminal or a pipe, its width, its colours, and outside text made safe for it.

Everything from outside passes through `clean`: a reply may carry terminal escapes. Colours only on a terminal
(and not with NO_COLOR); 80 columns and plain in a pipe.
"""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import click

# C0 and C1 controls, and the marks that turn the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
# Chinese, Japanese, Korean and full-width signs: two columns each.
_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]")


def clean(text: str) -> str:
    """Outside text made safe for a terminal: controls and direction marks become spaces."""
    return _CONTROL.sub(" ", text)


def complain(text: str) -> None:
    """One line on standard error, made safe."""
    click.echo(f"postmend: {clean(text)}", err=True)


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on: columns and whether colours are wanted."""

    width: int
    colour: bool

    @classmethod
    def of_stdout(cls) -> "Paper":
        """The terminal's width between 40 and 100, 80 in a pipe; COLUMNS overrules both. Plain in a pipe."""
        width = min(max(shutil.get_terminal_size((80, 24)).columns, 40), 100)
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        return cls(width, colour=colour)

    def style(self, text: str, **how: object) -> str:
        """Text in a style, or plain."""
        return click.style(text, **how) if self.colour else text  # type: ignore[arg-type]

    def wrap(self, text: str, first: str = "  ", rest: str = "") -> Iterator[str]:
        """Lines of `text`, the first behind `first`, the others behind `rest` (by default as deep)."""
        # A wide character takes two columns: it is wrapped with a companion that is taken out again.
        lines = textwrap.wrap(
            _WIDE.sub("\\g<0>\0", clean(text)), self.width, initial_indent=first,
            subsequent_indent=rest or " " * len(first), break_on_hyphens=False, break_long_words="://" not in text,
        )  # fmt: skip
        yield from [line.replace("\0", "") for line in lines] or [first.rstrip()]

    def head(self, text: str) -> str:
        """A section's heading."""
        return self.style(text, bold=True)
