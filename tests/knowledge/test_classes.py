"""Classes of words in reply rules, and how near a `without` phrase must stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmend.knowledge.book import Book
from postmend.knowledge.index import compile_book
from postmend.knowledge.rules import read_rules
from postmend.knowledge.words import fold, words_of
from postmend.model import ParseError

RULES = """
[class]
who = ["user", "mail box"]

[[rule]]
id = "a.gone"
cause = "user_unknown"
why = "x"
find = ["{who} gone", "(no|{who}) here", "{who?} vanished"]
without = ["not {who}"]
yes = ["550 user gone"]
"""


def book(folder: Path, text: str) -> Book:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    return Book(compile_book(read_rules(folder)))


def votes(rules: Book, reply: str) -> bool:
    folded = fold(reply)
    return bool(rules.votes(folded, words_of(folded)))


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("550 user gone", True),
        ("550 Mail-box gone", True),
        ("550 no here", True),
        ("550 mail box here", True),
        ("550 vanished", True),
        ("550 not user gone", False),
        ("550 not user. " + "Far away from it, " * 10 + "the user gone", True),
        ("550 alias gone", False),
    ],
)
def test_classes_stand_for_their_words(tmp_path: Path, reply: str, found: bool) -> None:
    assert votes(book(tmp_path, RULES), reply) is found


def test_a_class_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"a\.gone.*nobody"):
        book(tmp_path, RULES.replace("{who} gone", "{nobody} gone"))


def test_a_gap_stays_within_its_sentence(tmp_path: Path) -> None:
    rules = book(tmp_path, RULES.replace("{who} gone", "user .. gone"))
    assert votes(rules, "550 the user at host example.com. now gone")
    assert not votes(rules, "550 the user is well. Everything else is gone")
