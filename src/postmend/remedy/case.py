"""What is known of a case, by the names that templates use, and templates and letters filled with it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TypeVar

from postmend.knowledge.remedies import remedies
from postmend.knowledge.steps import StepTemplate

T = TypeVar("T", bound=StepTemplate)
_NAME = re.compile(r"\{(\w+)\}")


@cache
def _pieces(template: str) -> tuple[str, ...]:
    """Text and names in turn; templates are few, and each is asked for again with every case."""
    return tuple(_NAME.split(template))


@cache
def _lines(name: str) -> tuple[tuple[str, ...], ...]:
    """The lines of a letter, in pieces."""
    return tuple(_pieces(line) for line in remedies().letters[name].text.strip().split("\n"))


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a case; a name that is missing is not known."""

    names: Mapping[str, str]

    def fill(self, template: str) -> str:
        """The template with its names filled in; they must be known."""
        return _filled(_pieces(template), self.names)

    def fill_known(self, template: str) -> str:
        """The template filled in, or an empty string where a name is not known."""
        return self.fill(template) if self.knows(template) else ""

    def knows(self, *templates: str, needs: Sequence[str] = ()) -> bool:
        """Whether every name in the templates, and every one in `needs`, is known."""
        used = (name for template in templates for name in _pieces(template)[1::2])
        return all(self.names.get(name) for name in chain(needs, used))


def fitting(
    texts: Iterable[T], case: Case, findings: frozenset[str] = frozenset()
) -> Iterator[tuple[str, T]]:  # fmt: skip
    """The steps whose facts are known, the first of each slot; each with its slot, or its number among all."""
    taken: set[str] = set()
    for number, text in enumerate(texts):
        if text.slot in taken or (text.when and text.when not in findings):
            continue
        if not case.knows(text.do, text.url, *text.config, needs=text.needs):
            continue
        if text.slot:
            taken.add(text.slot)
        yield text.slot or str(number), text


def one_line(text: str, most: int) -> str:
    """Outside text on one line of at most `most` characters, so that it can stand in a command or a letter."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 4] + " ..."


def letter(name: str, case: Case, needs: Sequence[str] = ("reply",)) -> str:
    """A letter's text, empty where one of `needs` is not known; lines whose facts are not known are left out."""
    if not name or not case.knows(needs=needs):
        return ""
    known = {"by_host": "", "evidence": "", **case.names}
    lines = [_filled(pieces, known) for pieces in _lines(name) if all(used in known for used in pieces[1::2])]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _filled(pieces: tuple[str, ...], names: Mapping[str, str]) -> str:
    if len(pieces) == 1:
        return pieces[0]
    return "".join([names[piece] if i % 2 else piece for i, piece in enumerate(pieces)])
