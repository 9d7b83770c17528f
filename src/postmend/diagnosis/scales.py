"""The scales: the text's vote in nats (natural log-odds), and what each finding adds or takes (`weights.toml`)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from postmend.knowledge.causes import cause_info
from postmend.knowledge.rules import STRENGTH
from postmend.knowledge.weights import Table, Weight, weight_of
from postmend.model import Candidate, Cause, Finding, Match, Reading

RULED_OUT = 4.0  # nats downwards
# A cause raised by evidence, though a text that means something else by its words does not hide it.
_UNHIDDEN = 0.25
# How far below the named cause a hidden one starts: what observed evidence must make up for, in nats.
_HIDDEN_GAP = 3.0
_OWN_WORDS = 0.5  # the same where the words name their cause strongly: so much less than they weigh
_FLOOR = 0.02  # the share below which a hypothesis of the text is as good as not named
# Words for these are used for whatever a receiver holds against a sender, or for any refusal at all.
_LOOSE = frozenset({Cause.SENDER_REPUTATION, Cause.SYSTEM_ERROR})
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

    def taken(self, cause: Cause) -> float:
        """What a cause loses, in nats: by findings, and by the moment of the refusal.

        A finding that shows a cause outweighs one that does not: a list that knows nothing of an address clears nobody.
        """
        by_findings = 0.0 if cause in self.confirmed else self.lowered.get(cause, 0.0)
        return by_findings + self.timing.get(cause, 0.0)

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


def _says_nothing(match: Match) -> bool:
    """Whether words name nobody's fault: somebody there refuses, and that is all they say.

    Only words that can mean nothing else tell of the recipient in person.
    """
    vague = match.cause is Cause.RECIPIENT_FILTER and match.weight < STRENGTH["decisive"]
    return vague or match.cause is Cause.UNKNOWN


def strength_of(reading: Reading, cause: Cause) -> float:
    """How strongly the words name a cause."""
    return max((m.weight for m in reading.matches if m.cause is cause), default=0.0)


def _lower(scales: Scales, rows: Sequence[Weight]) -> None:
    """What findings take from the causes, once it is known which of them others confirm."""
    for row in rows:
        lowered = scales.timing if row.about_timing else scales.lowered
        for cause, nats in row.lowers.items():
            before = lowered.get(cause, 0.0)
            # What the words name is not talked away by adding up: ten lists that know nothing say it once.
            lowered[cause] = max(before, nats) if cause in scales.spoken else before + nats
    for cause in scales.nats:
        scales.nats[cause] -= scales.taken(cause)


def _plainness(scales: Scales, reading: Reading, top: Cause) -> float:
    """How strongly the words name the cause on top; 0 where they are vague, or evidence has shown them wrong.

    What nobody says for anything else (a virus, a full mailbox) is plain in any words that are known for it.
    """
    disproved = top is not reading.cause or scales.taken(top) >= RULED_OUT
    strength = strength_of(reading, top)
    said = max((m.weight for m in reading.matches if m.cause is top and m.words), default=0.0)
    plain = strength > STRENGTH["fair"] or (said >= STRENGTH["last"] and not cause_info(top).hides)
    return strength if plain and not disproved else 0.0


def _hidden(scales: Scales, reading: Reading, top: Cause) -> frozenset[Cause]:
    """Causes that the text may hide: those that its own cause hides, and all that vague or disproved words may."""
    hidden = cause_info(reading.cause).hides | cause_info(top).hides
    return hidden if _plainness(scales, reading, top) else hidden | cause_info(Cause.UNKNOWN).hides


def _raise(scales: Scales, row: Weight, hidden: frozenset[Cause]) -> None:
    for cause, nats in row.raises.items():
        if row.about_timing and cause in scales.spoken:
            continue  # the words say so already
        full = nats if cause in hidden or cause in scales.spoken else nats * _UNHIDDEN
        # Several findings for one cause say much the same: the strongest counts, not the sum.
        scales.raised[cause] = max(scales.raised.get(cause, 0.0), full)


def _gap(scales: Scales, reading: Reading, top: Cause) -> float:
    """How far below the cause that the words name a hidden one starts, in nats: further, the plainer the words are."""
    plainness = _plainness(scales, reading, top)
    loose = top in _LOOSE or all(_says_nothing(m) for m in reading.matches if m.cause is top)
    return plainness - _OWN_WORDS if plainness and not loose else _HIDDEN_GAP


def _settle(scales: Scales, reading: Reading, top: Cause, hidden: frozenset[Cause]) -> None:
    """Bring what was raised into the vote.

    A cause that the text hides fits its words nearly as well as the one it names: it starts only a little below.
    """
    start = scales.nats[top] - _gap(scales, reading, top)
    for cause, nats in scales.raised.items():
        named = scales.nats.get(cause)
        if cause is top or cause not in hidden:
            begin = 0.0 if named is None else named
        else:
            begin = start - scales.taken(cause) if named is None else max(named, start - scales.taken(cause))
        scales.nats[cause] = begin + nats


def weighed(reading: Reading, findings: Sequence[Finding], table: Table | None = None) -> Scales:
    """Weigh a reading and the findings about it, by the table of `weights.toml` (or another that is being tried)."""
    scales = Scales(_prior(reading), {h.cause for h in reading.hypotheses if h.weight >= _FLOOR})
    rows = [row for finding in findings if (row := weight_of(finding, table)) is not None]
    if any(finding.id == "reply.heard" for finding in findings) and not _ELSEWHERE & scales.spoken:
        # A server of theirs has answered: whatever is odd about their MX, the mail did get there.
        rows = [row for row in rows if not _ELSEWHERE & row.raises.keys()]
    scales.confirmed = {cause for row in rows for cause in row.confirms}
    _lower(scales, rows)
    top = max(scales.nats, key=lambda cause: scales.nats[cause])
    hidden = _hidden(scales, reading, top)
    for row in rows:
        _raise(scales, row, hidden)
    _settle(scales, reading, top, hidden)
    return scales
