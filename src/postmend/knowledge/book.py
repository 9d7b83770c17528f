"""The book of reply rules at work: which of them a text makes speak, and how their votes count.

A rule says which words name which cause. All rules that match vote; none wins by its place in a file. A rule
whose words lie inside the longer words of another one does not vote against it: `blocked` says nothing where
`blocked using zen.spamhaus.org` was said. Rules without words speak from the codes alone, and weigh little.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.index import Candidates, Index, Rule, compile_book
from postmend.knowledge.phrases import search
from postmend.knowledge.rules import FOLDER, STRENGTH, read_rules
from postmend.knowledge.words import STOP
from postmend.model import Cause, EnhancedStatus, Match, Stage

# What decides the compiled form, besides the rules.
_COMPILERS = ("rules.py", "index.py", "phrases.py", "words.py")
# What words weigh beyond the second sentence, and where a text plainly gives advice.
_LATE, _LATE_DECISIVE, _ADVICE = 0.7, 0.85, 0.5
_ADVISING = re.compile(
    r"\b(?:to (?:address|resolve|fix|solve|correct|remedy) (?:this|the)|instructions for|learn more"
    r"|for (?:more|further) (?:information|details)|(?:ensure|make sure) (?:that|you|your)"
    r"|you (?:can|could|may want to|should) (?:also )?(?:check|try|set up)|possible (?:reasons|causes|solutions)"
    r"|set up (?:spf|dkim|dmarc))\b"
)
_MOST_SPOKEN, _MOST_VOTED = 4096, 2048  # sets of codes, and folded replies, remembered
_Spoken = tuple[frozenset[str], Stage | None, str, str]  # providers, stage, reply code, enhanced status
# How far from a find a `without` phrase still denies it, in characters: about a sentence.
NEAR_CHARS = 120


class Found(msgspec.Struct, frozen=True):
    """A rule that matched, and where its words lie in the folded text (0, 0 for a rule without words)."""

    rule: Rule
    start: int
    end: int


def _fits(patterns: tuple[str, ...], value: str) -> bool:
    """Whether `5.7.26` fits any of `5.7.26`, `x.7.26`, `5.7.*`; `550` of `550`, `5xx`."""
    for pattern in patterns:
        if len(pattern) == 3 and pattern.endswith("xx"):
            if value[:1] == pattern[0]:
                return True
        elif pattern.startswith("x."):
            if value[1:] == pattern[1:]:
                return True
        elif pattern.endswith("*"):
            if value.startswith(pattern[:-1]):
                return True
        elif value == pattern:
            return True
    return False


def _allowed(rule: Rule, spoken: _Spoken) -> bool:
    provider, stage, code, status = spoken
    return (
        (not rule.provider or not rule.provider.isdisjoint(provider))
        and (not rule.stage or stage in rule.stage)
        and (not rule.code or _fits(rule.code, code))
        and (not rule.status or _fits(rule.status, status))
    )


class Book:
    """Rules ready to match."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._candidates = Candidates(index)
        self._regex: dict[tuple[int, int], re.Pattern[str]] = {}
        self._spoken: dict[_Spoken, list[Found]] = {}
        self._voted: dict[tuple[Any, ...], tuple[Match, ...]] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every compiled rule, in the order of the files."""
        return self._index.rules

    def _pattern(self, number: int, i: int) -> re.Pattern[str]:
        known = self._regex.get((number, i))
        if known is None:
            rule = self._index.rules[number]
            known = self._regex[number, i] = re.compile(rule.without if i < 0 else rule.patterns[i], re.DOTALL)
        return known

    def _denied(self, number: int, hit: re.Match[str], folded: str) -> bool:
        """Whether what the rule must not stand near is near the hit; elsewhere in a long reply it means nothing."""
        near = folded[max(0, hit.start() - NEAR_CHARS) : hit.end() + NEAR_CHARS]
        return search(self._pattern(number, -1), near) is not None

    def votes(
        self,
        folded: str,
        words: frozenset[str],
        *,
        provider: frozenset[str] = frozenset(),
        stage: Stage | None = None,
        code: int | None = None,
        enhanced: EnhancedStatus | None = None,
    ) -> tuple[Match, ...]:
        """Return the votes on a folded text (`words.fold`) with its words (`words.words_of`), heaviest first.

        The last few thousand are remembered: with addresses masked, the bounces of one mailing say the same words.
        """
        key = folded, provider, stage, code, enhanced
        known = self._voted.get(key)
        if known is None:
            if len(self._voted) >= _MOST_VOTED:
                self._voted.clear()
            spoken = provider, stage, str(code or ""), str(enhanced or "")
            found = [*self._by_words(folded, words, spoken), *self._by_codes(spoken)]
            known = self._voted[key] = _votes(found, folded)
        return known

    def _by_words(self, folded: str, words: frozenset[str], spoken: _Spoken) -> Iterator[Found]:
        """Every find of every rule whose words are there, at most one a phrase."""
        rules, phrases = self._index.rules, self._index.phrases
        for each in self._candidates.of(words):
            number, i, _ = phrases[each]
            rule = rules[number]
            if not _allowed(rule, spoken):
                continue
            hit = search(self._pattern(number, i), folded)
            if hit is not None and not (rule.without and self._denied(number, hit, folded)):
                yield Found(rule, hit.start(), hit.end())

    def _by_codes(self, spoken: _Spoken) -> list[Found]:
        """The rules without words that speak; remembered, for there are few codes and many replies."""
        known = self._spoken.get(spoken)
        if known is None:
            rules = (self.rules[number] for number in self._index.bare)
            known = [Found(rule, 0, 0) for rule in rules if _allowed(rule, spoken)]
            if len(self._spoken) < _MOST_SPOKEN:
                self._spoken[spoken] = known
        return known


def _silenced(find: Found, all_finds: Sequence[Found]) -> bool:
    """Whether a find lies inside the longer find of another cause."""
    length = find.end - find.start
    return any(
        other.start <= find.start
        and find.end <= other.end
        and other.end - other.start > length
        and other.rule.cause is not find.rule.cause
        for other in all_finds
    )


def _heard(found: Sequence[Found]) -> Sequence[Found]:
    """Rules of the last resort are heard only where no other rule has found words that name a cause.

    Where they are, words that say nothing (`unknown`) are not heard beside them.
    """
    worded = [find for find in found if find.end]
    if any(not find.rule.last and find.rule.cause is not Cause.UNKNOWN for find in worded):
        return [find for find in found if not find.rule.last]
    if any(find.rule.last for find in worded):
        return [find for find in found if find.rule.cause is not Cause.UNKNOWN]
    return found


def _votes(found: Sequence[Found], folded: str) -> tuple[Match, ...]:
    """Let each rule vote once, by the heaviest of its finds that are not silenced; heaviest first.

    A reply says first what happened, then how to mend it: words beyond the second sentence weigh less.
    """
    weight, found = _weigher(folded), _heard(found)
    best: dict[str, Match] = {}
    for find in found:
        if find.end and _silenced(find, found):
            continue
        match = Match(find.rule.id, find.rule.cause, folded[find.start : find.end], weight(find))
        known = best.get(match.rule)
        if known is None or (match.weight, len(match.words)) > (known.weight, len(known.words)):
            best[match.rule] = match
    return tuple(sorted(best.values(), key=lambda match: (-match.weight, match.rule)))


def _weigher(folded: str) -> Callable[[Found], float]:
    """How much a find weighs by its place in the text."""
    first = folded.find(STOP)
    late = folded.find(STOP, first + 1) if first >= 0 else -1
    if late < 0:
        return lambda find: find.rule.weight
    advising = _ADVISING.search(folded, first)
    advice = advising.start() if advising else len(folded)

    def weight(find: Found) -> float:
        own = find.rule.weight
        if find.start >= advice:
            return own * _ADVICE
        if find.start > late:
            return own * (_LATE if own < STRENGTH["decisive"] else _LATE_DECISIVE)
        return own

    return weight


@cache
def default_book() -> Book:
    """The book that comes with Postmend."""
    sources = sorted(FOLDER.glob("*.toml")) + [compiled.HERE / name for name in _COMPILERS]
    return Book(compiled.load("replies", Index, lambda: compile_book(read_rules()), sources))
