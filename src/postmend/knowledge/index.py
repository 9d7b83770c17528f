"""The compiled book of rules, and which of its phrases a text may hold.

A phrase needs a word of each of some groups (`mailbox|inbox`, `full|exceeded`): up to four, the rarest first. For each
place among the four, a word stands for the set of phrases that need it there, as the bits of one number. A text's
words give a number for each place; the phrases in all four are candidates, and only they are searched for. This
takes a few operations on long numbers, however many rules there are. A stem (`reject*`) is a word of its own, which
each word of the text that begins with it brings in.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from postmend.knowledge.phrases import STEM_HEAD, Phrase, compile_phrase
from postmend.knowledge.rules import STRENGTH, RuleText
from postmend.model import Cause, ParseError, Stage

_PLACES = 4


class Rule(msgspec.Struct, array_like=True, frozen=True):
    """A compiled rule: what matching needs, and nothing a person would read."""

    id: str
    cause: Cause
    weight: float
    patterns: tuple[str, ...]
    without: str
    provider: frozenset[str]
    stage: frozenset[Stage]
    code: tuple[str, ...]
    status: tuple[str, ...]

    @property
    def last(self) -> bool:
        """Whether it is asked only where no other rule knows the words."""
        return self.weight == STRENGTH["last"]


class Index(msgspec.Struct, array_like=True):
    """The compiled book.

    `phrases` are (rule, its phrase, how many groups of words it needs); `by_word` gives the phrases that need a
    word, one list for each place; `bare` are the rules without words.
    """

    rules: tuple[Rule, ...]
    phrases: tuple[tuple[int, int, int], ...]
    by_word: dict[str, tuple[list[int], ...]]
    bare: tuple[int, ...]


def _phrases(rule: RuleText) -> list[Phrase]:
    try:
        made = [compile_phrase(text) for text in rule.find]
        if rule.pattern:
            re.compile(rule.pattern)
            if not rule.words or not rule.pattern_why:
                raise ParseError("a pattern needs `words` to be found by and a `pattern_why`")
            made.append(Phrase(rule.pattern, (rule.words,)))
    except (ParseError, re.error) as error:
        raise ParseError(f"rule {rule.id}: {error}") from error
    return made


def _rule(text: RuleText, phrases: list[Phrase]) -> Rule:
    if text.strength not in STRENGTH:
        raise ParseError(f"rule {text.id}: strength must be one of {', '.join(STRENGTH)}")
    if not phrases and not (text.code or text.status):
        raise ParseError(f"rule {text.id}: nothing to match by")
    without = "|".join(f"(?:{compile_phrase(words).pattern})" for words in text.without)
    return Rule(
        text.id, text.cause, STRENGTH[text.strength], tuple(p.pattern for p in phrases), without,
        frozenset(text.provider), frozenset(text.stage), text.code, text.status,
    )  # fmt: skip


def compile_book(texts: Iterable[RuleText]) -> Index:
    """Compile rules, and index each phrase by the words it needs."""
    rules: list[Rule] = []
    bare: list[int] = []
    phrases: list[tuple[int, int, Phrase]] = []
    for number, text in enumerate(texts):
        made = _phrases(text)
        rules.append(_rule(text, made))
        phrases += [(number, i, phrase) for i, phrase in enumerate(made)]
        if not made:
            bare.append(number)
    common = Counter(word for _, _, phrase in phrases for group in phrase.needs for word in group)
    by_word: dict[str, tuple[list[int], ...]] = defaultdict(lambda: tuple([] for _ in range(_PLACES)))
    entries: list[tuple[int, int, int]] = []
    for number, i, phrase in phrases:
        needs = sorted(phrase.needs, key=lambda group: sum(common[word] for word in group))[:_PLACES]
        for place, group in enumerate(needs):
            for word in group:
                by_word[word][place].append(len(entries))
        entries.append((number, i, len(needs)))
    return Index(tuple(rules), tuple(entries), dict(by_word), tuple(bare))


class Candidates:
    """Finds the phrases whose needed words a text has."""

    def __init__(self, index: Index) -> None:
        self._by_word = index.by_word
        self._bits: dict[str, tuple[int, ...]] = {}
        self._stems: dict[str, list[str]] = defaultdict(list)
        for stem in (word for word in index.by_word if word.endswith("*")):
            self._stems[stem[:STEM_HEAD]].append(stem)
        # A phrase that needs fewer words than there are places is in at the others from the start.
        counts = [needed for _, _, needed in reversed(index.phrases)]
        self._free = [int("".join("01"[needed <= place] for needed in counts) or "0", 2) for place in range(_PLACES)]

    def _of_word(self, word: str) -> tuple[int, ...]:
        known = self._bits.get(word)
        if known is None:
            known = self._bits[word] = tuple(
                sum(1 << number for number in set(numbers)) for numbers in self._by_word[word]
            )
        return known

    def _known(self, words: frozenset[str]) -> set[str]:
        """The words that phrases need, and the stems that some word begins with."""
        known = set(words & self._by_word.keys())
        for word in words:
            for stem in self._stems.get(word[:STEM_HEAD], ()):
                if word.startswith(stem[:-1]):
                    known.add(stem)
        return known

    def of(self, words: frozenset[str]) -> Iterator[int]:
        """Yield the numbers of the phrases that may be in a text with these words."""
        first, second, third, fourth = self._free
        for word in self._known(words):
            a, b, c, d = self._of_word(word)
            first |= a
            second |= b
            third |= c
            fourth |= d
        left = first & second & third & fourth
        while left:
            lowest = left & -left
            yield lowest.bit_length() - 1
            left ^= lowest
