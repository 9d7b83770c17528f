"""An mbox, cut into its mails without copying it whole (RFC 4155)."""

import mmap
import re
from collections.abc import Iterator

_MOST = 8 << 20  # of one mail; the rest of it is skipped
# A line `From ` after an empty one, or after the end of a MIME message by programs that leave the empty line out.
_BREAK = re.compile(rb"(?:\r\n\r\n|\n\n|\r\r|--\r?\n|--\r)(?=From \S*[ \t]+\S)")


def is_mbox(raw: bytes | mmap.mmap) -> bool:
    """Whether it begins as an mbox does and holds a second mail."""
    return raw[:5] == b"From " and _BREAK.search(raw) is not None


def split_mbox(raw: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yield each mail, with its `From ` line, of at most 8 MiB."""
    start = 0
    for found in _BREAK.finditer(raw):
        yield bytes(raw[start : min(found.end(), start + _MOST)])
        start = found.end()
    yield bytes(raw[start : start + _MOST])
