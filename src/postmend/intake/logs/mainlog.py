"""Exim's main log: lines of a time, a message id, a mark, and what is behind. It names no host."""

from collections.abc import Iterable, Iterator

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.exim import LINE, Exim, Held
from postmend.intake.logs.sink import HostSink, Kept

_STAMP = 17  # `2026-11-24 20:21:`
_IDENT = 20  # where the message id begins
_GROUP = 26  # where the id's first group ends
_DASH = ord("-")
_SHORT = 16  # bytes of an id before 4.97
_ABOUT = len(b"<> R=")  # before the id of the message that a notice is about
_USED = Kept.USED


class MainLog:
    """Reads the lines of one main log."""

    def __init__(self, sink: HostSink, clock: Clock) -> None:
        self._exim = Exim(sink)
        self._clock = clock
        self._end = _IDENT + _SHORT  # where the last message id ended

    def lines(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, Kept]]:
        """Take lines such as `2026-11-24 20:21:05 1vNabc-0000000AbCd-1xYz <= ...`; yield those that told nothing.

        Most messages arrive, are delivered once, and are done: their three lines are told as one, for telling takes
        longer than reading. What is not done when the lines end is told as it stands.
        """
        exim, origins, held = self._exim, self._exim.origins, Held()
        stamp, at, end = b"", -1, self._end
        for line in lines:
            if line[:_STAMP] != stamp:
                stamp = line[:_STAMP]
                at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
            mark, ident, start = line[end : end + 4], line[_IDENT:end], end + 4
            if mark == b" <= ":
                origin = origins.get(line[start : line.find(b" S=", start)])
                if origin is not None and ident not in held and at >= 0 and not exim.folder:
                    held[ident] = origin, -1, b"", 0
                    continue
                exim.begin(held, line[start + _ABOUT : start + _ABOUT + end - _IDENT])
            if ident in held:
                origin, when, delivery, begins = held[ident]
                if mark == b" => " and not delivery and at >= 0:
                    held[ident] = origin, at, line, start
                    continue
                if mark == b" Com" and delivery:
                    del held[ident]
                    exim.whole(ident, origin, when, delivery, begins)
                    continue
                exim.begin(held, ident)
            if mark[1:] in exim.marks and line[_GROUP] == _DASH and at >= 0:
                kept = exim.line(at, ident, line[start - 3 :])
            else:
                kept = self._uncommon(line)
                end = self._end
            if kept is not _USED:
                yield line, kept
        for ident in list(held):
            exim.begin(held, ident)

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
