"""Endings of file names that receivers refuse or distrust (`attachments.toml`)."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "attachments.toml"


class AttachmentKinds(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    refused: frozenset[str]
    distrusted: frozenset[str]
    trusted: frozenset[str]


def _read() -> AttachmentKinds:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), AttachmentKinds)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def attachment_kinds() -> AttachmentKinds:
    """Every ending, in lower case without the dot."""
    return compiled.load("attachments", AttachmentKinds, [FILE], _read)
