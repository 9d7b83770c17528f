"""An mbox, cut into its mails without copying it whole (RFC 4155)."""

import mmap
import re
from collections.abc import Iterator

_MOST = 8 << 20  # of one mail; the rest of it is skipped
_FROM = b"From "
# `From address date`, as the line that begins a mail.
_BEGINS = re.compile(rb"From \S*[ \t]+\S")
# The end of a MIME message: some programs leave out the empty line after it, and its boundary may hold anything.
_MIME_END = re.compile(rb"--[^\r\n]{1,200}--[ \t]*\Z")
# Words after which the refused message stands, with a `From ` line of its own: it is part of the notice.
_ANNOUNCED = re.compile(rb"(?::|follow(?:s|ing)?\.?|below\.?|[a-z] ?-{3,})[ \t-]*\Z", re.IGNORECASE)
_LOOK_BACK = 400  # bytes


def is_mbox(raw: bytes | mmap.mmap) -> bool:
    """Whether it begins as an mbox does and holds a second mail."""
    return raw[:5] == _FROM and next(_breaks(raw), None) is not None


def _breaks(raw: bytes | mmap.mmap) -> Iterator[int]:
    """Where each further mail begins."""
    for end in (b"\n", b"\r"):
        at = raw.find(end + _FROM)
        while at >= 0:
            if _is_break(raw, at + 1):
                yield at + 1
            at = raw.find(end + _FROM, at + 5)
        if raw.find(b"\n", 0, 65536) >= 0:
            return  # bare CR only where there is no LF


def _is_break(raw: bytes | mmap.mmap, at: int) -> bool:
    if not _BEGINS.match(raw, at, at + 400):
        return False
    before = bytes(raw[max(0, at - _LOOK_BACK) : at])
    text = before.rstrip(b"\r\n")
    line = text[max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 :]
    if line.startswith(b"--") and _MIME_END.match(line):
        return True
    ends = before[len(text) :].replace(b"\r\n", b"\n")
    return len(ends) > 1 and not _ANNOUNCED.search(line)


def split_mbox(raw: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yield each mail, with its `From ` line, of at most 8 MiB."""
    start = 0
    for at in _breaks(raw):
        yield bytes(raw[start : min(at, start + _MOST)])
        start = at
    yield bytes(raw[start : start + _MOST])
