"""What an archive holds, from its directory alone. Only small archives inside are unpacked, within a bound."""

import io
import struct
import zipfile
from dataclasses import dataclass

_MOST_NAMES = 2000
_MOST_INNER = 8 << 20  # bytes of an archive inside, unpacked
_MOST_ARCHIVES = 8
_BOMB_TIMES = 200  # compressed text reaches 20 times; a bomb 1,000
_BOMB_OCTETS = 100 << 20


@dataclass(frozen=True, slots=True)
class Archive:
    """The names inside, whether any is encrypted, and how many times it grows if that is a bomb's (else 0)."""

    names: tuple[str, ...]
    encrypted: bool = False
    bomb: int = 0


def list_archive(data: bytes, ending: str = "", deep: int = 1) -> Archive | None:
    """List a zip, RAR, 7z, gzip or tar; None for what is none of these. Archives inside are listed `deep` times."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(data, deep)
    if data.startswith(b"Rar!\x1a\x07\x01\x00"):
        return _rar5(data)
    if data.startswith(b"Rar!\x1a\x07\x00"):
        return _rar4(data)
    if data.startswith(b"7z\xbc\xaf\x27\x1c"):
        # AES's method id, 06 F1 07 01, stands in the header unless that is encrypted or packed too.
        return Archive((), b"\x06\xf1\x07\x01" in data[-65536:])
    if data.startswith(b"\x1f\x8b") and len(data) > 18:
        size = int.from_bytes(data[-4:], "little")
        times = size // max(len(data), 1)
        return Archive(_gzip_name(data, ending), False, times if times > _BOMB_TIMES and size > _BOMB_OCTETS else 0)
    return None


def _gzip_name(data: bytes, ending: str) -> tuple[str, ...]:
    if data[3] & 8 and not data[3] & 4:
        return (data[10 : data.find(b"\0", 10, 300)].decode("latin-1"),)
    del ending
    return ()


def _zip(data: bytes, deep: int) -> Archive | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            infos = opened.infolist()[:_MOST_NAMES]
            inner = _inner_names(opened, infos, deep)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error, RecursionError):
        return Archive((), bool(data[6] & 1)) if len(data) > 7 else None
    packed = sum(info.compress_size for info in infos)
    size = sum(info.file_size for info in infos)
    times = size // max(packed, 1)
    bomb = times if (times > _BOMB_TIMES and size > _BOMB_OCTETS) else 0
    return Archive(
        tuple(info.filename for info in infos) + inner.names,
        inner.encrypted or any(info.flag_bits & 1 for info in infos),
        max(bomb, inner.bomb),
    )


def _inner_names(opened: zipfile.ZipFile, infos: list[zipfile.ZipInfo], deep: int) -> Archive:
    """The names inside small archives inside, told as one list."""
    names: list[str] = []
    encrypted, bomb, opened_many = False, 0, 0
    for info in infos:
        if deep <= 1 or not info.filename.lower().endswith(".zip") or info.flag_bits & 1:
            continue
        if info.file_size > _MOST_INNER or opened_many >= _MOST_ARCHIVES:
            continue
        opened_many += 1
        try:
            with opened.open(info) as inside:
                found = list_archive(inside.read(_MOST_INNER), "zip", deep - 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
            continue
        if found:
            names += found.names
            encrypted, bomb = encrypted or found.encrypted, max(bomb, found.bomb)
        if len(names) > _MOST_NAMES:
            break
    return Archive(tuple(names[:_MOST_NAMES]), encrypted, bomb)


def _rar4(data: bytes) -> Archive:
    """Blocks of RAR 1.5 to 4: type, flags and size at the front of each."""
    names: list[str] = []
    encrypted, at = False, 7
    while at + 7 <= len(data) and len(names) < _MOST_NAMES:
        _, kind, flags, size = struct.unpack_from("<HBHH", data, at)
        if kind == 0x73 and flags & 0x0080:
            return Archive(tuple(names), encrypted=True)
        extra = struct.unpack_from("<I", data, at + 7)[0] if flags & 0x8000 and at + 11 <= len(data) else 0
        if kind == 0x74 and at + 32 <= len(data):
            length = struct.unpack_from("<H", data, at + 26)[0]
            names.append(data[at + 32 : at + 32 + length].split(b"\0")[0].decode("latin-1"))
            encrypted = encrypted or bool(flags & 0x0004)
        if kind == 0x7B or size < 7:
            break
        at += size + extra
    return Archive(tuple(names), encrypted)


def _vint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 63:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            break
        shift += 7
    return value, at


def _rar5(data: bytes) -> Archive:
    """Blocks of RAR 5: CRC, size, type, flags, all variable-length numbers (the format's technical note)."""
    names: list[str] = []
    encrypted, at = False, 8
    while at + 7 < len(data) and len(names) < _MOST_NAMES:
        size, start = _vint(data, at + 4)
        kind, here = _vint(data, start)
        flags, here = _vint(data, here)
        extra, here = _vint(data, here) if flags & 1 else (0, here)
        inside, here = _vint(data, here) if flags & 2 else (0, here)
        if kind == 4:
            return Archive(tuple(names), encrypted=True)
        if kind == 2:
            names.append(_rar5_name(data, here))
            # An extra record of type 1 is the file's encryption.
            encrypted = encrypted or (extra > 2 and _vint(data, _vint(data, start + size - extra)[1])[0] == 1)
        if kind == 5 or size == 0:
            break
        at = start + size + inside
    return Archive(tuple(names), encrypted)


def _rar5_name(data: bytes, at: int) -> str:
    flags, at = _vint(data, at)
    for _ in range(2):  # unpacked size, attributes
        _, at = _vint(data, at)
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)
    for _ in range(2):  # compression, system
        _, at = _vint(data, at)
    length, at = _vint(data, at)
    return data[at : at + min(length, 1000)].decode("utf-8", "replace")
