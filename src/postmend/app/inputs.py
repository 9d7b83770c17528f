"""From paths and standard input to bytes: files, folders, Maildirs; the only place of the core's input that does I/O.

A file that cannot be read is an InputError for that file; in a folder the rest goes on.
"""

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from postmend.model import ParseError

# What lies in mail folders without being mail: Dovecot's and Courier's indexes, editors' and systems' leavings.
_NOT_MAIL = ("dovecot", "courierimap", "maildirfolder", "subscriptions", ".ds_store", "thumbs.db")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: `name` is how it is shown, `path` None for standard input."""

    name: str
    path: Path | None


def find_sources(paths: tuple[str, ...]) -> list[Source]:
    """List the files behind the given paths, folders walked in order; raise ParseError for a path that is not there."""
    found: list[Source] = []
    for given in paths or ("-",):
        if given == "-":
            found.append(Source("-", None))
            continue
        path = Path(given)
        try:
            if path.is_dir():
                found += [Source(str(each), each) for each in sorted(path.rglob("*")) if _is_mail_file(each, path)]
            elif path.exists():
                found.append(Source(given, path))
            else:
                raise ParseError(f"{given}: no such file or folder")
        except (OSError, ValueError) as error:
            raise ParseError(f"{given}: cannot be read ({_why(error)})") from error
    return found


def _is_mail_file(path: Path, top: Path) -> bool:
    """Leave out hidden files, a Maildir's `tmp` (half-written mail), and indexes that are no mail."""
    inside = path.relative_to(top).parts
    if any(part.startswith(".") and i == len(inside) - 1 for i, part in enumerate(inside)):
        return False
    if path.parent.name == "tmp" and (path.parent.parent / "cur").is_dir():
        return False
    return path.is_file() and not path.name.lower().startswith(_NOT_MAIL)


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


@contextmanager
def open_bytes(source: Source) -> Iterator[bytes | mmap.mmap]:
    """Give the bytes of a source, mapped and not copied where it is a file; raise ParseError naming it."""
    try:
        if source.path is None:
            yield sys.stdin.buffer.read()
            return
        with source.path.open("rb") as file:
            size = source.path.stat().st_size
            if size < 1 << 20 or not source.path.is_file():
                yield file.read()
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                yield mapped
    except OSError as error:
        raise ParseError(f"{source.name}: cannot be read ({_why(error)})") from error
