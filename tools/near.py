"""How often the nearest words are right where no rule is: `python -m tools.near`.

Leaves out a third of the rules, several times over, lets the rest of the book teach (`knowledge/near.py`), and asks it
for the examples of the rules left out that no other rule knows. Prints how many were named, and how many rightly.
"""

import random
import sys
from collections.abc import Iterator

from postmend.knowledge.book import Book
from postmend.knowledge.index import compile_book
from postmend.knowledge.near import learn, nearest, what_is_said
from postmend.knowledge.rules import RuleText, read_rules
from postmend.knowledge.unwrap import codes_of, layers, status_of
from postmend.knowledge.words import fold, words_of
from postmend.model import Cause

_TIMES, _LEFT_OUT = 6, 3


def _asked(kept: list[RuleText], out: list[RuleText]) -> Iterator[tuple[Cause, Cause | None]]:
    """The true cause and the named one of each example that only the rules left out know."""
    book, taught = Book(compile_book(kept)), learn(kept, what_is_said())
    for rule in out:
        for text in rule.yes:
            inner = layers(text)[-1]
            folded, (code, status) = fold(inner.own), codes_of(inner.text)
            enhanced = status_of(status)
            if not any(match.words for match in book.votes(folded, words_of(folded), code=code, enhanced=enhanced)):
                found = nearest(folded, code, enhanced, taught)
                yield rule.cause, found[0] if found else None


def main() -> int:
    """Print the figures."""
    rules, chooser = list(read_rules()), random.Random(1)  # noqa: S311  an order, always the same
    asked: list[tuple[Cause, Cause | None]] = []
    for _ in range(_TIMES):
        chooser.shuffle(rules)
        part = len(rules) // _LEFT_OUT
        asked += [each for each in _asked(rules[part:], rules[:part]) if each[0] is not Cause.UNKNOWN]
    named = [(true, said) for true, said in asked if said is not None]
    right = sum(true is said for true, said in named)
    sys.stdout.write(f"{len(asked)} asked, {len(named)} named, {right} rightly ({right / len(named):.2f})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
