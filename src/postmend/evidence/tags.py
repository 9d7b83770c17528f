"""Tag lists (RFC 6376 section 3.2): `name=value; name=value`, as DKIM, ARC, BIMI and other records have them."""

import re
from collections.abc import Sequence

from postmend.model import ParseError

_TAG = re.compile(r"[ \t\r\n]*([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=[ \t\r\n]*(.*?)[ \t\r\n]*", re.DOTALL)


def parse_tags(text: str) -> dict[str, str]:
    """Names and values in the order in which they stand; raise ParseError for what is no tag list, or a tag twice."""
    tags: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()  # one semicolon may close the list
    for part in parts:
        found = _TAG.fullmatch(part)
        if found is None:
            raise ParseError(
                f"not a tag: {part.strip()[:40]!r}" if part.strip() else "two semicolons with no tag between"
            )
        if found[1] in tags:
            raise ParseError(f"tag {found[1]} stands twice")
        tags[found[1]] = found[2]
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
