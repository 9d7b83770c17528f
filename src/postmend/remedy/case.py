"""What is known of a case, by the names that templates use, and templates and letters filled with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postmend.knowledge.remedies import remedies

_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a case; a name that is missing is not known."""

    names: Mapping[str, str]

    def fill(self, template: str) -> str:
        """The template with its names filled in; they must be known."""
        return _NAME.sub(lambda found: self.names[found[1]], template)

    def knows(self, *templates: str, needs: Sequence[str] = ()) -> bool:
        """Whether every name in the templates, and every one in `needs`, is known."""
        used = {name for template in templates for name in _NAME.findall(template)}
        return all(self.names.get(name) for name in used | set(needs))


def one_line(text: str, most: int) -> str:
    """Outside text on one line of at most `most` characters, so that it can stand in a command or a letter."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= most else plain[: most - 4] + " ..."


def letter(name: str, case: Case, needs: Sequence[str] = ("reply",)) -> str:
    """A letter's text, empty where one of `needs` is not known; lines whose facts are not known are left out."""
    if not name or not case.knows(needs=needs):
        return ""
    lines = []
    for line in remedies().letters[name].text.strip().split("\n"):
        known = {**dict.fromkeys(("by_host", "evidence"), ""), **case.names}
        if all(known.get(used) is not None for used in _NAME.findall(line)):
            lines.append(Case(known).fill(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
