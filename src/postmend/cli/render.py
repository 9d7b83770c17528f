"""What reports on a terminal have in common: a finding behind its mark, a plan by number with its letters."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from postmend.cli.paper import Paper, clean
from postmend.model import Fact, Side, Step

if TYPE_CHECKING:
    from postmend.app.output import StepOut

_MARK = {
    Fact.PASS: ("ok", "green"),
    Fact.FAIL: ("no", "red"),
    Fact.NONE: ("--", "yellow"),
    Fact.PERMERROR: ("no", "red"),
    Fact.TEMPERROR: ("??", "yellow"),
    Fact.REFUSED: ("??", "yellow"),
    Fact.NOT_ASKED: ("??", "yellow"),
}
WHO = {  # who can act, said to the sender
    Side.SENDER: "you",
    Side.MESSAGE: "you, in the message",
    Side.RECIPIENT: "the recipient",
    Side.RECIPIENT_ADMIN: "the recipient's administrator",
    Side.NETWORK: "the network",
}


def mark_line(paper: Paper, result: str, detail: str, source: str) -> Iterator[str]:
    """A finding: its mark, what was found, and below it what it rests on."""
    mark, colour = _MARK[Fact(result)]
    lines = list(paper.wrap(detail, f"  {mark}  ", "      "))
    lines[0] = lines[0].replace(mark, paper.style(mark, fg=colour, bold=True), 1)
    yield from lines
    if source:
        yield from (paper.style(line, dim=True) for line in paper.wrap(source, "      "))


def _step(paper: Paper, number: int, step: "Step | StepOut") -> Iterator[str]:
    who = "" if step.who in {Side.SENDER, Side.MESSAGE} else f"[{WHO[Side(step.who)]}] "
    yield from paper.wrap(who + step.do, f"  {number}. ", "     ")
    if step.record:
        record = step.record
        for word, texts in (("before ", record.before), ("publish", record.after)):
            for text in texts.splitlines():
                yield from paper.wrap(text, f"     {word} {record.name} {record.type} ", "             ")
        if record.proof:
            yield from paper.wrap(record.proof, "     proof   ", "             ")
    for line in step.config:
        yield f"     | {clean(line)}"
    if step.url:
        yield f"     {clean(step.url)}"
    if step.verify:
        yield f"     {paper.style('then: ' + clean(step.verify), dim=True)}"
    if step.letter:
        yield from paper.wrap("a letter ready to send stands at the end", "     ")


def plan_lines(paper: Paper, plan: "Sequence[Step | StepOut]") -> Iterator[str]:
    """The plan: its steps by number, and at the end the letters that belong to them."""
    if not plan:
        return
    yield ""
    yield paper.head("What to do")
    for number, step in enumerate(plan, 1):
        yield from _step(paper, number, step)
    for number, step in enumerate(plan, 1):
        if step.letter:
            yield ""
            yield paper.head(f"Letter for step {number}")
            for line in step.letter.splitlines():
                yield from paper.wrap(line, "  | ") if line.strip() else ["  |"]
