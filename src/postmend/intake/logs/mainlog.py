"""Exim's main log: lines of a time, a message id, a mark, and what is behind. It names no host."""

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.exim import LINE, Exim
from postmend.intake.logs.sink import HostSink, Kept

_STAMP = 17  # `2026-11-24 20:21:`
_DASH = ord("-")


class MainLog:
    """Reads the lines of one main log."""

    def __init__(self, sink: HostSink, clock: Clock) -> None:
        self._exim = Exim(sink)
        self._marks = self._exim.marks
        self._clock = clock
        self._stamp, self._at = b"", -1  # of the last line

    def line(self, line: bytes) -> Kept:
        """Take one line: `2026-11-24 20:21:05 1vNabc-0000000AbCd-1xYz <= ...`."""
        parts = line.split(b" ", 4)
        try:
            ident = parts[2]
            read = self._marks[parts[3]]
            common = ident[6] == _DASH
        except (IndexError, KeyError):
            common = False
        if not common:
            return self._uncommon(line)
        stamp = line[:_STAMP]
        if stamp != self._stamp:
            self._stamp = stamp
            self._at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
        if self._at < 0:
            return Kept.UNKNOWN
        return read(self._at, ident, parts[4] if len(parts) == 5 else b"")

    def _uncommon(self, line: bytes) -> Kept:
        """A line with a zone or a process id before the message id, without an id, or of another form."""
        found = LINE.match(line)
        if found is None:
            return Kept.UNKNOWN if line.strip() else Kept.KNOWN
        stamp, ident, rest = found.groups(b"")
        at = self._clock.minute(stamp)
        return self._exim.line(at, ident, rest) if at >= 0 else Kept.UNKNOWN
