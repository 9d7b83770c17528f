"""What a finding costs, who is behind it and what to do about it (`findings.toml`)."""

from enum import StrEnum
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Fact, Finding, Side


class Grade(StrEnum):
    """What a finding costs, the worst first; `fine` where it costs nothing."""

    REFUSED = "refused"
    BULK = "bulk"
    HARMS = "harms"
    ADVICE = "advice"
    FINE = "fine"


class Repair(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table; the file's head says what each field means."""

    grade: Grade
    by: str
    do: str
    who: Side = Side.SENDER
    needs: tuple[str, ...] = ()
    url: str = ""
    config: tuple[str, ...] = ()
    letter: str = ""
    verify: str = ""


@cache
def repairs() -> dict[str, Repair]:
    """Every repair, by the id of its finding."""
    return compiled.table("findings", dict[str, Repair])


def grade_of(finding: Finding) -> Grade:
    """What a finding costs; a listing by the list's standing."""
    if finding.check == "blocklist":
        if finding.result is not Fact.FAIL:
            return Grade.FINE
        return {"hint": Grade.ADVICE, "minor": Grade.HARMS}.get(finding.get("standing"), Grade.REFUSED)
    if finding.result in {Fact.TEMPERROR, Fact.NOT_ASKED}:
        return Grade.FINE  # what is not known is held against nobody
    known = repairs().get(finding.id)
    if known is None:
        return Grade.HARMS if finding.result in {Fact.FAIL, Fact.PERMERROR} else Grade.FINE
    return known.grade
