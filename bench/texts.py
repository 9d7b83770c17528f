"""Reply texts a second, one core, with the book as it is and grown to 4 and 16 times its rules.

The texts are the book's own examples, each made different so that nothing remembered helps. A grown book holds each
rule again under other ids, with the words at one place of each phrase changed: rules that share most of their words
with what is there, and say another thing.
"""

import re

import msgspec

from bench.timing import in_turn, row
from postmend.knowledge.book import Book
from postmend.knowledge.index import compile_book
from postmend.knowledge.read import read_reply
from postmend.knowledge.rules import RuleText, read_rules

TIMES = (1, 4, 16)
_WORD = re.compile(r"[^\W\d_]{2,}")
_PLACE = re.compile(r"\((?![^()]*\|\))[^()]+\)|(?<![\w<.])[^\W\d_]{2,}(?![\w>.])")


def _changed(phrase: str, number: int) -> str:
    """The phrase with the words of its longest place made others."""
    place = max(_PLACE.findall(phrase), key=len, default="")
    return phrase.replace(place, _WORD.sub(lambda found: f"{found[0]}q{chr(ord('a') + number)}", place), 1)


def grown(rules: list[RuleText], times: int) -> Book:
    """A book with each rule `times` times."""
    more = [
        msgspec.structs.replace(
            rule, id=f"{rule.id}.{number}", find=tuple(_changed(each, number) for each in rule.find), pattern=""
        )
        for number in range(1, times)
        for rule in rules
        if rule.find
    ]
    return Book(compile_book([*rules, *more]))


def run() -> None:
    """Print texts a second and microseconds a text, and what growing the book costs."""
    rules = read_rules()
    texts = [text for rule in rules for text in rule.yes]
    different = [f"{text} id={i:x}q{i}" for i, text in enumerate(texts * 3)]
    books = [grown(rules, times) for times in TIMES]
    rounds = iter(range(10_000))

    def all_of_them(book: Book) -> None:
        turn = next(rounds)
        for text in different:
            read_reply(f"{text} {turn}", with_extracts=False, book=book)

    for book in books:
        all_of_them(book)  # compiles the patterns that these texts need
    taken = in_turn(*(lambda book=book: all_of_them(book) for book in books))  # type: ignore[misc]
    for book, seconds in zip(books, taken, strict=True):
        row(
            f"classify: texts/s, {len(book.rules)} rules ({len(different)} texts)",
            f"{len(different) / seconds:,.0f}",
            f"{seconds / len(different) * 1e6:.0f} us a text, {seconds / taken[0]:.2f} times {TIMES[0]}x",
        )
