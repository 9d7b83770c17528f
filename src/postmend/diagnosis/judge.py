"""The verdict: the text's vote, raised and lowered by findings, through one table (`knowledge/weights.toml`).

The text alone is never more than `likely`. `confirmed` needs a finding that explains the refusal, on top of a
vote that leaves little to the others, behind words that name that cause, say nothing, or are used for it wrongly.
What could not be asked changes nothing.
"""

from collections.abc import Sequence
from functools import lru_cache

from postmend.diagnosis.context import circumstances
from postmend.diagnosis.scales import RULED_OUT, Scales, strength_of, weighed
from postmend.knowledge.address import DEAD, address_verdict, not_found_host
from postmend.knowledge.causes import cause_info
from postmend.knowledge.near import unread
from postmend.knowledge.read import NEAR_RULE
from postmend.knowledge.rules import STRENGTH
from postmend.knowledge.weights import Table
from postmend.model import (
    AddressVerdict,
    Candidate,
    Cause,
    Diagnosis,
    Fact,
    Failure,
    Finding,
    Hypothesis,
    Match,
    Reading,
    State,
)

_CONFIRMED_SHARE = 0.6
_LIKELY_SHARE = 0.6
_TEXT_CEILING = 0.9  # what words alone can reach
_UNREAD = 1  # so many words beside those that are known say nothing yet


def judge(
    failure: Failure,
    reading: Reading,
    findings: Sequence[Finding] = (),
    not_asked: tuple[str, ...] = (),
    table: Table | None = None,
) -> Diagnosis:
    """Judge one refusal. `not_asked` says, a line each, which questions were not put, and why.

    `table` is another table of weights, for whoever fits them (`tools/fit_weights.py`).
    """
    around = circumstances(failure, reading, findings)
    if findings or table is not None:
        scales = weighed(reading, (*around, *findings), table)
        candidates, state = _judged(scales, reading)
    else:
        scales, candidates, state = _by_words(reading.hypotheses, reading.matches, tuple(each.id for each in around))
    best = candidates[0]
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
        ruled_out=_ruled_out(scales, best.cause),
        address=_address(best.cause, failure, reading, scales),
        evidence=tuple(findings),
        not_asked=not_asked,
    )


def _judged(scales: Scales, reading: Reading) -> tuple[list[Candidate], State]:
    candidates = scales.shares()
    return candidates, _state(candidates, scales, reading)


@lru_cache(1024)
def _by_words(
    hypotheses: tuple[Hypothesis, ...], matches: tuple[Match, ...], around: tuple[str, ...]
) -> tuple[Scales, list[Candidate], State]:
    """The judgement where nothing was found out but the circumstances; remembered, for words are few. Not to change."""
    reading = Reading(hypotheses, matches, AddressVerdict.KEEP)
    scales = weighed(reading, [Finding("reply", ident, "", Fact.NONE, "") for ident in around])
    return scales, *_judged(scales, reading)


def _state(candidates: Sequence[Candidate], scales: Scales, reading: Reading) -> State:
    best = candidates[0]
    if best.cause is Cause.UNKNOWN:
        return State.UNKNOWN
    likely = State.POSSIBLE if _doubtful(reading.cause, scales) else State.LIKELY
    shown = sum(c.confidence for c in candidates if c.cause in scales.confirmed)
    if best.cause in scales.confirmed and shown >= _CONFIRMED_SHARE:
        # Two faults that each explain the refusal: one of them it is, but which? And a fault that is there, where
        # the words plainly speak of another matter, may be there by chance.
        alone = best.confidence >= _CONFIRMED_SHARE and not _speaks_of_another(best.cause, scales, reading)
        return State.CONFIRMED if alone and likely is State.LIKELY else likely
    spoken = strength_of(reading, best.cause)
    contradicted = scales.lowered.get(best.cause, 0.0) >= RULED_OUT
    enough = STRENGTH["strong"] if contradicted else STRENGTH["fair"]
    return likely if best.confidence >= _LIKELY_SHARE and spoken >= enough else State.POSSIBLE


def _speaks_of_another(cause: Cause, scales: Scales, reading: Reading) -> bool:
    """Whether the words, or the codes, name another cause, or may, being words that nobody knows.

    What speaks against that cause is not enough to set them aside: only where servers are known to use them for this
    one (`hides` in causes.toml), and they have been shown wrong. A PTR record may be there by now, and a server may
    call relaying what it was not told of.
    """
    own = strength_of(reading, cause)
    others = {m.cause for m in reading.matches if m.weight > own and _names_a_cause(m)}
    if not own and not others and len(unread(reading.inner, [m.words for m in reading.matches])) > _UNREAD:
        return True
    return any(cause not in cause_info(other).hides or scales.lowered.get(other, 0.0) < RULED_OUT for other in others)


def _names_a_cause(match: Match) -> bool:
    """Whether words name a cause, if only by a hint or a guess; that a filter refuses may be said of any."""
    if match.cause is Cause.RECIPIENT_FILTER and match.rule != NEAR_RULE:
        return match.weight >= STRENGTH["strong"]
    return match.cause is not Cause.UNKNOWN


def _doubtful(cause: Cause, scales: Scales) -> bool:
    """Whether words call an address dead that nobody could ask about, while the sender has a fault of its own.

    Servers refuse for such a fault, and some say "user unknown" to whom they do not like.
    """
    asked = cause in scales.confirmed or scales.lowered.get(cause, 0.0) >= RULED_OUT
    return cause in DEAD and not asked and bool(scales.confirmed - DEAD)


def _is_of_another_host(failure: Failure, reading: Reading) -> bool:
    """Whether the name that was not found is another than the recipient's domain: of a relay, or of its MX."""
    if reading.cause is not Cause.DOMAIN_NOT_FOUND:
        return False
    host, domain = not_found_host(reading.inner), failure.recipient.rpartition("@")[2].lower()
    return bool(host and domain) and host != domain


def _permanent(failure: Failure, reading: Reading, cause: Cause) -> bool:
    """By the reply's own class where it has one, else by what the cause usually is."""
    code = failure.reply.code or reading.code
    if code is not None and code >= 400:
        return code >= 500
    enhanced = failure.reply.enhanced or reading.enhanced
    if enhanced is not None and enhanced.klass != 2:
        return enhanced.klass == 5
    return cause_info(cause).permanent


def _ruled_out(scales: Scales, best: Cause) -> tuple[Cause, ...]:
    """Causes that evidence speaks against and that neither the text nor other evidence names."""
    out = [
        cause
        for cause, nats in scales.lowered.items()
        if nats >= RULED_OUT and cause is not best and cause not in scales.confirmed and cause not in scales.spoken
    ]
    return tuple(sorted(out))


def _address(cause: Cause, failure: Failure, reading: Reading, scales: Scales) -> AddressVerdict:
    """The text's own verdict on the address, unless evidence found another cause than the text, or shows its own.

    Nobody is struck off a list by words alone that are in doubt, nor because a relay's name was not found.
    """
    struck_off = reading.address is AddressVerdict.SUPPRESS
    if struck_off and (_doubtful(reading.cause, scales) or _is_of_another_host(failure, reading)):
        return AddressVerdict.RETRY
    if cause is not reading.cause or cause in scales.confirmed:
        return address_verdict(cause, reading.code, reading.enhanced, reading.inner)
    return reading.address
