"""The verdict on hundreds of cases whose truth is known: right, and as sure as it is right."""

from __future__ import annotations

from collections import Counter

import pytest

from postmend.diagnosis import judge
from postmend.knowledge.weights import all_weights
from postmend.model import AddressVerdict, Cause, Diagnosis, State
from tests.diagnosis.cases import Known, cases, right

SEED = 20261124


@pytest.fixture(scope="module")
def judged() -> list[tuple[Known, Diagnosis]]:
    return [(each, judge(each.failure, each.reading, each.findings)) for each in cases(SEED)]


def share(judged: list[tuple[Known, Diagnosis]]) -> float:
    return sum(right(known.sketch.truth, made.cause) for known, made in judged) / len(judged)


def wrong(judged: list[tuple[Known, Diagnosis]]) -> list[str]:
    return [
        f"{known.sketch.truth} -> {made.cause} {made.state} {known.sketch.faults} {known.failure.reply.text}"
        for known, made in judged
        if not right(known.sketch.truth, made.cause)
    ]


@pytest.mark.parametrize(
    ("kind", "least"), [("plain", 0.97), ("innocent", 0.97), ("vague", 0.95), ("misleading", 0.95)]
)
def test_right_cause(judged: list[tuple[Known, Diagnosis]], kind: str, least: float) -> None:
    mine = [each for each in judged if each[0].sketch.kind == kind]
    assert share(mine) >= least, wrong(mine)


def test_states_are_calibrated(judged: list[tuple[Known, Diagnosis]]) -> None:
    for state, least in ((State.CONFIRMED, 0.99), (State.LIKELY, 0.85), (State.POSSIBLE, 0.5)):
        mine = [each for each in judged if each[1].state is state]
        assert len(mine) >= 10, state
        assert share(mine) >= least, (state, wrong(mine))


def test_what_nothing_decides_is_called_possible(judged: list[tuple[Known, Diagnosis]]) -> None:
    doubted = [made.state for known, made in judged if known.sketch.kind == "doubtful"]
    assert Counter(doubted)[State.POSSIBLE] >= 0.9 * len(doubted), Counter(doubted)
    assert State.CONFIRMED not in doubted


def test_nothing_wrong_is_confirmed_or_suppressed(judged: list[tuple[Known, Diagnosis]]) -> None:
    sure = [each for each in judged if each[1].state is State.CONFIRMED]
    assert not wrong(sure)
    dead = [each for each in judged if each[1].address is AddressVerdict.SUPPRESS]
    assert {known.sketch.truth for known, _ in dead} == {Cause.USER_UNKNOWN}
    assert not [known for known, _ in dead if known.sketch.kind == "doubtful"]


def test_unknown_where_nothing_tells(judged: list[tuple[Known, Diagnosis]]) -> None:
    nothing = [made for known, made in judged if known.sketch.kind == "nothing"]
    assert Counter(made.state for made in nothing)[State.CONFIRMED] == 0


def test_evidence_never_flips_without_a_reason(judged: list[tuple[Known, Diagnosis]]) -> None:
    """Taking away every finding that speaks for or against nothing leaves the verdict as it was."""
    for known, made in judged:
        telling = [each for each in known.findings if each.supports or each.against or (each.id, "") in all_weights()]
        again = judge(known.failure, known.reading, telling)
        assert (again.cause, again.state) == (made.cause, made.state)


def test_every_row_has_a_reason() -> None:
    assert all(row.why and (row.raises or row.lowers) for row in all_weights().values())
