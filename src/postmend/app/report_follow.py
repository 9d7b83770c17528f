"""`postmend report --follow`: a log that is still being written, read as it grows, over its rotations.

Nothing is read twice; what was renamed away is read to its end before the new file is begun.
"""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from postmend.app.countries import Countries
from postmend.app.inputs import find_sources
from postmend.app.logfiles import CHUNK, LogFile
from postmend.app.report import Read, Wanted, make_inputs, read_logs, sort_inputs
from postmend.intake.logs import LogReader
from postmend.model import ParseError
from postmend.traffic.build import build
from postmend.traffic.received import Received
from postmend.traffic.report import Report


class Follower:
    """Reads what is there, then what comes: `poll` says whether there was something new, `report` what it all says."""

    def __init__(self, wanted: Wanted) -> None:
        problems: list[str] = []
        self._countries = Countries(wanted.countries) if wanted.countries else None
        if "-" in wanted.paths:
            raise ParseError("--follow needs a file: standard input cannot be waited for")
        logs, _ = sort_inputs(find_sources(wanted.paths), problems, ExitStack())
        live = [
            log for log in logs if log.path is not None and not log.path.name.endswith((".gz", ".bz2", ".xz", ".zst"))
        ]
        if not live:
            raise ParseError(problems[0] if problems else "--follow needs a log that is not packed")
        self._path = _path(live[-1])
        self._read: Read = read_logs([log for log in logs if log is not live[-1]], wanted)
        self._read.problems += problems
        self._files = len(logs)
        self._bytes = 0
        self._reader = LogReader(self._read.stitcher, live[-1].year)
        self._file: BinaryIO = self._path.open("rb")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def poll(self) -> bool:
        """Read what has come since; True where there was something."""
        new = self._drain()
        if self._rotated():
            new = self._drain() or new
            self._file.close()
            self._file = self._path.open("rb")
            new = self._drain() or new
        return new

    def report(self) -> Report:
        """The report as of now."""
        read, received = replace(self._read), Received()
        read.add(self._reader)
        inputs = make_inputs(read, read.problems, self._files, self._bytes, 0, received)
        made = build(read.stitcher.tables(), inputs, received)
        if self._countries is not None:
            self._countries.tell(made)
        return made

    def _drain(self) -> bool:
        new = False
        while data := self._file.read(CHUNK):
            self._reader.feed(data)
            self._bytes += len(data)
            new = True
        return new

    def _rotated(self) -> bool:
        """Renamed and begun anew, or cut to nothing in its place (logrotate's copytruncate)."""
        try:
            there, ours = self._path.stat(), os.fstat(self._file.fileno())
        except OSError:
            return False  # between the renaming and the new file
        if there.st_ino == ours.st_ino and there.st_dev == ours.st_dev:
            if there.st_size < self._file.tell():
                self._file.seek(0)
            return False
        return True


def _path(log: LogFile) -> Path:
    assert log.path is not None
    return log.path
