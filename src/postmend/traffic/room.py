"""Making room in tables that are full: hours that are long past are added up, names that little is known of go."""

from typing import TypeVar

from postmend.traffic.counts import weight_of

HOUR_BITS = 20  # of a key of the base table; above them is the source's number
HOUR_MASK = (1 << HOUR_BITS) - 1
OTHERS = b"others"  # what is beyond a table's cap
_KEPT_HOURS = 21 * 24  # whose hours stay apart when cells are folded into days
_DAY = 24
_Key = TypeVar("_Key")


def folded(hours: dict[int, int], latest: int, span: int) -> dict[int, int]:
    """The cells with what is long past `latest` added up by spans of so many hours, each in its span's middle.

    The longer the span, the sooner an hour is long past.
    """
    until = latest - _KEPT_HOURS * _DAY // span
    made: dict[int, int] = {}
    for key, cell in hours.items():
        hour = key & HOUR_MASK
        if hour <= until:
            key += min(hour - hour % span + span // 2, until) - hour  # noqa: PLW2901
        made[key] = made.get(key, 0) + cell
    return made


def least(cells: dict[_Key, int], kept: int) -> list[_Key]:
    """All names but those most is known of: with the most trouble, then with the most mail."""
    names = sorted((name for name in cells if name != OTHERS), key=lambda name: weight_of(cells[name]))
    return names[: max(len(names) - kept, 0)]
