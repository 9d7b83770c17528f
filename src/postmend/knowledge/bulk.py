"""Words that mail to many carries (`bulk.toml`)."""

import re
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "bulk.toml"


class _Bulk(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    leave: tuple[str, ...]


def _read() -> _Bulk:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), _Bulk)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def _pattern() -> re.Pattern[str]:
    words = compiled.load("bulk", _Bulk, [FILE], _read).leave
    return re.compile("|".join(re.escape(word).replace(r"\.\.", ".{0,24}") for word in words))


def speaks_of_leaving(text: str) -> bool:
    """Whether a text tells how to leave a list, in any of the languages of the file."""
    return _pattern().search(" ".join(text.lower().split())) is not None
