"""Tag lists (RFC 6376 section 3.2): `name=value; name=value`, as DKIM, ARC, BIMI and other records have them."""

import re
from collections.abc import Sequence

from postmend.model import ParseError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BLANKS = " \t\r\n"


def parse_tags(text: str) -> dict[str, str]:
    """Names and values in the order in which they stand; raise ParseError for what is no tag list, or a tag twice."""
    tags: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()  # one semicolon may close the list
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(_BLANKS)
        if not equals or not _NAME.fullmatch(name):
            raise ParseError(
                f"not a tag: {part.strip()[:40]!r}" if part.strip() else "an empty place between semicolons"
            )
        if name in tags:
            raise ParseError(f"tag {name[:20]} stands twice")
        tags[name] = value.strip(_BLANKS)
    return tags


def only_record(texts: Sequence[str], version: str) -> dict[str, str]:
    """The tags of the one record that must stand there, its version first; raise ParseError saying why it does not."""
    if len(texts) != 1:
        raise ParseError(f"there are {len(texts)} of them")
    tags = parse_tags(texts[0])
    if tags.get("v") != version or next(iter(tags)) != "v":
        raise ParseError(f"v={version} must stand first, in these very letters")
    return tags


def squeezed(value: str) -> str:
    """A value without its white space, as folding leaves it in base64."""
    return re.sub(r"[ \t\r\n]+", "", value)
