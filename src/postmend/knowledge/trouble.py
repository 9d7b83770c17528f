"""What a report finds (`trouble.toml`): titles, meanings and steps as templates."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "trouble.toml"


class TroubleStep(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[ID.step]]`."""

    do: str
    needs: tuple[str, ...] = ()
    slot: str = ""
    config: tuple[str, ...] = ()
    verify: str = ""


class Trouble(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `trouble.toml`; the file's head says what each field means."""

    act: bool
    title: str
    meaning: str
    step: tuple[TroubleStep, ...]


def _read() -> dict[str, Trouble]:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), dict[str, Trouble])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def troubles() -> dict[str, Trouble]:
    """Everything a report can find, by id."""
    return compiled.load("trouble", dict[str, Trouble], [FILE], _read)
