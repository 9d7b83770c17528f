"""What a report is packed in: gzip, zip, or nothing. Unpacked in small pieces, up to a bound.

Raises ParseError for an archive that is damaged, or that grows out of all measure (a zip bomb).
"""

import io
import itertools
import mmap
import zipfile
import zlib
from collections.abc import Iterator

from postmend.model import ParseError

PIECE = 64 << 10
_MOST = 512 << 20  # bytes unpacked from one file
_FREE = 16 << 20  # bytes below which no ratio is looked at
_MOST_TIMES = 300  # XML of repeated rows packs up to some hundred times
_MOST_MEMBERS = 10_000
_MOST_INSIDE = 16 << 20  # bytes of an archive within an archive
_DEEPEST = 2
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


def is_packed(head: bytes) -> bool:
    """Whether a file is an archive that `members` opens."""
    return head.startswith((_GZIP, _ZIP))


def members(raw: bytes | mmap.mmap) -> Iterator[Iterator[bytes]]:
    """Yield each file in an archive, or the one file that `raw` is, as pieces of bytes, each before the next.

    What is wrong with one file is raised while its pieces are taken; the others can still be read.
    """
    yield from _members(raw, [_MOST], 0)


def _members(raw: bytes | mmap.mmap, room: list[int], depth: int) -> Iterator[Iterator[bytes]]:
    """`room` holds the bytes that may still be unpacked."""
    if raw[:2] == _GZIP:
        files: Iterator[Iterator[bytes]] = iter([_bounded(_gunzip(raw), len(raw), room)])
    elif raw[:4] == _ZIP:
        files = _unzip(raw, room)
    else:
        yield (bytes(raw[i : i + PIECE]) for i in range(0, min(len(raw), _MOST), PIECE))
        return
    for pieces in files:
        try:
            first = next(pieces, b"")
        except ParseError as error:
            yield _failing(error)
            continue
        if is_packed(first) and depth < _DEEPEST:
            yield from _members(_inside(first, pieces), room, depth + 1)
        else:
            yield itertools.chain((first,), pieces)


def _failing(error: ParseError) -> Iterator[bytes]:
    yield b""
    raise error


def _inside(first: bytes, rest: Iterator[bytes]) -> bytes:
    """An archive within an archive, whole."""
    data = bytearray(first)
    for piece in rest:
        data += piece
        if len(data) > _MOST_INSIDE:
            raise ParseError("an archive within an archive that is larger than any report: not read")
    return bytes(data)


def _bounded(pieces: Iterator[bytes], packed: int, room: list[int]) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        room[0] -= len(piece)
        if room[0] < 0 or (total > _FREE and total > packed * _MOST_TIMES):
            raise ParseError(f"an archive of {packed:,} bytes that unpacks to more than {total:,}: not read")
        yield piece


def _gunzip(raw: bytes | mmap.mmap) -> Iterator[bytes]:
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for i in range(0, len(raw), PIECE):
            data = bytes(raw[i : i + PIECE])
            while data:
                yield unpack.decompress(data, PIECE)
                data = unpack.unconsumed_tail
    except zlib.error as error:
        raise ParseError(f"a damaged gzip archive ({error})") from error
    if not unpack.eof:
        raise ParseError("a gzip archive that ends in the middle")


def _unzip(raw: bytes | mmap.mmap, room: list[int]) -> Iterator[Iterator[bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            if len(names) > _MOST_MEMBERS:
                raise ParseError(f"a zip archive of {len(names)} files: not read")
            for info in names:
                yield _bounded(_member(archive, info), max(info.compress_size, 1), room)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        if isinstance(error, ParseError):
            raise
        raise ParseError(f"a damaged zip archive ({str(error)[:60]})") from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as file:
            while piece := file.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, NotImplementedError) as error:
        raise ParseError(f"a damaged or locked zip archive ({str(error)[:60]})") from error
