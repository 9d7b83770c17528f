"""Exim's main log: lines of a time, a message id, a mark, and what is behind. It names no host."""

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.exim import LINE, Exim
from postmend.intake.logs.sink import HostSink, Kept

_STAMP = 17  # `2026-11-24 20:21:`
_IDENT = 20  # where the message id begins
_DASH = ord("-")
_SHORT = 16  # bytes of an id before 4.97


class MainLog:
    """Reads the lines of one main log."""

    def __init__(self, sink: HostSink, clock: Clock) -> None:
        self._exim = Exim(sink)
        self._marks = self._exim.marks
        self._clock = clock
        self._stamp, self._at = b"", -1  # of the last line
        self._end = _IDENT + _SHORT  # where its message id ended

    def line(self, line: bytes) -> Kept:
        """Take one line: `2026-11-24 20:21:05 1vNabc-0000000AbCd-1xYz <= ...`."""
        end = self._end
        read = self._marks.get(line[end : end + 4])
        if read is None or line[26] != _DASH:
            return self._uncommon(line)
        stamp = line[:_STAMP]
        if stamp != self._stamp:
            self._stamp = stamp
            self._at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
        return read(self._at, line[_IDENT:end], line, end + 4) if self._at >= 0 else Kept.UNKNOWN

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
