"""The test of the whole rule book at once: its own examples decide.

Each `yes` must make its rule's cause the top one, with this rule voting; each `no` must not make that cause the
top one by this rule; each rule must decide at least one of its examples, so that no rule is dead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from postmend.knowledge.book import Book
from postmend.knowledge.index import compile_book
from postmend.knowledge.read import read_reply
from postmend.knowledge.rules import RuleText
from postmend.model import AddressVerdict, Reading


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one rule, in one line."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


def _read(book: Book, rule: RuleText, text: str) -> Reading:
    return read_reply(
        text,
        provider=rule.provider[0] if rule.provider else "",
        stage=rule.stage[0] if rule.stage else None,
        book=book,
        with_extracts=False,
    )


def _decides(reading: Reading, rule: RuleText) -> bool:
    """Whether no other rule spoke louder for the cause than this one."""
    own = [match for match in reading.matches if match.cause is rule.cause]
    mine = [match for match in own if match.rule == rule.id]
    return bool(mine) and mine[0].weight >= max(match.weight for match in own)


def _check_rule(book: Book, rule: RuleText) -> Iterator[str]:
    if not rule.yes:
        yield "has no `yes` example"
    decided = False
    for text in rule.yes:
        reading = _read(book, rule, text)
        if not any(match.rule == rule.id for match in reading.matches):
            yield f"does not match its own example {text!r}"
        elif reading.cause is not rule.cause:
            heard = ", ".join(f"{match.rule} {match.weight:g}" for match in reading.matches[:4])
            yield f"example is read as {reading.cause}, not {rule.cause}: {text!r} ({heard})"
        if rule.address and reading.address is not AddressVerdict(rule.address):
            yield f"address verdict of an example is {reading.address}, not {rule.address}: {text!r}"
        decided = decided or _decides(reading, rule)
    if rule.yes and not decided:
        yield "is dead: other rules decide every example of it"
    for text in rule.no:
        reading = _read(book, rule, text)
        if reading.cause is rule.cause and any(match.rule == rule.id for match in reading.matches):
            yield f"makes its cause the top one of a `no` example: {text!r}"


def check_rules(rules: Sequence[RuleText]) -> list[Problem]:
    """Check every rule against its examples within the whole book; raise ParseError if it does not compile."""
    book = Book(compile_book(rules))
    return [Problem(rule.id, text) for rule in rules for text in _check_rule(book, rule)]
