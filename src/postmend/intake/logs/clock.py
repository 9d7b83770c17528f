"""Time stamps of logs to minutes since 1970, as the log's own clock shows them.

Syslog's traditional form has no year. It is taken from the line before: December before January is a new year,
January before December a line that came late. A clock that jumps back by hours or days is no new year.
"""

from datetime import date

MONTHS = {name: i for i, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_MOST_HOURS = 400  # remembered: two weeks, so that no stamp without a year is taken for last year's
_MINUTES = {b"%02d" % minute: minute for minute in range(60)}
_EPOCH = date(1970, 1, 1).toordinal()
_HALF_YEAR = 6


def minutes(year: int, month: int, day: int, hour: int, minute: int) -> int | None:
    """Minutes since 1970, or None where there is no such time."""
    try:
        return (date(year, month, day).toordinal() - _EPOCH) * 1440 + hour * 60 + minute
    except ValueError:
        return None


def written(at: int) -> str:
    """`2026-11-24 20:21`."""
    day = date.fromordinal(at // 1440 + _EPOCH)
    return f"{day.isoformat()} {at % 1440 // 60:02}:{at % 60:02}"


def written_day(day: int) -> str:
    """`2026-11-24` for days since 1970."""
    return date.fromordinal(day + _EPOCH).isoformat()


class Clock:
    """Reads `Nov 24 20:21` and `2026-11-24T20:21` (what stands before the seconds).

    `year` is that of the first line, where stamps have none. Hours are remembered, for lines come by the thousand.
    """

    def __init__(self, year: int) -> None:
        self.year = year
        self._month = 0
        self._hours: dict[bytes, int] = {}  # `Nov 24 20:`: minutes since 1970

    def minute(self, stamp: bytes) -> int:
        """Minutes since 1970; -1 where the stamp names no time."""
        hour = stamp[:-2]
        minute = _MINUTES.get(stamp[-2:])
        start = self._hours.get(hour)
        if start is None:
            start = self._read(hour)
            if len(self._hours) >= _MOST_HOURS:
                self._hours.clear()
            self._hours[hour] = start
        return -1 if start < 0 or minute is None else start + minute

    def _read(self, hour: bytes) -> int:
        try:
            if hour[4:5] == b"-":
                year, month = int(hour[:4]), int(hour[5:7])
            else:
                month = MONTHS[hour[:3]]
                year = self._year_of(month)
            day, clock = int(hour[-6:-4]), int(hour[-3:-1])
        except (KeyError, ValueError):
            return -1
        found = minutes(year, month, day, clock, 0) if 0 <= clock <= 23 and hour.endswith(b":") else None
        return -1 if found is None else found

    def _year_of(self, month: int) -> int:
        gone = month - self._month if self._month else 0
        if gone > _HALF_YEAR:
            return self.year - 1
        if gone < -_HALF_YEAR:
            self.year += 1
            self._hours.clear()
        self._month = month
        return self.year
