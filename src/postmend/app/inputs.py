"""From paths and standard input to bytes: files, folders, Maildirs; the only place of the core's input that does I/O.

A file that cannot be read is a ParseError for that file; in a folder the rest goes on. Folders are walked while
they are read, and what is large is mapped, so that neither a million mails nor a mailbox in a pipe fills memory.
"""

import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from postmend.model import ParseError
from postmend.model.errors import unreadable

# What lies in mail folders without being mail: Dovecot's and Courier's indexes, editors' and systems' leavings.
_NOT_MAIL = ("dovecot", "courierimap", "maildirfolder", "subscriptions", ".ds_store", "thumbs.db")
_MOST_HELD = 16 << 20  # octets of a pipe kept in memory; more goes through a temporary file
_CHUNK = 1 << 20
_SMALL = 64 << 10  # as most files are: making room for more costs more than to read them


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: `name` is how it is shown, `path` None for standard input."""

    name: str
    path: Path | None


def find_sources(paths: tuple[str, ...]) -> list[Source]:
    """List the files behind the given paths, folders walked in order; raise ParseError for a path that is not there."""
    return list(walk_sources(paths))


def walk_sources(paths: tuple[str, ...]) -> Iterator[Source]:
    """`find_sources`, each when it is asked for; a path that is not there is told at once."""
    for given in paths:
        try:
            there = given == "-" or Path(given).exists()
        except (OSError, ValueError) as error:
            raise unreadable(_shown(given), error) from error
        if not there:
            raise ParseError(f"{_shown(given)}: no such file or folder")
    return _walk(paths or ("-",))


def _walk(paths: tuple[str, ...]) -> Iterator[Source]:
    for given in paths:
        path = Path(given)
        if given == "-":
            yield Source("-", None)
        elif path.is_dir():
            yield from _folder(path)
        else:
            yield Source(_shown(given), path)


def _folder(folder: Path) -> Iterator[Source]:
    """The mails below a folder, in order; a folder that cannot be listed is a source whose reading fails."""
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield Source(_shown(str(folder)), folder)
        return
    half_written = folder.name == "tmp" and (folder.parent / "cur").is_dir()
    for entry in inside:
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _folder(Path(entry))
        elif not half_written and not entry.name.lower().startswith((".", *_NOT_MAIL)) and entry.is_file():
            yield Source(_shown(entry.path), Path(entry))


def _shown(path: str) -> str:
    """A path as text: what is no UTF-8 in it is replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def open_bytes(source: Source) -> Iterator[bytes | mmap.mmap]:
    """Give the bytes of a source, mapped and not copied where it is large; raise ParseError naming it."""
    try:
        if source.path is None:
            with _whole(sys.stdin.buffer) as data:
                yield data
        elif source.path.is_dir():
            next(source.path.iterdir(), None)  # says why it could not be listed
            raise ParseError(f"{source.name}: a folder, where one file is wanted")
        else:
            with source.path.open("rb") as file, _whole(file) as data:
                yield data
    except OSError as error:
        raise unreadable(source.name, error) from error


@contextmanager
def _whole(file: BinaryIO) -> Iterator[bytes | mmap.mmap]:
    head = file.read(_SMALL)
    if len(head) == _SMALL:
        head += file.read(_MOST_HELD - _SMALL)
    if len(head) < _MOST_HELD:
        yield head
        return
    import tempfile

    with tempfile.TemporaryFile() as spool:
        mapped: BinaryIO = file
        if not file.seekable():
            spool.write(head)
            while chunk := file.read(_CHUNK):
                spool.write(chunk)
            spool.flush()
            mapped = spool
        del head
        try:
            data = mmap.mmap(mapped.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:  # a device, or a file cut while it is read
            raise OSError(f"not a file that can be read whole: {error}") from error
        with data:
            yield data
