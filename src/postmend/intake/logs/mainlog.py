"""Exim's main log: lines of a time, a message id, a mark, and what is behind. It names no host."""

from collections.abc import Iterable, Iterator

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.exim import LINE, Exim
from postmend.intake.logs.sink import HostSink, Kept

_STAMP = 17  # `2026-11-24 20:21:`
_IDENT = 20  # where the message id begins
_GROUP = 26  # where its first group ends
_DASH = ord("-")
_SHORT = 16  # bytes of an id before 4.97
_USED = Kept.USED


class MainLog:
    """Reads the lines of one main log."""

    def __init__(self, sink: HostSink, clock: Clock) -> None:
        self._exim = Exim(sink)
        self._clock = clock
        self._end = _IDENT + _SHORT  # where the last message id ended

    def lines(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, Kept]]:
        """Take lines such as `2026-11-24 20:21:05 1vNabc-0000000AbCd-1xYz <= ...`; yield those that told nothing."""
        marks, end = self._exim.marks, self._end
        stamp, at = b"", -1  # of the last line
        for line in lines:
            read = marks.get(line[end : end + 4])
            if read is None or line[_GROUP] != _DASH:
                kept = self._uncommon(line)
                end = self._end
            else:
                if line[:_STAMP] != stamp:
                    stamp = line[:_STAMP]
                    at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
                kept = read(at, line[_IDENT:end], line, end + 4) if at >= 0 else Kept.UNKNOWN
            if kept is not _USED:
                yield line, kept

    def _uncommon(self, line: bytes) -> Kept:
        """A line with a zone or a process id before the message id, without an id, or of another form."""
        found = LINE.match(line)
        if found is None:
            return Kept.UNKNOWN if line.strip() else Kept.KNOWN
        stamp, ident, rest = found.groups(b"")
        if ident and found.start(2) == _IDENT:
            self._end = found.end(2)
        at = self._clock.minute(stamp)
        return self._exim.line(at, ident, rest) if at >= 0 else Kept.UNKNOWN
