"""The verdict: the text's vote, raised and lowered by findings, through one table (`knowledge/weights.toml`).

The text alone is never more than `likely`. `confirmed` needs a finding that explains the refusal, on top of a
vote that leaves little to the others. What could not be asked changes nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from postmend.knowledge.address import address_verdict
from postmend.knowledge.book import STRENGTH
from postmend.knowledge.causes import cause_info
from postmend.knowledge.weights import Weight, weight_of
from postmend.model import (
    AddressVerdict,
    Candidate,
    Cause,
    Diagnosis,
    Failure,
    Finding,
    Reading,
    State,
)

# A cause raised by evidence, though a text that means something else by its words does not hide it.
_UNHIDDEN = 0.25
# How far below the named cause a hidden one starts: what observed evidence must make up for, in nats.
_HIDDEN_GAP = 3.0
_RULED_OUT = 4.0  # nats downwards
_CONFIRMED_SHARE = 0.6
_LIKELY_SHARE = 0.6
_TEXT_CEILING = 0.9  # what words alone can reach
_FLOOR = 0.02  # the share below which a hypothesis of the text is as good as not named


@dataclass(slots=True)
class _Scales:
    """The weight of each cause in nats, and what the findings did to it."""

    nats: dict[Cause, float]
    raised: dict[Cause, float] = field(default_factory=dict)
    lowered: dict[Cause, float] = field(default_factory=dict)
    confirmed: set[Cause] = field(default_factory=set)

    def shares(self) -> list[Candidate]:
        top = max(self.nats.values())
        scale = {cause: math.exp(value - top) for cause, value in self.nats.items()}
        whole = sum(scale.values())
        made = [Candidate(cause, value / whole) for cause, value in scale.items()]
        return sorted(made, key=lambda c: (-c.confidence, c.cause))


def _prior(reading: Reading) -> dict[Cause, float]:
    """The text's vote in nats above `unknown`, as the rules gave it."""
    shares = {h.cause: h.weight for h in reading.hypotheses}
    nothing = shares.get(Cause.UNKNOWN, min(shares.values()))
    return {cause: math.log(max(share, 1e-9) / max(nothing, 1e-9)) + 1.0 for cause, share in shares.items()}


def _weigh(scales: _Scales, row: Weight, hidden: frozenset[Cause], named: set[Cause]) -> None:
    for cause, nats in row.raises.items():
        full = nats if cause in hidden or cause in named else nats * _UNHIDDEN
        # Several findings for one cause say much the same: the strongest counts, not the sum.
        scales.raised[cause] = max(scales.raised.get(cause, 0.0), full)
        if cause in row.confirms:
            scales.confirmed.add(cause)
    for cause, nats in row.lowers.items():
        scales.lowered[cause] = scales.lowered.get(cause, 0.0) + nats


def _settle(scales: _Scales, top: Cause, hidden: frozenset[Cause]) -> None:
    """Bring what the findings did into the vote.

    A cause that the text hides fits its words nearly as well as the one it names: it starts only a little below.
    """
    ceiling = scales.nats[top]
    for cause, nats in scales.raised.items():
        start = scales.nats.get(cause, 0.0)
        if cause in hidden and cause is not top:
            start = max(start, ceiling - _HIDDEN_GAP)
        scales.nats[cause] = start + nats
    for cause, nats in scales.lowered.items():
        # A finding that shows a cause outweighs one that does not: a list that knows nothing of it clears nobody.
        if cause in scales.nats and cause not in scales.confirmed:
            scales.nats[cause] -= nats


def judge(
    failure: Failure, reading: Reading, findings: Sequence[Finding] = (), not_asked: tuple[str, ...] = ()
) -> Diagnosis:
    """Judge one refusal. `not_asked` says, a line each, which questions were not put, and why."""
    scales = _Scales(_prior(reading))
    top = reading.hypotheses[0].cause
    hidden = cause_info(top).hides
    named = {h.cause for h in reading.hypotheses if h.weight >= _FLOOR}
    for finding in findings:
        row = weight_of(finding)
        if row is not None:
            _weigh(scales, row, hidden, named)
    _settle(scales, top, hidden)
    candidates = scales.shares()
    best = candidates[0]
    state = _state(candidates, scales, reading)
    confidence = best.confidence if state is State.CONFIRMED else min(best.confidence, _TEXT_CEILING)
    info = cause_info(best.cause)
    return Diagnosis(
        failure=failure,
        reading=reading,
        cause=best.cause,
        who=info.who,
        permanent=_permanent(failure, reading, best.cause),
        state=state,
        confidence=min(confidence, 0.99),
        candidates=tuple(c for i, c in enumerate(candidates) if not i or c.confidence >= 0.01),
        ruled_out=_ruled_out(scales, best.cause, named),
        address=_address(best.cause, reading),
        evidence=tuple(findings),
        not_asked=not_asked,
    )


def _state(candidates: Sequence[Candidate], scales: _Scales, reading: Reading) -> State:
    best = candidates[0]
    if best.cause is Cause.UNKNOWN:
        return State.UNKNOWN
    shown = sum(c.confidence for c in candidates if c.cause in scales.confirmed)
    if best.cause in scales.confirmed and shown >= _CONFIRMED_SHARE:
        # Two faults that each explain the refusal: one of them it is, but which?
        return State.CONFIRMED if best.confidence >= _CONFIRMED_SHARE else State.LIKELY
    spoken = max((m.weight for m in reading.matches if m.cause is best.cause), default=0.0)
    contradicted = scales.lowered.get(best.cause, 0.0) >= _RULED_OUT
    enough = STRENGTH["strong"] if contradicted else STRENGTH["fair"]
    return State.LIKELY if best.confidence >= _LIKELY_SHARE and spoken >= enough else State.POSSIBLE


def _permanent(failure: Failure, reading: Reading, cause: Cause) -> bool:
    """By the reply's own class where it has one, else by what the cause usually is."""
    code = failure.reply.code or reading.code
    if code is not None and code >= 400:
        return code >= 500
    enhanced = failure.reply.enhanced or reading.enhanced
    if enhanced is not None and enhanced.klass != 2:
        return enhanced.klass == 5
    return cause_info(cause).permanent


def _ruled_out(scales: _Scales, best: Cause, named: set[Cause]) -> tuple[Cause, ...]:
    """Causes that evidence speaks against and that neither the text nor other evidence names."""
    out = [
        cause
        for cause, nats in scales.lowered.items()
        if nats >= _RULED_OUT and cause is not best and cause not in named and cause not in scales.confirmed
    ]
    return tuple(sorted(out))


def _address(cause: Cause, reading: Reading) -> AddressVerdict:
    """The text's own verdict on the address, unless evidence found another cause than the text."""
    if cause is reading.cause:
        return reading.address
    return address_verdict(cause, reading.code, reading.enhanced, reading.inner)
