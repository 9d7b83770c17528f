"""The book of reply rules: `replies/*.toml`, compiled, and indexed by the words its rules need.

A rule says which words name which cause. All rules that match vote; none wins by its place in a file. A rule
whose words lie inside the longer words of another one does not vote against it: `blocked` says nothing where
`blocked using zen.spamhaus.org` was said. Rules without words speak from the codes alone, and weigh little.
Fails with ParseError naming file and rule when a book cannot be compiled.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.phrases import Phrase, compile_phrase, search
from postmend.knowledge.words import STOP
from postmend.model import Cause, EnhancedStatus, Match, ParseError, Stage

FOLDER = compiled.HERE / "replies"

# What a rule's vote is worth, in nats (natural log-odds): `decisive` names the cause in words that mean nothing
# else; `strong` is nearly always right; `fair` more often right than not; `hint` only tips an open scale.
STRENGTH = {"decisive": 7.0, "strong": 5.0, "fair": 3.0, "hint": 1.5}


# What decides the compiled form, besides the rules.
_COMPILERS = ("book.py", "phrases.py", "words.py")
_ADVICE = 0.7  # what words weigh where advice is given
_MOST_SPOKEN, _MOST_VOTED = 4096, 2048  # sets of codes, and folded replies, remembered
_Spoken = tuple[frozenset[str], Stage | None, str, str]  # providers, stage, reply code, enhanced status
# How far from a find a `without` phrase still denies it, in characters: about a sentence.
NEAR_CHARS = 120

_CLASS = re.compile(r"\{(\w+)(\??)\}")


class RuleText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[rule]]` as it is written. See `replies/README.md` for what each field means."""

    id: str
    cause: Cause
    why: str
    find: tuple[str, ...] = ()
    pattern: str = ""
    pattern_why: str = ""
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    code: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    strength: str = "strong"
    address: str = ""
    source: str = ""
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


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


class Index(msgspec.Struct, array_like=True):
    """`phrases` are (rule, phrase of it, groups of words of which each must be there); `by_word` leads to them."""

    rules: tuple[Rule, ...]
    phrases: tuple[tuple[int, int, tuple[tuple[str, ...], ...]], ...]
    by_word: dict[str, list[int]]
    bare: tuple[int, ...]


def read_rules(folder: Path = FOLDER) -> list[RuleText]:
    """Read every rule of a folder of TOML files, with its examples; raise ParseError naming the file."""
    import tomllib

    rules: list[RuleText] = []
    classes: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            rules += msgspec.convert(content.get("rule", []), list[RuleText])
            found = msgspec.convert(content.get("class", {}), dict[str, tuple[str, ...]])
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise ParseError(f"{path.name}: {error}") from error
        classes |= {name: "|".join(words) for name, words in found.items()}
    rules = [_with_classes(rule, classes) for rule in rules]
    twice = [name for name, n in Counter(rule.id for rule in rules).items() if n > 1]
    if twice:
        raise ParseError(f"two rules with one id: {', '.join(twice)}")
    return rules


def _expand(phrase: str, classes: dict[str, str]) -> str:
    """Put the words of a class where a phrase names it: `{recipient}` alone or among alternatives, `{be?}` optional."""

    def words(found: re.Match[str]) -> str:
        if found[1] not in classes:
            raise ParseError(f"no class of words called {found[0]}")
        inside = phrase.count("(", 0, found.start()) > phrase.count(")", 0, found.start())
        optional = "|" if found[2] else ""
        return classes[found[1]] + optional if inside else f"({classes[found[1]]}{optional})"

    return _CLASS.sub(words, phrase)


def _with_classes(rule: RuleText, classes: dict[str, str]) -> RuleText:
    try:
        find, without = ([_expand(each, classes) for each in phrases] for phrases in (rule.find, rule.without))
    except ParseError as error:
        raise ParseError(f"rule {rule.id}: {error}") from error
    return msgspec.structs.replace(rule, find=tuple(find), without=tuple(without))


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


def compile_book(texts: Iterable[RuleText]) -> Index:
    """Compile rules and index each phrase by the rarest words it needs."""
    rules: list[Rule] = []
    bare: list[int] = []
    phrases: list[tuple[int, int, Phrase]] = []
    for text in texts:
        if text.strength not in STRENGTH:
            raise ParseError(f"rule {text.id}: strength must be one of {', '.join(STRENGTH)}")
        made = _phrases(text)
        number = len(rules)
        phrases += [(number, i, phrase) for i, phrase in enumerate(made)]
        if not made:
            if not (text.code or text.status):
                raise ParseError(f"rule {text.id}: nothing to match by")
            bare.append(number)
        without = "|".join(f"(?:{compile_phrase(words).pattern})" for words in text.without)
        rules.append(
            Rule(
                text.id, text.cause, STRENGTH[text.strength], tuple(p.pattern for p in made), without,
                frozenset(text.provider), frozenset(text.stage), text.code, text.status,
            )
        )  # fmt: skip
    common = Counter(word for _, _, phrase in phrases for group in phrase.needs for word in group)
    by_word: dict[str, list[int]] = defaultdict(list)
    needs: list[tuple[int, int, tuple[tuple[str, ...], ...]]] = []
    for number, i, phrase in phrases:
        anchor = min(phrase.needs, key=lambda group: sum(common[word] for word in group))
        for word in anchor:
            by_word[word].append(len(needs))
        needs.append((number, i, tuple(group for group in phrase.needs if group is not anchor)))
    return Index(tuple(rules), tuple(needs), dict(by_word), tuple(bare))


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
        absent = words.isdisjoint
        rules, phrases, by_word = self._index.rules, self._index.phrases, self._index.by_word
        for word in words & by_word.keys():
            for each in by_word[word]:
                number, i, needs = phrases[each]
                if any(map(absent, needs)):
                    continue
                rule = rules[number]
                if not _allowed(rule, spoken):
                    continue
                hit = search(self._pattern(number, i), folded)
                if hit is None or (rule.without and self._denied(number, hit, folded)):
                    continue
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


def _votes(found: Sequence[Found], folded: str) -> tuple[Match, ...]:
    """Let each rule vote once, by its longest find that is not silenced; heaviest first.

    A reply says first what happened, then how to mend it: words beyond the second sentence weigh less.
    """
    first = folded.find(STOP)
    second = folded.find(STOP, first + 1) if first >= 0 else -1
    advice = second if second >= 0 else len(folded)
    best: dict[str, Found] = {}
    for find in found:
        known = best.get(find.rule.id)
        if (known is None or find.end - find.start > known.end - known.start) and not (
            find.end and _silenced(find, found)
        ):
            best[find.rule.id] = find
    made = [
        Match(f.rule.id, f.rule.cause, folded[f.start : f.end], f.rule.weight * (_ADVICE if f.start > advice else 1.0))
        for f in best.values()
    ]
    return tuple(sorted(made, key=lambda match: (-match.weight, match.rule)))


@cache
def default_book() -> Book:
    """The book that comes with Postmend."""
    sources = sorted(FOLDER.glob("*.toml")) + [compiled.HERE / name for name in _COMPILERS]
    return Book(compiled.load("replies", Index, sources, lambda: compile_book(read_rules())))
