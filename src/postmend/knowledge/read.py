"""A reply's text in, hypotheses out: unwrap, match, count the votes.

The text alone gives no verdict. What it gives is a share of the vote for each cause, the words that voted, and
what the reply names; `diagnosis` weighs that against evidence.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from postmend.knowledge.address import DEAD, address_verdict, leaves_open
from postmend.knowledge.advice import without_advice
from postmend.knowledge.book import Book, default_book
from postmend.knowledge.extract import extract
from postmend.knowledge.near import nearest
from postmend.knowledge.providers import by_host, by_words
from postmend.knowledge.rules import STRENGTH
from postmend.knowledge.unwrap import Layer, codes_of, layers, status_of
from postmend.knowledge.words import fold, words_of
from postmend.model import (
    AddressVerdict,
    Cause,
    EnhancedStatus,
    Extracts,
    Hypothesis,
    Match,
    Reading,
    Stage,
)

# The vote that `unknown` always has: below it nothing was said. In nats, as the rules' strengths.
UNKNOWN_NATS = 1.0
# A second rule for the same cause says little new, a third less: they mostly read the same words.
_FURTHER = (1.0, 0.25, 0.1)
# The nearest words, where no rule knows the reply's own, outweigh `unknown` by their share of the estimate: they were
# right on three of four replies that no rule knew. Sure of themselves, they outweigh a code's hint; quite sure, they
# were right on nine of ten, and weigh as rules of the last resort do.
NEAR_RULE, _QUITE_SURE = "near.words", 0.9
# Before RCPT TO no recipient was named: whoever is unknown or switched off there is the sender.
_BEFORE_RCPT = frozenset({Stage.HELO, Stage.MAIL})
_OF_SENDER = {
    Cause.USER_UNKNOWN: Cause.SENDER_ADDRESS_INVALID,
    Cause.DOMAIN_NOT_FOUND: Cause.SENDER_ADDRESS_INVALID,
    Cause.MAILBOX_DISABLED: Cause.SENDER_ACCOUNT_BLOCKED,
}
# What stands before words such as `address unknown` or `account disabled` where they are said of the sender.
_SENDERS = re.compile(r"\b(?:your|senders|sending|authenticated|envelope|from)\s(?:e?mail\s)?$")
_SENDER_IS = re.compile(r"\b(?:sender|from)\s(?:address\s)?$")
_BEFORE_CHARS = 40
_THINGS = ("account", "address", "domain", "email", "login", "mailbox", "user", "username")
_OF_ADDR = tuple(f"<addr> {thing}" for thing in _THINGS)
# Subjects of enhanced codes that are about the address or the mailbox (RFC 3463 section 3).
_OF_ADDRESS, _POLICY, _UNDEFINED = frozenset({1, 2}), 7, 0
# Beside one of these words a code by itself says nothing of the address: servers give 5.1.1 to whom they do not like.
_CONTRARY = frozenset(
    {"abuse", "banned", "blacklisted", "block", "blocked", "blocklisted", "denied", "ip", "listed", "network", "policy",
     "prohibited", "refused", "reputation", "security", "sender", "spam", "spammer"}
)  # fmt: skip


@lru_cache(maxsize=512)
def hypotheses(matches: tuple[Match, ...]) -> tuple[Hypothesis, ...]:
    """Turn votes into shares: the sum of each cause's weights, later ones counting less, through a softmax."""
    by_cause: dict[Cause, list[float]] = defaultdict(list)
    for match in matches:
        by_cause[match.cause].append(match.weight)
    nats = {Cause.UNKNOWN: UNKNOWN_NATS}
    for cause, weights in by_cause.items():
        ordered = sorted(weights, reverse=True)[: len(_FURTHER)]
        total = sum(weight * share for weight, share in zip(ordered, _FURTHER, strict=False))
        nats[cause] = max(total, nats.get(cause, 0.0))
    top = max(nats.values())
    scale = {cause: math.exp(value - top) for cause, value in nats.items()}
    whole = sum(scale.values())
    made = [Hypothesis(cause, value / whole) for cause, value in scale.items()]
    return tuple(sorted(made, key=lambda h: (-h.weight, h.cause is Cause.UNKNOWN, h.cause)))


