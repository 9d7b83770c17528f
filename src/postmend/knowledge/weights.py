"""The table of what each finding does to the causes (`weights.toml`)."""

from collections.abc import Mapping
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Cause, Finding


class Weight(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One row of `weights.toml`; the file's head says what each field means. Weights in nats."""

    finding: str
    why: str
    standing: str = ""
    raises: dict[Cause, float] = {}
    lowers: dict[Cause, float] = {}
    confirms: tuple[Cause, ...] = ()

    @property
    def about_timing(self) -> bool:
        """Whether it is about when the refusal was spoken, not about anything that was asked."""
        return self.finding.startswith("reply.")


Table = Mapping[tuple[str, str], Weight]  # by finding id and standing


@cache
def all_weights() -> Table:
    """Every row, by finding id and standing."""
    rows = compiled.table("weights", list[Weight], key="weight")
    return {(row.finding, row.standing): row for row in rows}


def weight_of(finding: Finding, table: Table | None = None) -> Weight | None:
    """The row for a finding, None where it says nothing about any cause."""
    rows = all_weights() if table is None else table
    standing = finding.get("standing") or finding.get("policy")
    ident = finding.id
    if ident == "blocklist.not_listed" and Cause.BLOCKLISTED_DOMAIN_OR_URL in finding.against:
        ident = "blocklist.domain_not_listed"
    return rows.get((ident, standing)) or rows.get((ident, ""))
