"""Masking never changes a cause: the whole rule book's examples, each with other ids and addresses in it."""

from __future__ import annotations

import re

from postmend.knowledge.book import read_rules
from postmend.knowledge.read import read_reply
from postmend.traffic.replies import ReplyReader, template_of

TEXTS = [text for rule in read_rules() for text in (*rule.yes, *rule.no)]


def varied(text: str, number: int) -> str:
    """The same reply about another mailbox, from another address, with another id behind it."""
    text = re.sub(r"[\w.+-]+@", f"r{number}.x@", text)
    text = re.sub(r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\b", rf"\1.{number % 250}", text)
    return f"{text} id={number:x}q{number * 7919:09d}"


def test_every_example_of_the_book() -> None:
    reader = ReplyReader()
    for number, text in enumerate(TEXTS * 2):
        said = varied(text, number)
        assert reader(said.encode(), "", "", b"").cause is read_reply(said).cause, said
    assert reader.templates <= len(TEXTS) * 1.1
    assert reader.read < len(TEXTS) * 2


def test_a_thousand_replies_are_one_template() -> None:
    texts = {
        template_of(
            f"host mx{i}.d{i}.example.net[198.51.100.{i % 250}] said: 550 5.1.1 <u{i}@d{i}.example.net>: User unknown in"
            f" virtual mailbox table, message {i:08X}AB (in reply to RCPT TO command)".encode()
        )
        for i in range(1000)
    }
    assert len(texts) == 1
