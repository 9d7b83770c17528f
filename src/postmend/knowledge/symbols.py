"""What the filters' symbols mean (`symbols.toml`). Their scores come from the filters, never from here."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "symbols.toml"


class SymbolInfo(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[symbol]]`; the file's head says what each field means."""

    filter: str
    names: tuple[str, ...]
    means: str
    do: str = ""
    test_only: tuple[str, ...] = ()


def _read() -> list[SymbolInfo]:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8"))["symbol"], list[SymbolInfo])
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def _by_name() -> tuple[dict[tuple[str, str], SymbolInfo], list[tuple[str, str, SymbolInfo]]]:
    """Whole names, and beginnings (written `NAME_*`), longest first."""
    whole: dict[tuple[str, str], SymbolInfo] = {}
    begin: list[tuple[str, str, SymbolInfo]] = []
    for row in compiled.load("symbols", list[SymbolInfo], [FILE], _read):
        for name in row.names:
            if name.endswith("*"):
                begin.append((row.filter, name[:-1], row))
            else:
                whole[row.filter, name] = row
    begin.sort(key=lambda each: -len(each[1]))
    return whole, begin


def symbol_info(filter_name: str, symbol: str) -> SymbolInfo | None:
    """What is known of a symbol; None for one that only its filter's own description tells."""
    whole, begin = _by_name()
    found = whole.get((filter_name, symbol))
    return found or next((row for name, head, row in begin if name == filter_name and symbol.startswith(head)), None)
