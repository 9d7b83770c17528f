"""What a report is packed in: gzip, zip, or nothing. Unpacked in small pieces, up to a bound.

Raises ParseError for an archive that is damaged, or that grows out of all measure (a zip bomb).
"""

import io
import mmap
import zipfile
import zlib
from collections.abc import Iterator

from postmend.model import ParseError

PIECE = 64 << 10
_MOST = 512 << 20  # bytes of one report, unpacked
_FREE = 16 << 20  # bytes below which no ratio is looked at
_MOST_TIMES = 300  # XML of repeated rows packs up to some hundred times
_MOST_MEMBERS = 20


def members(raw: bytes | mmap.mmap) -> Iterator[Iterator[bytes]]:
    """Yield each file in an archive, or the one file that `raw` is, as pieces of bytes."""
    if raw[:2] == b"\x1f\x8b":
        yield _bounded(_gunzip(raw), len(raw))
    elif raw[:4] == b"PK\x03\x04":
        yield from _unzip(raw)
    else:
        yield (bytes(raw[i : i + PIECE]) for i in range(0, min(len(raw), _MOST), PIECE))


def _bounded(pieces: Iterator[bytes], packed: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > _MOST or (total > _FREE and total > packed * _MOST_TIMES):
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


def _unzip(raw: bytes | mmap.mmap) -> Iterator[Iterator[bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            if len(names) > _MOST_MEMBERS:
                raise ParseError(f"a zip archive of {len(names)} files; a report is one")
            for info in names:
                yield _bounded(_member(archive, info), max(info.compress_size, 1))
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
