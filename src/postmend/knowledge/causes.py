"""What is known of each cause (`causes.toml`): who can act, how it is told, what a text naming it may hide."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Cause, ParseError, Reading, Side


class CauseInfo(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `causes.toml`; the file's head says what each field means."""

    who: Side
    permanent: bool
    title: str
    meaning: str
    sisimai: str
    status: str
    hides: frozenset[Cause]
    evidence: tuple[str, ...]


def _read() -> dict[Cause, CauseInfo]:
    made = compiled.read("causes", dict[Cause, CauseInfo])
    missing = set(Cause) - made.keys()
    if missing:
        raise ParseError(f"causes.toml: nothing about {', '.join(sorted(missing))}")
    return made


@cache
def all_causes() -> dict[Cause, CauseInfo]:
    """Every cause, by id."""
    return compiled.load("causes", dict[Cause, CauseInfo], _read)


def cause_info(cause: Cause) -> CauseInfo:
    """What is known of a cause."""
    return all_causes()[cause]


def sisimai_reason(cause: Cause, reading: Reading) -> str:
    """The reason Sisimai would give: `onhold` where there was a reply that says nothing, `undefined` without one."""
    if cause is Cause.UNKNOWN and (reading.code or reading.enhanced):
        return "onhold"
    return cause_info(cause).sisimai
