"""What a report finds (`trouble.toml`): titles, meanings and steps as templates."""

from functools import cache

import msgspec

from postmend.knowledge import compiled


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


@cache
def troubles() -> dict[str, Trouble]:
    """Everything a report can find, by id."""
    return compiled.table("trouble", dict[str, Trouble])
