"""Time stamps of logs to minutes since 1970, as the log's own clock shows them.

Syslog's traditional form has no year. It is taken from the line before: December before January is a new year,
January before December a line that came late. A clock that jumps back by hours or days is no new year.
"""

from datetime import date

MONTHS = {name: i for i, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_MOST = 20_000  # minutes remembered: two weeks of them
_MOST_DAYS = 1000  # days
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

    `year` is that of the first line, where stamps have none.
    """

    def __init__(self, year: int) -> None:
        self.year = year
        self._month = 0
        self._seen: dict[bytes, int] = {}
        self._days: dict[tuple[int, bytes], int] = {}

    def minute(self, stamp: bytes) -> int:
        """Minutes since 1970; -1 where the stamp names no time."""
        found = self._seen.get(stamp)
        if found is None:
            found = self._read(stamp)
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen[stamp] = found
        return found

    def _read(self, stamp: bytes) -> int:
        try:
            hour, minute = int(stamp[-5:-3]), int(stamp[-2:])
            if stamp[4:5] == b"-":
                year, month = int(stamp[:4]), int(stamp[5:7])
            else:
                month = MONTHS[stamp[:3]]
                year = self._year_of(month)
            key = (year, stamp[:-6])
            start = self._days.get(key)
            if start is None:
                start = minutes(year, month, int(stamp[-8:-6]), 0, 0)
                if start is None:
                    return -1
                if len(self._days) >= _MOST_DAYS:
                    self._days.clear()
                self._days[key] = start
        except (KeyError, ValueError):
            return -1
        return -1 if hour > 23 or minute > 59 else start + hour * 60 + minute

    def _year_of(self, month: int) -> int:
        gone = month - self._month if self._month else 0
        if gone > _HALF_YEAR:
            return self.year - 1
        if gone < -_HALF_YEAR:
            self.year += 1
            self._seen.clear()
        self._month = month
        return self.year
