"""Writes Outlook messages (MS-OXMSG) in the smallest compound file (MS-CFB) that holds them: every stream is small."""

from __future__ import annotations

import struct

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI = 512, 64
_UNICODE = 0x001F


def outlook_message(properties: dict[int, str]) -> bytes:
    """A message with these text properties, by the number of each (MS-OXPROPS)."""
    streams = {f"__substg1.0_{pid:04X}{_UNICODE:04X}": text.encode("utf-16-le") for pid, text in properties.items()}
    entries = [
        struct.pack("<HHIII", _UNICODE, pid, 6, len(text.encode("utf-16-le")) + 2, 0)
        for pid, text in properties.items()
    ]
    store_supports_unicode = struct.pack("<HHIII", 3, 0x340D, 6, 0x00040000, 0)
    streams["__properties_version1.0"] = bytes(32) + store_supports_unicode + b"".join(entries)
    return _compound(streams)


def _compound(streams: dict[str, bytes]) -> bytes:
    mini, mini_fat, starts = b"", [], []
    for data in streams.values():
        count = -(-len(data) // _MINI)
        first = len(mini_fat)
        starts.append(first if count else _END)
        mini += data.ljust(count * _MINI, b"\0")
        mini_fat += [first + i + 1 for i in range(count - 1)] + ([_END] if count else [])
    folder = [_entry("Root Entry", 5, child=1, start=0, size=len(mini))]
    for i, (name, data) in enumerate(streams.items()):
        right = i + 2 if i + 1 < len(streams) else _FREE
        folder.append(_entry(name, 2, right=right, start=starts[i], size=len(data)))
    parts = [_padded(b"".join(folder)), _padded(struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff"), _padded(mini)]
    fat, places = [_FAT], []
    for part in parts:
        places.append(len(fat))
        count = len(part) // _SECTOR
        fat += [len(fat) + i + 1 for i in range(count - 1)] + [_END]
    assert len(fat) <= _SECTOR // 4
    body = _padded(struct.pack(f"<{len(fat)}I", *fat), b"\xff") + b"".join(parts)
    root = struct.pack("<I", places[2])
    at = places[0] * _SECTOR + 116
    body = body[:at] + root + body[at + 4 :]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, places[0], 0, 4096, places[1], len(parts[1]) // _SECTOR, _END, 0)
    return head + struct.pack("<109I", 0, *[_FREE] * 108) + body


def _padded(data: bytes, with_: bytes = b"\0") -> bytes:
    return data.ljust(-(-len(data) // _SECTOR) * _SECTOR, with_)


def _entry(name: str, kind: int, *, right: int = _FREE, child: int = _FREE, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, _FREE, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
