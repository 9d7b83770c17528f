"""XML of the same shape, read by a parser once: from then on each value is where it was the first time.

Reports are written by programs: from row to row and from day to day only the texts of the leaves differ. A piece of
XML is cut at these texts; the rest is its shape. The first piece of a shape goes through the parser with marks in
place of the texts, and where the marks come out is where later texts come out. This is exact: what is cut out holds
nothing that means anything to a parser, and what cannot be read by itself is left to whoever has the whole.
"""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

from postmend.intake.reports.feedback import Values

# ASCII, without what may end a text or stand for something else, and of a length at which nothing is cut.
_TEXT = re.compile(rb">([\t\n -%'-;=?-}]{0,2000})</")
_MARK = re.compile(rb"~(\d+)~")
# In the rest: what may hide a text (comments, sections), what may come out as a mark, and what depends on a charset.
_UNFIT = re.compile(rb"<!|.<\?|~|&#|[^\t\n\r -~]", re.DOTALL)
_MOST = 1000  # shapes remembered ...
_LONGEST = 8 << 10  # ... each of at most so many bytes


class _Places(NamedTuple):
    """Where the values are in a piece that is cut at its texts, with `fixed` behind it: what is no text of its own."""

    take: Callable[[list[bytes]], Values]
    fixed: list[bytes]


class Shapes:
    """`read` gives the values of a piece, two at least, or None where it cannot be read by itself."""

    def __init__(self, read: Callable[[bytes], Values | None]) -> None:
        self._read = read
        self._known: dict[bytes, _Places | None] = {}

    def values(self, piece: bytes) -> Values | None:
        """The same as `read`, without surrounding white space; or None where somebody has to read the whole."""
        cut = _TEXT.split(piece)
        shape = b"~".join(cut[::2])
        places = self._known[shape] if shape in self._known else self._learn(shape, len(cut))
        return None if places is None else places.take(cut + places.fixed)

    def _learn(self, shape: bytes, length: int) -> _Places | None:
        rest = shape.split(b"~")
        if len(shape) > _LONGEST or len(rest) * 2 - 1 != length or any(map(_UNFIT.search, rest)):
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[shape] = places = self._places(rest, length)
        return places

    def _places(self, rest: list[bytes], length: int) -> _Places | None:
        marked = b"".join(part + b">~%d~</" % (2 * i + 1) for i, part in enumerate(rest[:-1])) + rest[-1]
        values = self._read(marked)
        if values is None:
            return None
        places, fixed = [], list[bytes]()
        for value in values:
            mark = _MARK.fullmatch(value)
            if mark is None and b"~" in value:
                return None  # a mark with something beside it
            places.append(int(mark[1]) if mark else length + len(fixed))
            if mark is None:
                fixed.append(value)
        return _Places(itemgetter(*places), fixed)
