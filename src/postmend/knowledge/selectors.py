"""DKIM selectors that providers use (`selectors.toml`)."""

from functools import cache

import msgspec

from postmend.knowledge import compiled


class SelectorTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[provider]]`; the file's head says what each field means."""

    name: str
    hints: tuple[str, ...]
    selectors: tuple[str, ...]
    source: str


@cache
def _tables() -> tuple[SelectorTable, ...]:
    return compiled.table("selectors", tuple[SelectorTable, ...], key="provider")


def selectors_to_try(signs: tuple[str, ...]) -> tuple[str, ...]:
    """The selectors worth trying, those of providers first that `signs` (MX hosts, SPF includes) point to."""
    told = [sign.lower().rstrip(".") for sign in signs]
    mine = [each for each in _tables() if any(hint in sign for hint in each.hints for sign in told)]
    rest = [each for each in _tables() if each not in mine]
    return tuple(dict.fromkeys(name for each in (*mine, *rest) for name in each.selectors))
