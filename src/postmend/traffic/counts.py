"""Eight counters in one integer, so that a million of them fit in a hundred megabytes.

Each has 32 bits. A cell is added to with `UNIT[...]`, cells are added as integers, `unpack` takes one apart.
"""

from enum import IntEnum
from struct import Struct

BITS = 32
_MASK = (1 << BITS) - 1


class Count(IntEnum):
    """What is counted in a cell.

    `BOUNCED` includes `EXPIRED`; `DEFERRED` is recipients put off at least once, `DEFERRALS` each attempt; `DEAD` are
    bounces that say the address is no good, `BLOCKED` refusals (also transient ones) for who or what was sent.
    """

    MESSAGES = 0
    DELIVERED = 1
    BOUNCED = 2
    EXPIRED = 3
    DEFERRED = 4
    DEFERRALS = 5
    DEAD = 6
    BLOCKED = 7


UNIT = tuple(1 << (BITS * i) for i in Count)
_BOUNCED, _EXPIRED = UNIT[Count.BOUNCED], UNIT[Count.BOUNCED] + UNIT[Count.EXPIRED]
AGAIN = UNIT[Count.DEFERRALS]  # put off once more
_FIRST = UNIT[Count.DEFERRED] + AGAIN
_CELL = Struct(f"<{len(UNIT)}I")


def unpack(cell: int) -> tuple[int, ...]:
    """The counters of a cell, in the order of `Count`."""
    return _CELL.unpack(cell.to_bytes(_CELL.size, "little"))


def get(cell: int, which: Count) -> int:
    """One counter of a cell."""
    return (cell >> (BITS * which)) & _MASK


def weight_of(cell: int) -> tuple[int, int]:
    """By what names are told apart where not all have room: their trouble, then their mail."""
    _, delivered, bounced, _, _, _, dead, blocked = unpack(cell)
    return dead + blocked, delivered + bounced


def cell_of(outcome: int, *, first: bool, dead: bool, blocked: bool) -> int:
    """The cell that a refusal adds (2: bounced, 3: expired, 1: deferred). `first` is a recipient's first refusal."""
    cell = (_FIRST if first else AGAIN) if outcome == 1 else _BOUNCED if outcome == 2 else _EXPIRED
    if dead and outcome >= 2:
        cell += UNIT[Count.DEAD]
    if blocked and first:
        cell += UNIT[Count.BLOCKED]
    return cell
