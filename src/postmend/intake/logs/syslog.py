"""The frame of a syslog line: time, host, program, message. Both time forms, RFC 3164 and RFC 5424.

The two common forms are cut at their first colon, which is three times as fast as a pattern; everything else goes
through the pattern.
"""

import re
from collections.abc import Iterable, Iterator

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.programs import Programs
from postmend.intake.logs.sink import Handler, Kept

STAMP = rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d)"
# minute, host, program with its pid, message. RFC 5424 has a version before, and fields after the program.
LINE = re.compile(
    rb"^(?:<\d{1,3}>)?(?:1 )?(" + STAMP + rb"):\d\d\S* (\S+) "
    rb"([^\s:\[]+)(?:\[\d*\])?(?:: ?| [\d-]+ \S+ (?:-|\[[^\]\n]*\]) (?:\xef\xbb\xbf)?)(.*)$",
    re.MULTILINE,
)
_REPEATED = re.compile(rb"^" + STAMP + rb":\d\d\S* \S+ last message repeated \d+ times?$")
_TRADITIONAL, _ISO = 13, 17  # bytes of a stamp up to the colon before its seconds
_NOWHERE = 1 << 30
_MOST_ORIGINS = 10_000
_USED = Kept.USED


class Syslog:
    """Reads lines of a syslog, each by the program that wrote it."""

    def __init__(self, programs: Programs, clock: Clock) -> None:
        self._programs = programs
        self._clock = clock
        self._handlers: dict[bytes, Handler] = {}  # by ` host program`

    def lines(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, Kept]]:
        """Take lines in order; yield those of which nothing was told, and why."""
        handlers = self._handlers
        stamp, size, at, origin = b"", -1, -1, _NOWHERE  # of the last line, and where its host begins
        for line in lines:
            head, _, message = line.partition(b": ")
            head = head.partition(b"[")[0]
            if head[:size] != stamp:
                size = _ISO if head[4:5] == b"-" else _TRADITIONAL
                stamp = head[:size]
                at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
                origin = head.find(b" ", size) if at >= 0 else _NOWHERE
            handler = handlers.get(head[origin:])
            kept = self._uncommon(line) if handler is None else handler(at, message)
            if kept is not _USED:
                yield line, kept

    def _uncommon(self, line: bytes) -> Kept:
        """A line of a program that was not met before, in another frame, or in none at all."""
        found = LINE.match(line)
        if found is None:
            return Kept.KNOWN if not line.strip() or _REPEATED.match(line) else Kept.UNKNOWN
        stamp, host, program, message = found.groups(b"")
        if len(self._handlers) > _MOST_ORIGINS:
            self._handlers.clear()
        handler = self._handlers[b" %s %s" % (host, program)] = self._programs.handler(host, program)
        at = self._clock.minute(stamp)
        return handler(at, message) if at >= 0 else Kept.UNKNOWN
