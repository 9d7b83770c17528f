"""The frame of a syslog line: time, host, program, message. Both time forms, RFC 3164 and RFC 5424.

The two common forms are cut at their first colon, which is three times as fast as a pattern; everything else goes
through the pattern.
"""

import re

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
_ORIGIN = re.compile(rb" (\S+) ([^\s:\[\]]+)")
_REPEATED = re.compile(rb"^" + STAMP + rb":\d\d\S* \S+ last message repeated \d+ times?$")
_TRADITIONAL, _ISO = 13, 17  # bytes of a stamp up to the colon before its seconds
_MOST_ORIGINS = 10_000


class Syslog:
    """Reads lines of a syslog, each by the program that wrote it."""

    def __init__(self, programs: Programs, clock: Clock) -> None:
        self._programs = programs
        self._clock = clock
        self._handlers: dict[bytes, Handler] = {}  # by ` host program`
        self._stamp, self._at = b"", -1  # of the last line

    def line(self, line: bytes) -> Kept:
        """Take one line."""
        head, _, message = line.partition(b": ")
        head = head.partition(b"[")[0]
        if head[4:5] == b"-":
            stamp, origin = head[:_ISO], head[head.find(b" ", _ISO) :]
        else:
            stamp, origin = head[:_TRADITIONAL], head[_TRADITIONAL + 2 :]
        if stamp != self._stamp:
            self._stamp = stamp
            self._at = self._clock.minute(stamp[:-1]) if stamp.endswith(b":") else -1
        handler = self._handlers.get(origin) or self._met(origin)
        if handler is None or self._at < 0:
            return self._uncommon(line)
        return handler(self._at, message)

    def _met(self, origin: bytes) -> Handler | None:
        """The handler of ` mx1 postfix/smtp`, met for the first time; None where it is no host and program."""
        found = _ORIGIN.fullmatch(origin)
        if found is None:
            return None
        if len(self._handlers) > _MOST_ORIGINS:
            self._handlers.clear()
        handler = self._handlers[origin] = self._programs.handler(found[1], found[2])
        return handler

    def _uncommon(self, line: bytes) -> Kept:
        """A line in another frame, or in none at all."""
        found = LINE.match(line)
        if found is None:
            return Kept.KNOWN if not line.strip() or _REPEATED.match(line) else Kept.UNKNOWN
        stamp, host, program, message = found.groups(b"")
        at = self._clock.minute(stamp)
        return self._programs.handler(host, program)(at, message) if at >= 0 else Kept.UNKNOWN
