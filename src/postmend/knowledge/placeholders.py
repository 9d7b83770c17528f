"""Blanks that a sending program left unfilled (`placeholders.toml`)."""

import re
from functools import cache

import msgspec

from postmend.knowledge import compiled

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Syntax(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[syntax]]`; the file's head says what each field means."""

    pattern: str
    used_by: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    named: bool = False


class Placeholders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    syntax: tuple[Syntax, ...]
    fields: frozenset[str]
    variables: frozenset[str]
    unfilled: tuple[str, ...]
    greetings: tuple[str, ...]


@cache
def placeholders() -> Placeholders:
    """Every way of writing a blank."""
    return compiled.table("placeholders", Placeholders)


@cache
def _patterns() -> tuple[tuple[Syntax, re.Pattern[str]], ...]:
    return tuple((each, re.compile(each.pattern)) for each in placeholders().syntax)


@cache
def _empty_greeting() -> re.Pattern[str]:
    known = placeholders()
    greet, nothing = ("|".join(map(re.escape, words)) for words in (known.greetings, known.unfilled))
    return re.compile(rf"^[ \t]*(?:{greet})[, ]+(?:{nothing})[ \t]*(?:[,!.:;]|$)", re.IGNORECASE | re.MULTILINE)


def find_placeholder(text: str) -> str:
    """The first blank that was not filled, as it stands there; empty where there is none."""
    for syntax, pattern in _patterns():
        for found in pattern.finditer(text):
            if not syntax.named or _is_field(found["name"]):
                return found[0]
    unfilled = _empty_greeting().search(text)
    return unfilled[0].strip() if unfilled else ""


def _is_field(name: str) -> bool:
    known = placeholders()
    parts = [part.lower() for part in _PART.findall(name)]
    return name.lower() not in known.variables and not known.fields.isdisjoint(parts)
