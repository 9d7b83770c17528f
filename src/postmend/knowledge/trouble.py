"""What a report finds (`trouble.toml`): titles, meanings and steps as templates."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.steps import StepTemplate


class Trouble(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `trouble.toml`; the file's head says what each field means."""

    act: bool
    title: str
    meaning: str
    step: tuple[StepTemplate, ...]


@cache
def troubles() -> dict[str, Trouble]:
    """Everything a report can find, by id."""
    return compiled.table("trouble", dict[str, Trouble])
