"""DKIM selectors that providers use (`selectors.toml`)."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "selectors.toml"


class SelectorTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[provider]]`; the file's head says what each field means."""

    name: str
    hints: tuple[str, ...]
    selectors: tuple[str, ...]
    source: str


def _read() -> tuple[SelectorTable, ...]:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8"))["provider"], tuple[SelectorTable, ...])
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def _tables() -> tuple[SelectorTable, ...]:
    return compiled.load("selectors", tuple[SelectorTable, ...], [FILE], _read)


def selectors_to_try(signs: tuple[str, ...]) -> tuple[str, ...]:
    """The selectors worth trying, those of providers first that `signs` (MX hosts, SPF includes) point to."""
    told = [sign.lower().rstrip(".") for sign in signs]
    mine = [each for each in _tables() if any(hint in sign for hint in each.hints for sign in told)]
    rest = [each for each in _tables() if each not in mine]
    return tuple(dict.fromkeys(name for each in (*mine, *rest) for name in each.selectors))
