"""The scales: the text's vote in nats (natural log-odds), and what each finding adds or takes (`weights.toml`)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from postmend.knowledge.book import STRENGTH
from postmend.knowledge.causes import cause_info
from postmend.knowledge.weights import Weight, weight_of
from postmend.model import Candidate, Cause, Finding, Reading

RULED_OUT = 4.0  # nats downwards
# A cause raised by evidence, though a text that means something else by its words does not hide it.
_UNHIDDEN = 0.25
# How far below the named cause a hidden one starts: what observed evidence must make up for, in nats.
_HIDDEN_GAP = 3.0
_PLAIN_GAP = 4.5  # the same where the words name their cause strongly
_FLOOR = 0.02  # the share below which a hypothesis of the text is as good as not named
# Words for these name nobody's fault: somebody there refuses, and that is all they say.
SAYS_NOTHING = frozenset({Cause.UNKNOWN, Cause.RECIPIENT_FILTER})
_ELSEWHERE = frozenset({Cause.MX_INVALID, Cause.DOMAIN_NOT_FOUND})


@dataclass(slots=True)
class Scales:
    """The weight of each cause in nats, and what the findings did to it.

    `spoken` are causes that the text names; `timing` is what the moment of the refusal takes from each.
    """

    nats: dict[Cause, float]
    spoken: set[Cause]
    raised: dict[Cause, float] = field(default_factory=dict)
    lowered: dict[Cause, float] = field(default_factory=dict)
    timing: dict[Cause, float] = field(default_factory=dict)
    confirmed: set[Cause] = field(default_factory=set)

    def shares(self) -> list[Candidate]:
        """Every cause with its share (0 to 1), best first."""
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


def _strength(reading: Reading) -> float:
    """How strongly the words name their first cause."""
    return max((m.weight for m in reading.matches if m.cause is reading.cause), default=0.0)


def _hidden(reading: Reading, rows: Sequence[Weight]) -> frozenset[Cause]:
    """Causes that the text may hide: those that its own cause hides, and all that vague or disproved words may."""
    top = reading.cause
    denied = sum(row.lowers.get(top, 0.0) for row in rows) >= RULED_OUT
    vague = _strength(reading) <= STRENGTH["fair"]
    hidden = cause_info(top).hides
    return hidden | cause_info(Cause.UNKNOWN).hides if vague or denied else hidden


def _weigh(scales: Scales, row: Weight, hidden: frozenset[Cause]) -> None:
    for cause, nats in row.raises.items():
        full = nats if cause in hidden or cause in scales.spoken else nats * _UNHIDDEN
        # Several findings for one cause say much the same: the strongest counts, not the sum.
        scales.raised[cause] = max(scales.raised.get(cause, 0.0), full)
        if cause in row.confirms:
            scales.confirmed.add(cause)
    lowered = scales.timing if row.finding.startswith("reply.") else scales.lowered
    for cause, nats in row.lowers.items():
        lowered[cause] = lowered.get(cause, 0.0) + nats


def _settle(scales: Scales, reading: Reading, hidden: frozenset[Cause]) -> None:
    """Bring what the findings did into the vote.

    A cause that the text hides fits its words nearly as well as the one it names: it starts only a little below.
    """
    top = reading.cause
    plain = _strength(reading) > STRENGTH["fair"] and top not in SAYS_NOTHING
    gap = _PLAIN_GAP if plain else _HIDDEN_GAP
    ceiling = scales.nats[top]
    for cause, nats in scales.raised.items():
        start = scales.nats.get(cause, 0.0)
        if cause in hidden and cause is not top:
            start = max(start, ceiling - gap)
        scales.nats[cause] = start + nats
    for cause, nats in scales.lowered.items():
        # A finding that shows a cause outweighs one that does not: a list that knows nothing of it clears nobody.
        if cause in scales.nats and cause not in scales.confirmed:
            scales.nats[cause] -= nats
    for cause, nats in scales.timing.items():
        if cause in scales.nats:
            scales.nats[cause] -= nats


def weighed(reading: Reading, findings: Sequence[Finding]) -> Scales:
    """Weigh a reading and the findings about it."""
    rows = [row for row in map(weight_of, findings) if row is not None]
    scales = Scales(_prior(reading), {h.cause for h in reading.hypotheses if h.weight >= _FLOOR})
    hidden = _hidden(reading, rows)
    if any(finding.id == "reply.heard" for finding in findings):
        # A server of theirs has answered: whatever is odd about their MX, the mail did get there.
        hidden -= _ELSEWHERE
    for row in rows:
        _weigh(scales, row, hidden)
    if scales.confirmed and any(finding.id == "reply.heard" for finding in findings):
        scales.confirmed -= _ELSEWHERE - scales.spoken
    _settle(scales, reading, hidden)
    return scales
