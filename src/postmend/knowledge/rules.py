"""Reply rules as they are written: `replies/*.toml`, with the classes of words that phrases name.

Fails with ParseError naming the file or the rule.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from postmend.knowledge import compiled
from postmend.model import Cause, ParseError, Stage

FOLDER = compiled.HERE / "replies"

# What a rule's vote is worth, in nats (natural log-odds): `decisive` names the cause in words that mean nothing
# else; `strong` is nearly always right; `fair` more often right than not; `hint` only tips an open scale. `last` is
# asked only where no other rule knows the words.
STRENGTH = {"decisive": 7.0, "strong": 5.0, "fair": 3.0, "last": 2.9, "hint": 1.5}

_CLASS = re.compile(r"\{(\w+)(\??)\}")


class RuleText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[rule]]` as it is written. See `replies/README.md` for what each field means."""

    id: str
    cause: Cause
    why: str
    find: tuple[str, ...] = ()
    pattern: str = ""
    pattern_why: str = ""
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    code: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    strength: str = "strong"
    address: str = ""
    source: str = ""
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


def read_rules(folder: Path = FOLDER) -> list[RuleText]:
    """Read every rule of a folder of TOML files, with its examples; raise ParseError naming the file."""
    import tomllib

    rules: list[RuleText] = []
    classes: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            rules += msgspec.convert(content.get("rule", []), list[RuleText])
            found = msgspec.convert(content.get("class", {}), dict[str, tuple[str, ...]])
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise ParseError(f"{path.name}: {error}") from error
        classes |= {name: "|".join(words) for name, words in found.items()}
    rules = [_with_classes(rule, classes) for rule in rules]
    twice = [name for name, n in Counter(rule.id for rule in rules).items() if n > 1]
    if twice:
        raise ParseError(f"two rules with one id: {', '.join(twice)}")
    return rules


def _expand(phrase: str, classes: dict[str, str]) -> str:
    """Put the words of a class where a phrase names it: `{recipient}` alone or among alternatives, `{be?}` optional."""

    def words(found: re.Match[str]) -> str:
        if found[1] not in classes:
            raise ParseError(f"no class of words called {found[0]}")
        inside = phrase.count("(", 0, found.start()) > phrase.count(")", 0, found.start())
        optional = "|" if found[2] else ""
        return classes[found[1]] + optional if inside else f"({classes[found[1]]}{optional})"

    return _CLASS.sub(words, phrase)


def _with_classes(rule: RuleText, classes: dict[str, str]) -> RuleText:
    try:
        find, without = ([_expand(each, classes) for each in phrases] for phrases in (rule.find, rule.without))
    except ParseError as error:
        raise ParseError(f"rule {rule.id}: {error}") from error
    return msgspec.structs.replace(rule, find=tuple(find), without=tuple(without))
