"""Reply texts a second: the book's own examples, each made different so that no cache helps, one core."""

from bench.timing import in_turn, row
from postmend.knowledge.book import read_rules
from postmend.knowledge.read import read_reply


def run() -> None:
    """Print texts a second and microseconds a text."""
    texts = [text for rule in read_rules() for text in rule.yes]
    different = [f"{text} id={i:x}q{i}" for i, text in enumerate(texts * 3)]
    read_reply(texts[0])

    def all_of_them() -> None:
        for text in different:
            read_reply(text, with_extracts=False)

    (taken,) = in_turn(all_of_them)
    row(
        f"classify: texts/s ({len(different)} texts)",
        f"{len(different) / taken:,.0f}",
        f"{taken / len(different) * 1e6:.0f} us a text",
    )
