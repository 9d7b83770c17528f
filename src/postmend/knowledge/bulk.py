"""Words that mail to many carries (`bulk.toml`)."""

import re
from functools import cache

import msgspec

from postmend.knowledge import compiled


class _Bulk(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    leave: tuple[str, ...]


@cache
def _words() -> tuple[tuple[str, re.Pattern[str] | None], ...]:
    """Each word to find; those with a gap as what stands before it, and a pattern of the whole."""
    made: list[tuple[str, re.Pattern[str] | None]] = []
    for word in compiled.table("bulk", _Bulk).leave:
        head, gap, _ = word.partition("..")
        made.append((head, re.compile(re.escape(word).replace(r"\.\.", ".{0,24}")) if gap else None))
    return tuple(made)


def speaks_of_leaving(text: str) -> bool:
    """Whether a text tells how to leave a list, in any of the languages of the file."""
    plain = " ".join(text.lower().split())
    return any(head in plain and (gap is None or gap.search(plain) is not None) for head, gap in _words())
