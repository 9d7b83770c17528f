"""What a reply may mean whose words no rule knows: the cause whose rules speak in words most like it.

The book itself is the teacher. The examples of every rule, what else servers are known to say (`near.toml`), and more
lightly each phrase teach a linear classifier which stems and codes speak for which cause, and which against it
(passive-aggressive, averaged: Crammer et al., JMLR 7, 2006). It is a guess: it is asked only where no rule has found
words that name a cause, it weighs little, and it strikes no address off.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.rules import FOLDER, RuleText, read_rules
from postmend.knowledge.unwrap import codes_of, layers, status_of
from postmend.knowledge.words import fold, words_of
from postmend.model import Cause, EnhancedStatus

# Words are compared by their first letters, so that `rejected` and `rejection` do not differ.
STEM_CHARS = 6
# How much one example may teach, and one phrase; how often all are gone through. Chosen by leaving out a third of the
# rules and asking for the replies that then no rule knew.
_STEP, _STEP_OF_PHRASE, _ROUNDS = 0.5, 0.1, 6
# How sharply a lead in score is told as a share, so that seven of ten are right with a share of 0.7.
_SHARPNESS = 8.0
# Fewer known words than this, besides those of replies that say nothing, name no cause; nor does a lesser share.
_FEWEST_WORDS, _LEAST_SHARE = 2, 0.4
_DIGITS = 3  # of a weight, that are kept
_SIGNS = re.compile(r"[()|*]|\.\.|<(?:num|host)>")
_NAMES = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)+")  # a host's name says nothing of the cause


class Words(msgspec.Struct, array_like=True, frozen=True):
    """What was learnt: how `rare` each stem is, and its weights by the causes' numbers.

    `idle` are the stems of replies that say nothing.
    """

    causes: tuple[Cause, ...]
    rare: dict[str, float]
    weights: dict[str, dict[int, float]]
    idle: frozenset[str]


_Weights = Mapping[str, Mapping[int, float]]


class _Lesson(NamedTuple):
    """Something that is said for a cause: its stems and codes, and how much it may teach."""

    cause: Cause
    stems: frozenset[str]
    step: float


def _stems(folded: str) -> set[str]:
    """The stems of the words that are made of letters, in any script."""
    words = words_of(_NAMES.sub(" ", folded).replace("_", " "))
    return {word[:STEM_CHARS] for word in words if word.isalpha() and (len(word) > 2 or not word.isascii())}


def _codes(code: int | None, enhanced: EnhancedStatus | None) -> set[str]:
    """The codes as stems: none can be taken for a word."""
    of_status = {f"{enhanced.subject}.{enhanced.detail}"} if enhanced else set()
    return of_status | ({str(code)} if code else set())


def _example(cause: Cause, text: str) -> _Lesson:
    inner = layers(text)[-1]
    code, status = codes_of(inner.text)
    return _Lesson(cause, frozenset(_stems(fold(inner.own)) | _codes(code, status_of(status))), _STEP)


def _lessons(rules: Iterable[RuleText], said: Mapping[Cause, tuple[str, ...]]) -> Iterator[_Lesson]:
    for rule in rules:
        yield from (_example(rule.cause, text) for text in rule.yes)
        for phrase in rule.find:
            yield _Lesson(rule.cause, frozenset(_stems(fold(_SIGNS.sub(" ", phrase)))), _STEP_OF_PHRASE)
    for cause, texts in said.items():
        yield from (_example(cause, text) for text in texts)


def learn(rules: Iterable[RuleText], said: Mapping[Cause, tuple[str, ...]] | None = None) -> Words:
    """Learn from rules, and from what else is `said` for causes; the same book always gives the same weights."""
    lessons = [lesson for lesson in _lessons(rules, said or {}) if lesson.stems]
    causes = tuple(sorted({lesson.cause for lesson in lessons}))
    seen = Counter(stem for lesson in lessons for stem in lesson.stems)
    rare = {stem: round(1 + math.log((1 + len(lessons)) / (1 + times)), _DIGITS) for stem, times in seen.items()}
    weights = {
        stem: {number: value for number, each in row.items() if (value := round(each, _DIGITS))}
        for stem, row in _weights(lessons, causes, rare).items()
    }
    idle = frozenset(stem for lesson in lessons if lesson.cause is Cause.UNKNOWN for stem in lesson.stems)
    return Words(causes, rare, weights, idle)


def _weights(lessons: list[_Lesson], causes: tuple[Cause, ...], rare: Mapping[str, float]) -> _Weights:
    """Go through the lessons; where the right cause does not lead by 1, move its weights and the leader's apart."""
    weights: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    # What was moved, times when: it gives the average over all states, which knows more than the last.
    moved: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    numbers = {cause: number for number, cause in enumerate(causes)}
    shuffler = random.Random(1)  # noqa: S311  an order, always the same
    order = [lesson for _ in range(_ROUNDS) for lesson in shuffler.sample(lessons, len(lessons))]
    for now, (cause, stems, most) in enumerate(order):
        shares, right = _shares(stems, rare), numbers[cause]
        scores = _scores(shares, weights, len(causes))
        own, scores[right] = scores[right], -math.inf
        leader = scores.index(max(scores))
        step = min(most, (1 - own + scores[leader]) / 2)
        if step <= 0:
            continue
        for stem, share in shares:
            for number, change in ((right, step * share), (leader, -step * share)):
                weights[stem][number] += change
                moved[stem][number] += now * change
    return {
        stem: {number: each - moved[stem][number] / len(order) for number, each in row.items()}
        for stem, row in weights.items()
    }


