"""Log files as chunks of bytes: plain, gz, bz2, xz, zst; in the order they were written; with the year they began in.

What is broken is told through `problem`, and what was readable before is read.
"""

import bz2
import lzma
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from postmend.intake.exports import as_lines, is_export
from postmend.intake.log import looks_like_log
from postmend.intake.logs import sniff
from postmend.intake.logs.clock import MONTHS, Clock
from postmend.intake.logs.exim import LINE as EXIM_LINE
from postmend.intake.logs.syslog import LINE as SYSLOG_LINE
from postmend.intake.logs.syslog import STAMP
from postmend.model import ParseError

CHUNK = 1 << 20
_SMALL = 64 << 10  # read first, for most files of a folder are small
_ZSTD_STEP = 512  # packed bytes: at most some megabytes
_ZSTD_WINDOW = 128 << 20  # what `zstd --long` needs
_PACKED = 16 << 10  # packed bytes that are unpacked at a time
HEAD = 256 << 10
_ALIKE = 4 << 10  # bytes that no two logs begin with: times, queue ids
_STAMPED = re.compile(rb"^(?:<\d{1,3}>)?(?:1 )?(" + STAMP + rb"):\d\d", re.MULTILINE)
_MOST_TIMES = 2000  # that a compressed file may grow, above ...
_MOST_FREE = 1 << 30  # ... this many bytes
_DAY_S = 86400
_SET_BACK_DAYS = 14
_PASTED = 20  # lines of a log that somebody pasted


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log, or a part of one: bytes `start` to `end` (None: all). `year` is its first line's; `first` sorts."""

    name: str
    path: Path | None
    year: int
    first: int
    size: int
    hosts: frozenset[bytes]
    begins: bytes = b""  # a digest of its first bytes, unpacked
    start: int = 0
    end: int | None = None


class _Zstd:
    """zstandard's decompressor as zlib's and lzma's are: in small steps, for its own have no bound; a ValueError."""

    def __init__(self) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise ParseError("a .zst file needs the extra `zstd`: pip install 'postmend[zstd]'") from error
        self._unpack = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._error = zstandard.ZstdError
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return bool(self._unpack.eof)

    def decompress(self, part: bytes) -> bytes:
        try:
            piece: bytes = self._unpack.decompress(part[:_ZSTD_STEP])
        except self._error as error:
            raise ValueError(str(error)) from error
        self.unused_data = self._unpack.unused_data + part[_ZSTD_STEP:]
        return piece


def _decompressor(magic: bytes) -> Callable[[], Any] | None:
    if magic.startswith(b"\x1f\x8b"):
        return lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)
    if magic.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor
    return _Zstd if magic.startswith(b"\x28\xb5\x2f\xfd") else None


