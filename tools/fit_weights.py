"""Fits the table of the verdict on the generated cases, and shows how well its states are calibrated.

    python -m tools.fit_weights            # the table as it is: accuracy and calibration
    python -m tools.fit_weights --fit      # and what each weight would be, if the cases alone decided

A person changes the table, with the reason in its row: the cases are drawn by people too. Each weight is tried a little
up and down; a change counts only for what it gains in log loss above a pull towards the value that stands there.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from postmend.diagnosis import judge
from postmend.knowledge.weights import Weight, all_weights
from postmend.model import Cause, State
from tests.diagnosis.cases import Known, cases, right

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEEDS = (1, 2, 3)  # not those that the tests count on
_PULL = 0.02
_WRONG_CONFIRMED = 1.0
_TRIES = (0.7, 0.85, 1.15, 1.4)
_TOLD = 0.001  # log loss below which a change is not worth telling
Rows = dict[tuple[str, str], Weight]


def loss(known: Sequence[Known], table: Rows) -> float:
    """Mean log loss of the true cause, with a fine for each wrong verdict that is called confirmed."""
    total = 0.0
    for each in known:
        made = judge(each.failure, each.reading, each.findings, (), table)
        share = sum(c.confidence for c in made.candidates if right(each.sketch.truth, c.cause))
        total -= math.log(max(share, 1e-3))
        if made.state is State.CONFIRMED and not right(each.sketch.truth, made.cause):
            total += _WRONG_CONFIRMED
    return total / len(known)


def calibration(known: Sequence[Known]) -> dict[State, tuple[int, int]]:
    """For each state: how many verdicts were right, and how many there were."""
    made: dict[State, list[bool]] = defaultdict(list)
    for each in known:
        verdict = judge(each.failure, each.reading, each.findings)
        made[verdict.state].append(right(each.sketch.truth, verdict.cause))
    return {state: (sum(held), len(held)) for state, held in made.items()}


def _weights(table: Rows) -> Iterator[tuple[tuple[str, str], str, Cause, float]]:
    for key, row in table.items():
        for side in ("raises", "lowers"):
            for cause, nats in getattr(row, side).items():
                yield key, side, cause, nats


def fit(known: Sequence[Known]) -> None:
    """Print, for each weight, the value that the cases would like better."""
    table: Rows = dict(all_weights())
    base = loss(known, table)
    for key, side, cause, nats in list(_weights(table)):
        best, gain = nats, 0.0
        for factor in _TRIES:
            changed = msgspec.structs.replace(table[key], **{side: getattr(table[key], side) | {cause: nats * factor}})
            gained = base - loss(known, table | {key: changed}) - _PULL * math.log(factor) ** 2
            if gained > gain:
                best, gain = nats * factor, gained
        if gain > _TOLD:
            sys.stdout.write(
                f"{' '.join(filter(None, key)):34} {side:7} {cause:26} {nats:5.1f} -> {best:4.1f}  {gain:.4f}\n"
            )


def main() -> None:
    """Run as the module's documentation says."""
    known = [each for seed in SEEDS for each in cases(seed)]
    for state, (held, made) in sorted(calibration(known).items()):
        sys.stdout.write(f"{state:10} {held:4} of {made:4} right  {held / made:6.1%}\n")
    sys.stdout.write(f"log loss   {loss(known, dict(all_weights())):.4f} over {len(known)} cases\n")
    if "--fit" in sys.argv[1:]:
        fit(known)


if __name__ == "__main__":
    main()