def _shares(stems: Iterable[str], rare: Mapping[str, float]) -> list[tuple[str, float]]:
    """The known stems with their part in a text of length 1, rare ones first of all."""
    known = [(stem, rare[stem]) for stem in sorted(stems) if stem in rare]
    length = math.sqrt(sum(each * each for _, each in known)) or 1.0
    return [(stem, each / length) for stem, each in known]


def _scores(shares: Iterable[tuple[str, float]], weights: _Weights, causes: int) -> list[float]:
    scores = [0.0] * causes
    for stem, share in shares:
        for number, weight in weights.get(stem, {}).items():
            scores[number] += share * weight
    return scores


@cache
def default_words() -> Words:
    """What the book that comes with Postmend teaches."""
    beside = (compiled.HERE / name for name in ("near.toml", "near.py", "words.py", "unwrap.py"))
    return compiled.load(
        "near", Words, lambda: learn(read_rules(), what_is_said()), [*sorted(FOLDER.glob("*.toml")), *beside]
    )


def what_is_said() -> dict[Cause, tuple[str, ...]]:
    """Return the replies of `near.toml`, by cause; raise ParseError where they cannot be read."""
    return compiled.read("near", dict[Cause, tuple[str, ...]], key="said")


def unread(reply: str, read: Iterable[str], words: Words | None = None) -> set[str]:
    """Return the stems of a reply beside those of the words that were `read`, and of replies that say nothing."""
    words = words or default_words()
    known = set().union(*map(_stems, read))
    return _stems(fold(layers(reply)[-1].own)) - known - words.idle


def nearest(
    folded: str, code: int | None, enhanced: EnhancedStatus | None, words: Words | None = None
) -> tuple[Cause, str, float] | None:
    """Return the cause whose words are nearest to those of a folded reply, the stems that spoke for it, and its share.

    None where too few of the words are known, or no cause stands out. Never raises.
    """
    words = words or default_words()
    stems = _stems(folded) & words.rare.keys()
    if len(stems - words.idle) < _FEWEST_WORDS:
        return None
    shares = _shares(stems | _codes(code, enhanced), words.rare)
    scores = _scores(shares, words.weights, len(words.causes))
    top = max(scores)
    best, share = scores.index(top), 1 / sum(math.exp(_SHARPNESS * (score - top)) for score in scores)
    if words.causes[best] is Cause.UNKNOWN or share < _LEAST_SHARE:
        return None
    spoke = {stem: part * words.weights.get(stem, {}).get(best, 0.0) for stem, part in shares if stem in stems}
    first = sorted((stem for stem, worth in spoke.items() if worth > 0), key=lambda stem: (-spoke[stem], stem))
    return words.causes[best], " ".join(first[:5]), share
