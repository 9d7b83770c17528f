"""What the filters' symbols mean (`symbols.toml`). Their scores come from the filters, never from here."""

from functools import cache, lru_cache

import msgspec

from postmend.knowledge import compiled


class SymbolInfo(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[symbol]]`; the file's head says what each field means."""

    filter: str
    names: tuple[str, ...]
    means: str
    do: str = ""
    test_only: tuple[str, ...] = ()


@cache
def _by_name() -> tuple[dict[tuple[str, str], SymbolInfo], list[tuple[str, str, SymbolInfo]]]:
    """Whole names, and beginnings (written `NAME_*`), longest first."""
    whole: dict[tuple[str, str], SymbolInfo] = {}
    begin: list[tuple[str, str, SymbolInfo]] = []
    for row in compiled.table("symbols", list[SymbolInfo], key="symbol"):
        for name in row.names:
            if name.endswith("*"):
                begin.append((row.filter, name[:-1], row))
            else:
                whole[row.filter, name] = row
    begin.sort(key=lambda each: -len(each[1]))
    return whole, begin


@lru_cache(4096)
def symbol_info(filter_name: str, symbol: str) -> SymbolInfo | None:
    """What is known of a symbol; None for one that only its filter's own description tells."""
    whole, begin = _by_name()
    found = whole.get((filter_name, symbol))
    return found or next((row for name, head, row in begin if name == filter_name and symbol.startswith(head)), None)
