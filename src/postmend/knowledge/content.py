"""What each finding about a message means (`content.toml`): how much it weighs, how it is told, how it is mended."""

from enum import StrEnum
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Cause, ParseError


class Weight(StrEnum):
    """What a finding does to a message, heaviest first."""

    REFUSE = "refuse"
    MARK = "mark"
    FIX = "fix"
    NOTE = "note"


class ContentInfo(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[finding]]`; the file's head says what each field means."""

    id: str
    weight: Weight
    do: str
    says: str = ""
    cause: Cause | None = None
    source: str = ""
    unless: str = ""


def _read() -> dict[str, ContentInfo]:
    rows = compiled.read("content", list[ContentInfo], key="finding")
    made = {row.id: row for row in rows}
    if len(made) != len(rows):
        raise ParseError("content.toml: an id stands there twice")
    return made


@cache
def all_content() -> dict[str, ContentInfo]:
    """Every finding, by id."""
    return compiled.load("content", dict[str, ContentInfo], _read)


def content_info(ident: str, kind: str = "") -> ContentInfo | None:
    """What is known of a finding, of its `kind` (a policy, a list's standing) if told apart; None for an unknown id."""
    table = all_content()
    return table.get(f"{ident}.{kind}") or table.get(ident)
