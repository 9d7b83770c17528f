"""Chunks of a log's bytes to whole lines, to the format that they are in, to a sink. Bounded whatever comes.

A line longer than LONGEST is cut. Every line is accounted for: used, known, another program's, or not understood.
"""

from collections.abc import Callable, Iterable, Iterator

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.events import Events, is_events
from postmend.intake.logs.exim import LINE as EXIM_LINE
from postmend.intake.logs.journal import Journal, journal_form
from postmend.intake.logs.mainlog import MainLog
from postmend.intake.logs.programs import Programs
from postmend.intake.logs.sink import Kept, Sink
from postmend.intake.logs.syslog import LINE as SYSLOG_LINE
from postmend.intake.logs.syslog import Syslog
from postmend.intake.logs.tables import Table, table_form

LONGEST = 256 << 10
_SAMPLE = 200  # characters of a line that was not understood
_LOOKS = 64 << 10
_USED, _UNKNOWN = Kept.USED, Kept.UNKNOWN
Lines = Callable[[Iterable[bytes]], Iterator[tuple[bytes, Kept]]]  # reads lines, yields those that told nothing


def sniff(head: bytes) -> str:
    """The form by the first lines: `syslog`, `exim`, `journal ...`, `table ...`, `events`; empty where it is none."""
    head = head[:_LOOKS]
    for name, form in (("journal", journal_form(head)), ("table", table_form(head))):
        if form:
            return f"{name} {form}"
    if is_events(head):
        return "events"
    votes = {
        "exim": sum(1 for _ in EXIM_LINE.finditer(head)),
        "syslog": sum(1 for _ in SYSLOG_LINE.finditer(head)),
    }
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] else ""


class LogReader:
    """Reads one log. `feed` it chunks in order, then `close` it. `tally` counts lines by `Kept`."""

    def __init__(self, sink: Sink, year: int) -> None:
        self.tally = [0, 0, 0, 0]
        self.strange: list[bytes] = []
        self._sink = sink
        self._clock = Clock(year)
        self._rest = b""
        self._skipping = False
        self._journal: Journal | None = None
        self._read: Lines | None = None

    def feed(self, chunk: bytes) -> None:
        """Read the whole lines of what has come so far; the rest waits for the next chunk."""
        if self._skipping:
            end = chunk.find(b"\n")
            if end < 0:
                return
            chunk, self._skipping = chunk[end + 1 :], False
        chunk = self._rest + chunk
        end = chunk.rfind(b"\n") + 1
        self._rest = chunk[end:]
        if len(self._rest) > LONGEST:
            end, chunk = len(chunk) + 1, chunk[: end + LONGEST] + b"\n"
            self._rest, self._skipping = b"", True
        if end:
            self._lines(chunk if end >= len(chunk) else chunk[:end])

    def close(self) -> None:
        """Read a last line that has no line end."""
        rest, self._rest = self._rest, b""
        if rest.strip():
            self._lines(rest + b"\n")
        if self._journal is not None:
            self.tally[self._journal.close()] += 1

    def _lines(self, block: bytes) -> None:
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        read = self._read = self._read or self._reader(sniff(block))
        lines = block.split(b"\n")
        lines.pop()  # behind the last line end
        tally, others = self.tally, 0
        for line, kept in read(lines):
            others += 1
            tally[kept] += 1
            if kept is _UNKNOWN and len(self.strange) < 5:
                self.strange.append(line[:_SAMPLE])
        tally[_USED] += len(lines) - others

    def _reader(self, form: str) -> Lines:
        """Whoever reads lines of this form."""
        name, _, kind = form.partition(" ")
        if name == "journal":
            programs = Programs(self._sink)
            self._journal = Journal(lambda at, host, program, text: programs.handler(host, program)(at, text), kind)
            return _one_by_one(self._journal.line)
        if name == "table":
            return _one_by_one(Table(self._sink, kind).line)
        if name == "events":
            return _one_by_one(Events(self._sink).line)
        if name == "exim":
            return MainLog(self._sink.host(b""), self._clock).lines
        return Syslog(Programs(self._sink), self._clock).lines


def _one_by_one(read: Callable[[bytes], Kept]) -> Lines:
    def lines(block: Iterable[bytes]) -> Iterator[tuple[bytes, Kept]]:
        for line in block:
            kept = read(line)
            if kept is not _USED:
                yield line, kept

    return lines
