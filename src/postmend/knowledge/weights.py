"""The table of what each finding does to the causes (`weights.toml`)."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Cause, Finding, ParseError

FILE = compiled.HERE / "weights.toml"


class Weight(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One row of `weights.toml`; the file's head says what each field means. Weights in nats."""

    finding: str
    why: str
    standing: str = ""
    raises: dict[Cause, float] = {}
    lowers: dict[Cause, float] = {}
    confirms: tuple[Cause, ...] = ()


def _read() -> list[Weight]:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8"))["weight"], list[Weight])
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def all_weights() -> dict[tuple[str, str], Weight]:
    """Every row, by finding id and standing."""
    rows = compiled.load("weights", list[Weight], [FILE], _read)
    return {(row.finding, row.standing): row for row in rows}


def weight_of(finding: Finding) -> Weight | None:
    """The row for a finding, None where it says nothing about any cause."""
    table = all_weights()
    standing = finding.get("standing") or finding.get("policy")
    return table.get((finding.id, standing)) or table.get((finding.id, ""))