@lru_cache(maxsize=16)
def _folded(text: str) -> tuple[str, frozenset[str]]:
    """A reply folded, lists of advice left out, and its words; remembered while one reply is asked about twice."""
    folded = without_advice(fold(text))
    return folded, words_of(folded)


def _address(
    cause: Cause, inner: Layer, matches: tuple[Match, ...], code: int | None, enhanced: EnhancedStatus | None
) -> AddressVerdict:
    """The verdict on the address; one about the address must be said, and not only hinted at by a code or guessed.

    A code alone strikes off only if it is an enhanced one about the address, with no words of another matter. Beside
    a code of policy, words that are used for refusals too strike nobody off; nor do RFC 5321's own words for 550
    without a code that says more, nor words that offer two reasons. The nearest words never do.
    """
    verdict = address_verdict(cause, code, enhanced, inner.text)
    if verdict is not AddressVerdict.SUPPRESS:
        return verdict
    subject = enhanced.subject if enhanced else None
    if matches and matches[0].rule == NEAR_RULE:
        return AddressVerdict.KEEP
    spoken = max((m.weight for m in matches if m.words and m.cause is cause), default=0.0)
    if cause in DEAD and leaves_open(_folded(inner.own)[0], sure=spoken >= STRENGTH["decisive"]):
        said = False
    elif spoken:
        least = {_POLICY: "strong", _UNDEFINED: "last", None: "last"}.get(subject, "hint")
        said = spoken >= STRENGTH[least]
    else:
        others = any(m.words and m.cause not in DEAD and m.cause is not Cause.UNKNOWN for m in matches)
        said = subject in _OF_ADDRESS and not others and _CONTRARY.isdisjoint(_folded(inner.own)[1])
    return verdict if said else AddressVerdict.KEEP


def _or_nearest(
    inner: Layer, matches: tuple[Match, ...], code: int | None, enhanced: EnhancedStatus | None
) -> tuple[Match, ...]:
    """The votes as they are, or that of the nearest words where no more than a hint of the codes was given."""
    if any(m.cause is not Cause.UNKNOWN and (m.words or m.weight > STRENGTH["hint"]) for m in matches):
        return matches
    near = nearest(_folded(inner.own)[0], code, enhanced)
    if near is None:
        return matches
    cause, words, share = near
    known = [m for m in matches if m.cause is not Cause.UNKNOWN]
    weight = STRENGTH["last"] if share >= _QUITE_SURE else UNKNOWN_NATS + share
    return tuple(sorted([Match(NEAR_RULE, cause, words, weight), *known], key=lambda m: -m.weight))


def _vote(
    book: Book, layer: Layer, providers: frozenset[str], stage: Stage | None, given: EnhancedStatus | None
) -> tuple[tuple[Match, ...], int | None, EnhancedStatus | None]:
    code, status = codes_of(layer.text)
    enhanced = status_of(status) or given
    folded, words = _folded(layer.own)
    stage = layer.stage or stage
    said = book.votes(folded, words, provider=providers, stage=stage, code=code, enhanced=enhanced)
    if "_" in folded and not any(match.words and match.cause is not Cause.UNKNOWN for match in said):
        folded = folded.replace("_", " ")  # a name of the server's own making: MAILBOX_FULL
        said = book.votes(folded, words_of(folded), provider=providers, stage=stage, code=code, enhanced=enhanced)
    said = tuple(
        replace(match, cause=_OF_SENDER[match.cause])
        if match.cause in _OF_SENDER and (stage in _BEFORE_RCPT or _is_of_sender(match, folded))
        else match
        for match in said
    )
    return said, code, enhanced


