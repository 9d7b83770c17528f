"""Cells on their way into the tables: one sheet for all messages of a source, host and MAIL FROM domain.

Three tables hold the same cells by source, by MAIL FROM domain and by host: each recipient is counted once, on its
message's sheet, and the sheets are posted to the tables together.
"""

from collections import defaultdict

import msgspec

from postmend.traffic.rollup import Rollup


class Sheet(msgspec.Struct, gc=False, eq=False):
    """Cells by hour. What is no longer `open` has been posted, and counts nothing any more."""

    source: int
    host: bytes
    domain: bytes
    hours: defaultdict[int, int]
    open: bool = True


class Sheets:
    """The open sheets of a rollup."""

    def __init__(self, rollup: Rollup) -> None:
        self._rollup = rollup
        self._open: dict[tuple[int, bytes, bytes], Sheet] = {}

    def of(self, source: int, host: bytes, mail_from: bytes) -> Sheet:
        """The sheet of a message."""
        domain = mail_from[mail_from.rfind(b"@") + 1 :]
        key = (source, host, domain)
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = Sheet(source, host, domain.lower(), defaultdict(int))
        return found

    def post(self) -> None:
        """Bring everything into the tables, and begin new sheets."""
        for sheet in self._open.values():
            self._rollup.post(sheet.source, sheet.host, sheet.domain, sheet.hours)
            sheet.open = False
        self._open.clear()
        self._rollup.thin()
