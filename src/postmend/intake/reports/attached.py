"""Reports inside mails: the parts that may be one, decoded."""

import base64
import binascii
import re
from collections.abc import Iterator

from postmend.intake.scan import Part, normalise, parts, read_headers, split_head

_TYPES = re.compile(r"application/(?:x-)?(?:gzip|zip|zip-compressed|octet-stream|xml|tlsrpt\+\w+)|text/xml")
_NAME = re.compile(r"name\*?=\"?[^\";]*\.(?:xml|json|zip|gz)(?:\.gz)?\"?", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def attached(mail: bytes) -> Iterator[bytes]:
    """Yield the decoded body of every part that may hold a DMARC or TLS report."""
    raw = normalise(mail)
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    block, at = split_head(raw)
    for part in parts(dict(reversed(read_headers(block))), raw[at:]):
        about = f"{part.headers.get('content-type', '')} {part.headers.get('content-disposition', '')}"
        if _TYPES.match(part.type) or _NAME.search(about):
            yield _decoded(part)


def _decoded(part: Part) -> bytes:
    if part.headers.get("content-transfer-encoding", "").strip().lower() != "base64":
        return part.body
    clean = _NOT_BASE64.sub(b"", part.body)
    try:
        return base64.b64decode(
            clean[: len(clean) // 4 * 4] if len(clean) % 4 == 1 else clean + b"=" * (-len(clean) % 4)
        )
    except binascii.Error:
        return part.body
