"""One SQLite file: opened with its schema brought up to date, in WAL mode, written by one at a time.

A transaction is `BEGIN IMMEDIATE`: it waits for its turn at the start and never fails in the middle. After a crash or a
kill the last committed state is there. Whatever SQLite says (locked, full disk, not a database) becomes ParseError with
the file's name. Times are epoch milliseconds.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postmend.model import ParseError
from postmend.store.schema import APPLICATION_ID, MIGRATIONS

_WAIT_S = 5.0


def _why(error: sqlite3.Error) -> str:
    words = str(error)
    if "locked" in words:
        return "another run is using it"
    if "full" in words:
        return "the disk is full; what was stored is safe"
    return words


class Database:
    """An open file. `exclusive` shuts out every other process until it is closed or the process ends."""

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, timeout=0.5 if exclusive else _WAIT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise ParseError(f"{path}: {_why(error)}") from error
        try:
            with self.guarded():
                self._open(exclusive=exclusive)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, *, exclusive: bool) -> None:
        run = self._connection.execute
        if exclusive:
            run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")  # a killed process loses nothing; a power cut at most the last commits
        run("PRAGMA cache_size = -16000")
        run("BEGIN IMMEDIATE")
        (version,), (owner,) = run("PRAGMA user_version").fetchone(), run("PRAGMA application_id").fetchone()
        if owner not in {0, APPLICATION_ID} or (owner == 0 and run("SELECT 1 FROM sqlite_schema").fetchone()):
            raise ParseError(f"{self.path}: a database of some other program")
        if version > len(MIGRATIONS):
            raise ParseError(f"{self.path}: written by a later version of Postmend")
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                run(statement)
            run(f"PRAGMA user_version = {number}")
        run(f"PRAGMA application_id = {APPLICATION_ID}")
        run("COMMIT")

    @contextmanager
    def guarded(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading; raise ParseError for what SQLite refuses."""
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise ParseError(f"{self.path}: {_why(error)}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for writing: all of it is stored, or nothing."""
        with self.guarded() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
