"""What a reply may mean whose words no rule knows: the cause whose rules speak in words most like it.

The book itself is the teacher. The examples of every rule, what else servers are known to say (`near.toml`), and more
lightly the words of each phrase are counted by stems and codes for their cause; a naive Bayes estimate over these
counts names the nearest cause. It is a guess: it is asked only where no rule has found words that name a cause, it
weighs little, and it strikes no address off.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.rules import FOLDER, RuleText, read_rules
from postmend.knowledge.unwrap import codes_of, layers, status_of
from postmend.knowledge.words import fold, words_of
from postmend.model import Cause, EnhancedStatus

# Words are compared by their first letters, so that `reject` and `refusal` differ but `reject` and `rejection` do not.
# A word of a phrase counts half as much as one of an example; what was never seen for a cause counts as seen this
# often. All three were chosen on replies that no rule knew.
STEM_CHARS, _OF_PHRASE, _UNSEEN = 4, 0.5, 0.1
# Fewer known words than this, besides those of replies that say nothing, name no cause; nor does a lesser share.
_FEWEST_WORDS, _LEAST_SHARE = 2, 0.4
_SIGNS = re.compile(r"[()|*]|\.\.|<(?:num|host)>")
_NAMES = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)+")  # a host's name says nothing of the cause


class Counts(msgspec.Struct, array_like=True, frozen=True):
    """How often each stem was seen for each cause: `by_stem` goes from a stem to a cause's number and its count."""

    causes: tuple[Cause, ...]
    totals: tuple[float, ...]
    by_stem: dict[str, dict[int, float]]


def _stems(folded: str) -> set[str]:
    """The stems of the words that are made of letters, in any script."""
    words = words_of(_NAMES.sub(" ", folded).replace("_", " "))
    return {word[:STEM_CHARS] for word in words if word.isalpha() and (len(word) > 2 or not word.isascii())}


def _codes(code: int | None, enhanced: EnhancedStatus | None) -> set[str]:
    """The codes as stems: none can be taken for a word."""
    of_status = {f"{enhanced.subject}.{enhanced.detail}"} if enhanced else set()
    return of_status | ({str(code)} if code else set())


def _of_example(text: str) -> set[str]:
    inner = layers(text)[-1]
    code, status = codes_of(inner.text)
    return _stems(fold(inner.own)) | _codes(code, status_of(status))


def count(rules: Iterable[RuleText], said: Mapping[Cause, tuple[str, ...]] | None = None) -> Counts:
    """Count the stems of rules, and of what else is `said`, for their causes."""
    seen: dict[Cause, Counter[str]] = defaultdict(Counter)
    for rule in rules:
        for text in rule.yes:
            seen[rule.cause].update(_of_example(text))
        for stem in _stems(fold(_SIGNS.sub(" ", " ".join(rule.find)))):
            seen[rule.cause][stem] += _OF_PHRASE  # type: ignore[assignment]  # a Counter counts halves as well
    for cause, texts in (said or {}).items():
        for text in texts:
            seen[cause].update(_of_example(text))
    by_stem: dict[str, dict[int, float]] = defaultdict(dict)
    for number, counted in enumerate(seen.values()):
        for stem, times in counted.items():
            by_stem[stem][number] = times
    return Counts(tuple(seen), tuple(float(counted.total()) for counted in seen.values()), dict(by_stem))


@cache
def default_counts() -> Counts:
    """The counts of the book that comes with Postmend."""
    beside = (compiled.HERE / name for name in ("near.toml", "near.py", "words.py", "unwrap.py"))
    return compiled.load(
        "near", Counts, lambda: count(read_rules(), what_is_said()), [*sorted(FOLDER.glob("*.toml")), *beside]
    )


def what_is_said() -> dict[Cause, tuple[str, ...]]:
    """Return the replies of `near.toml`, by cause; raise ParseError where they cannot be read."""
    return compiled.read("near", dict[Cause, tuple[str, ...]], key="said")


def unread(reply: str, read: Iterable[str], counts: Counts | None = None) -> set[str]:
    """Return the stems of a reply beside those of the words that were `read`, and of replies that say nothing."""
    counts = counts or default_counts()
    idle = counts.causes.index(Cause.UNKNOWN)
    known = set().union(*map(_stems, read))
    stems = _stems(fold(layers(reply)[-1].own)) - known
    return {stem for stem in stems if idle not in counts.by_stem.get(stem, ())}


def nearest(
    folded: str, code: int | None, enhanced: EnhancedStatus | None, counts: Counts | None = None
) -> tuple[Cause, str, float] | None:
    """Return the cause whose words are nearest to those of a folded reply, the stems that spoke for it, and its share.

    None where too few of the words are known, or no cause stands out. Never raises.
    """
    counts = counts or default_counts()
    stems = _stems(folded) & counts.by_stem.keys()
    idle = counts.causes.index(Cause.UNKNOWN)
    if sum(idle not in counts.by_stem[stem] for stem in stems) < _FEWEST_WORDS:
        return None
    seen = [counts.by_stem[stem] for stem in sorted(stems | (_codes(code, enhanced) & counts.by_stem.keys()))]
    scores = [
        sum(math.log(each.get(number, 0.0) + _UNSEEN) for each in seen)
        - len(seen) * math.log(total + _UNSEEN * len(counts.by_stem))
        for number, total in enumerate(counts.totals)
    ]
    top = max(scores)
    best, share = scores.index(top), 1 / sum(math.exp(score - top) for score in scores)
    if best == idle or share < _LEAST_SHARE:
        return None
    spoke = sorted(
        (stem for stem in stems if best in counts.by_stem[stem]), key=lambda s: (-counts.by_stem[s][best], s)
    )
    return counts.causes[best], " ".join(spoke[:5]), share
