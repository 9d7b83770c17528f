"""An mbox, cut into its mails without copying it whole (RFC 4155)."""

import mmap
from collections.abc import Iterator

_MOST = 8 << 20  # of one mail; the rest of it is skipped
_BREAKS = (b"\n\nFrom ", b"\r\n\r\nFrom ", b"\r\rFrom ")


def is_mbox(raw: bytes | mmap.mmap) -> bool:
    """Whether it begins as an mbox does and holds a second mail."""
    return raw[:5] == b"From " and any(raw.find(each) >= 0 for each in _BREAKS)


def split_mbox(raw: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yield each mail, with its `From ` line, of at most 8 MiB."""
    separator = min((each for each in _BREAKS if raw.find(each) >= 0), key=raw.find, default=_BREAKS[0])
    start, step = 0, len(separator) - len(b"From ")
    while start >= 0:
        end = raw.find(separator, start)
        stop = end + step if end >= 0 else len(raw)
        yield bytes(raw[start : min(stop, start + _MOST)])
        start = stop if end >= 0 else -1