def chunks(path: Path, problem: Callable[[str], None], read: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
    """Yield a file's bytes, decompressed and in lines; `read` is told of each chunk's size on the disk."""
    return as_lines(_chunks(path, problem, read))


def _chunks(path: Path, problem: Callable[[str], None], read: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        data = file.read(_SMALL)
        make = _decompressor(data[:8])
        if make is None:
            while data:
                read(len(data))
                yield data
                data = file.read(CHUNK)
            return
        yield from _unpacked(file.read, data, make, lambda text: problem(f"{path}: {text}"), read)


def _unpacked(
    more: Callable[[int], bytes], data: bytes, make: Callable[[], Any], problem: Callable[[str], None],
    read: Callable[[int], None],
) -> Iterator[bytes]:  # fmt: skip
    """Members of a compressed file one after the other, in bounded pieces: what stands before a damage is read."""
    unpack, taken, given = make(), 0, 0
    try:
        while data:
            taken += len(data)
            read(len(data))
            for start in range(0, len(data), _PACKED):
                part = data[start : start + _PACKED]
                while part:
                    if getattr(unpack, "eof", False):
                        if not part.strip(b"\0"):
                            break  # padding
                        unpack = make()
                    if hasattr(unpack, "unconsumed_tail"):
                        piece = unpack.decompress(part, CHUNK)
                    else:
                        piece = unpack.decompress(part)
                    given += len(piece)
                    if given > _MOST_FREE and given > taken * _MOST_TIMES:
                        problem("grows out of all measure when unpacked; the rest is left out")
                        return
                    if piece:
                        yield piece
                    part = getattr(unpack, "unconsumed_tail", b"") or getattr(unpack, "unused_data", b"")
            data = more(CHUNK)
        if not getattr(unpack, "eof", True):
            problem("ends in the middle (truncated); what was there has been read")
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        problem(f"is damaged ({str(error)[:80]}); what was readable has been read")


def head_of(path: Path) -> bytes:
    """The first HEAD bytes of a file, decompressed."""
    got = b""
    for piece in chunks(path, lambda _: None):
        got += piece
        if len(got) >= HEAD:
            break
    return got[:HEAD]


def _tail_of(path: Path, head: bytes) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        if _decompressor(file.read(8)) is None:
            file.seek(max(0, size - HEAD))
            return file.read()
    last = head
    for piece in chunks(path, lambda _: None):
        last = (last + piece)[-HEAD:]
    return last


def _first_year(head: bytes, tail: bytes, written_s: float) -> int:
    """The year of a log's first line: stamps without a year end at or before the file was last written."""
    stamps = _STAMPED.findall(head)
    now = time.localtime(written_s + _DAY_S)
    if not stamps or stamps[0][4:5] == b"-":
        return now.tm_year
    ends = [stamp for stamp in _STAMPED.findall(tail) if stamp[4:5] != b"-"] or stamps
    first, last = _place(stamps[0]), _place(ends[-1])
    year = now.tm_year - (last > (now.tm_mon, now.tm_mday))
    # A log that begins late in the year and ends early went over New Year; a day or two back is a clock set back.
    return year - (first > last and (first[0] - last[0]) * 31 + first[1] - last[1] > _SET_BACK_DAYS)


def _place(stamp: bytes) -> tuple[int, int]:
    try:
        return MONTHS[stamp[:3]], int(stamp[4:6])
    except (KeyError, ValueError):
        return 1, 1


def look_at(name: str, path: Path, head: bytes) -> LogFile:
    """What order, year and hosts need to know of a log."""
    info = path.stat()
    traditional = (found := _STAMPED.search(head)) is not None and found[1][4:5] != b"-"
    year = _first_year(head, _tail_of(path, head) if traditional else b"", info.st_mtime)
    found = _STAMPED.search(head)
    first = Clock(year).minute(found[1]) if found else -1
    hosts = frozenset(line[1] for line in SYSLOG_LINE.findall(head)[:2000])
    return LogFile(name, path, year, first, info.st_size, hosts, sha256(head[:_ALIKE]).digest())


def without_copies(logs: Sequence[LogFile], problem: Callable[[str], None]) -> list[LogFile]:
    """Each log once: of those that begin alike (one packed, or one still growing) the longest; tell the others."""
    alike: dict[bytes, list[LogFile]] = {}
    for log in logs:
        alike.setdefault(log.begins or log.name.encode(), []).append(log)
    kept = []
    for same in alike.values():
        longest = same[0] if len(same) == 1 else max(same, key=_length)
        kept.append(longest)
        for log in same:
            if log is not longest:
                problem(f"{log.name}: the same log as {longest.name}, or its beginning; it is counted once")
    return kept


def _length(log: LogFile) -> int:
    assert log.path is not None
    return sum(len(piece) for piece in chunks(log.path, lambda _: None))


def is_log(head: bytes) -> bool:
    """Whether most of the first lines are a log's."""
    if sniff(head) not in {"", "syslog", "exim"}:
        return True
    lines = [line for line in head.split(b"\n")[:200] if line.strip()]
    if head[:4096].lstrip().startswith((b"From ", b"Return-Path:", b"Received:")) or not lines:
        return False
    if len(lines) > _PASTED and looks_like_log(head[:65536]):
        return True  # though no line may be understood: that is then told
    known = sum(1 for line in lines if SYSLOG_LINE.match(line) or EXIM_LINE.match(line))
    return known * 5 >= len(lines) or known >= 20


def cut(log: LogFile, parts: int) -> list[LogFile]:
    """A large plain log in parts at line ends, for several processes."""
    assert log.path is not None
    with log.path.open("rb") as file:
        head = file.read(_SMALL)
        if parts < 2 or log.size < 64 << 20 or _decompressor(head) is not None or is_export(head):
            return [log]
        edges = [0]
        for i in range(1, parts):
            file.seek(log.size * i // parts)
            file.readline(1 << 20)
            edges.append(file.tell())
        made = []
        for start, end in zip(edges, [*edges[1:], log.size], strict=True):
            file.seek(start)
            found = _STAMPED.search(file.read(HEAD))
            month = _place(found[1])[0] if found and found[1][4:5] != b"-" else 0
            began = _place(_STAMPED.findall(_head(file))[0])[0] if month else 0
            made.append(replace(log, year=log.year + (0 < month < began), size=end - start, start=start, end=end))
        return made


def _head(file: Any) -> bytes:
    file.seek(0)
    data: bytes = file.read(HEAD)
    return data


def part_chunks(log: LogFile, problem: Callable[[str], None], read: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a log or of its part."""
    assert log.path is not None
    if log.end is None:
        yield from chunks(log.path, problem, read)
        return
    with log.path.open("rb") as file:
        file.seek(log.start)
        left = log.end - log.start
        while left > 0 and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            read(len(data))
            yield data