def _is_of_sender(match: Match, folded: str) -> bool:
    """Whether the words before those of a match make them the sender's: `your` account disabled."""
    at = folded.find(match.words) if match.words else 0
    if at <= 0:
        return False
    start = max(0, at - _BEFORE_CHARS)
    if match.words.startswith("<addr>"):
        return not match.words.startswith(_OF_ADDR) and _SENDER_IS.search(folded, start, at) is not None
    return match.words.startswith(_THINGS) and _SENDERS.search(folded, start, at) is not None


def _innermost_vote(
    book: Book, nested: Sequence[Layer], providers: frozenset[str], stage: Stage | None, given: EnhancedStatus | None
) -> tuple[tuple[Match, ...], int | None, EnhancedStatus | None]:
    """The vote of the innermost layer that names a cause, else of the innermost; the codes nearest to the inside."""
    first, code, status = _vote(book, nested[-1], providers, stage, given)
    said = first
    for layer in reversed(nested[:-1]):
        if hypotheses(said)[0].cause is not Cause.UNKNOWN:
            return said, code, status
        said, layer_code, layer_status = _vote(book, layer, providers, stage, given)
        code, status = code or layer_code, status or layer_status
    return (first if hypotheses(said)[0].cause is Cause.UNKNOWN else said), code, status


def read_reply(
    text: str,
    *,
    provider: str = "",
    stage: Stage | None = None,
    remote_host: str = "",
    code: int | None = None,
    enhanced: EnhancedStatus | None = None,
    book: Book | None = None,
    with_extracts: bool = True,
    guess_bare: bool = True,
) -> Reading:
    """Read one reply. `provider`, `stage`, `remote_host` and codes are what is known besides the text.

    The innermost reply is asked first; where it says nothing, the text around it is. `guess_bare` is whether the
    nearest cause may be guessed of words without any code. Never raises.
    """
    book = book or default_book()
    nested = layers(text)
    inner = nested[-1]
    host = inner.host or remote_host
    provider = provider or by_host(host) or by_words(*_folded(inner.text))
    providers = frozenset({provider} if provider else ())
    matches, found_code, found_status = _innermost_vote(book, nested, providers, stage, enhanced)
    found_code, found_status = found_code or code, found_status or enhanced
    if guess_bare or found_code or found_status:
        matches = _or_nearest(inner, matches, found_code, found_status)
    guesses = hypotheses(matches)
    return Reading(
        hypotheses=guesses,
        matches=matches,
        address=_address(guesses[0].cause, inner, matches, found_code, found_status),
        extracts=extract(text) if with_extracts else Extracts(),
        inner=inner.text,
        code=found_code,
        enhanced=found_status,
        stage=inner.stage or stage,
        provider=provider,
        remote_host=host,
        remote_ip=inner.ip,
    )


def read_told(
    reply: str,
    notice: str,
    *,
    stage: Stage | None,
    remote_host: str,
    code: int | None,
    enhanced: EnhancedStatus | None,
    read: Callable[..., Reading] = read_reply,
) -> Reading:
    """Read a reply; where no rule knows its words, what the `notice` says around it (may be empty). Never raises.

    The form that a program wraps around a reply is no place to guess: there only a rule counts. Nor is what a notice
    says without any code: that mostly is such a form.
    """
    known: dict[str, Any] = {
        "stage": stage, "remote_host": remote_host, "code": code, "enhanced": enhanced, "guess_bare": False,
    }  # fmt: skip
    reading = read(reply, **known)
    if notice and not _found(reading):
        around = read(notice, **known)
        if _found(around) and around.cause is not Cause.UNKNOWN:
            return around
    return reading


def _found(reading: Reading) -> bool:
    """Whether a rule found its words."""
    return any(match.words and match.rule != NEAR_RULE for match in reading.matches)
