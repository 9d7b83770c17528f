"""Knowledge written as TOML, kept beside a compiled copy so that a command starts without parsing it.

tomllib reads about 1 MB/s; msgspec reads the compiled JSON a hundred times as fast. The copy carries a checksum
of its sources and is rebuilt when they differ: editing a TOML file is enough. It is written by the wheel's
build hook, or at first use beside the sources, or in the user's cache directory where that is not writable;
where neither can be written the knowledge is built anew at each start, which is slow and nothing else.
"""

import contextlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from postmend.model import ParseError

T = TypeVar("T")

HERE = Path(__file__).resolve().parent
_SHAPE = 8  # raise when the shape of any compiled value, or how phrases are compiled, changes


class _Stamp(msgspec.Struct, array_like=True):
    """Only the head of a compiled file: read without looking at the rest."""

    stamp: int
    body: msgspec.Raw


def _checksum(sources: list[Path]) -> int:
    crc = _SHAPE
    for path in sources:
        crc = zlib.crc32(path.read_bytes(), zlib.crc32(path.name.encode(), crc))
    return crc


def _places(name: str) -> list[Path]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [HERE / f"_{name}.book.json", cache / "postmend" / f"{name}.book.json"]


def _read(path: Path, stamp: int) -> msgspec.Raw | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        head = msgspec.json.decode(path.read_bytes(), type=_Stamp)
        return head.body if head.stamp == stamp else None
    return None


def _write(path: Path, data: bytes) -> bool:
    """Write whole or not at all: another process may be reading."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        return False
    return True


def read(name: str, type_: type[T], *, key: str = "") -> T:
    """Read NAME.toml, or the table `key` in it, as `type_`; raise ParseError naming the file for what does not fit."""
    import tomllib

    path = HERE / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(content[key] if key else content, type_)
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise ParseError(f"{path.name}: {error}") from error


def table(name: str, type_: type[T], *, key: str = "") -> T:
    """`read`, by way of the compiled copy."""
    return load(name, type_, lambda: read(name, type_, key=key))


def load(name: str, type_: type[T], build: Callable[[], T], sources: list[Path] | None = None) -> T:
    """Return the compiled value called `name`, building it when its sources (NAME.toml) have changed.

    `type_` is what msgspec decodes to; `build` makes the value from the sources and may raise ParseError.
    """
    stamp = _checksum(sources or [HERE / f"{name}.toml"])
    for place in _places(name):
        body = _read(place, stamp)
        if body is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return msgspec.json.decode(body, type=type_)
    value = build()
    data = msgspec.json.encode([stamp, value])
    any(_write(place, data) for place in _places(name))
    return value
