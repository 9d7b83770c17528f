"""Words that mail to many carries (`bulk.toml`)."""

import re
from functools import cache

import msgspec

from postmend.knowledge import compiled


class _Bulk(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    leave: tuple[str, ...]


@cache
def _pattern() -> re.Pattern[str]:
    words = compiled.table("bulk", _Bulk).leave
    return re.compile("|".join(re.escape(word).replace(r"\.\.", ".{0,24}") for word in words))


def speaks_of_leaving(text: str) -> bool:
    """Whether a text tells how to leave a list, in any of the languages of the file."""
    return _pattern().search(" ".join(text.lower().split())) is not None
