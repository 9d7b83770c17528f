"""Endings of file names that receivers refuse or distrust (`attachments.toml`)."""

from functools import cache

import msgspec

from postmend.knowledge import compiled


class AttachmentKinds(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    refused: frozenset[str]
    distrusted: frozenset[str]
    trusted: frozenset[str]


@cache
def attachment_kinds() -> AttachmentKinds:
    """Every ending, in lower case without the dot."""
    return compiled.table("attachments", AttachmentKinds)
