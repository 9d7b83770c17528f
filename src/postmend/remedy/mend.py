"""The plan where nothing was refused yet: a step for each finding that costs something, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from postmend.knowledge.findings import Grade, Repair, grade_of, repairs
from postmend.model import Finding, RecordChange, Step
from postmend.remedy.case import Case, letter, one_line
from postmend.remedy.plan import delistings

_ORDER = list(Grade)


def mend(
    findings: Sequence[Finding], facts: Mapping[str, str], records: Mapping[str, RecordChange] | None = None
) -> tuple[Step, ...]:
    """Return the ordered steps for findings that cost something; empty where none does.

    `facts` are names for templates (`domain`, `hostname`), `records` DNS changes that are proven, by the id of the
    finding that they mend.
    """
    costly = [f for f in findings if grade_of(f) is not Grade.FINE and f.id in repairs()]
    made: dict[tuple[str, str], Step] = {}
    for finding in sorted(costly, key=lambda f: _ORDER.index(grade_of(f))):
        for step in _steps(finding, facts, (records or {}).get(finding.id)):
            if step.record is None or all(step.record != known.record for known in made.values()):
                made.setdefault((step.id, step.do), step)  # what one record mends is one step
    lists = [f for f in findings if f.check == "blocklist" and grade_of(f) in {Grade.REFUSED, Grade.HARMS}]
    return (*made.values(), *delistings(lists))


def _steps(finding: Finding, facts: Mapping[str, str], record: RecordChange | None) -> Iterator[Step]:
    text = repairs()[finding.id]
    case = case_of(finding, facts)
    if case.knows(text.do, text.url, *text.config, needs=text.needs):
        yield _step(finding.id, text, case, record)


def case_of(finding: Finding, facts: Mapping[str, str] = MappingProxyType({})) -> Case:
    """What a finding, and `facts` beside it, give for the templates of `findings.toml`."""
    known = {**facts, "subject": finding.subject, **dict(finding.data)}
    return Case({name: one_line(value, 500) for name, value in known.items() if value})


def _step(ident: str, text: Repair, case: Case, record: RecordChange | None) -> Step:
    return Step(
        id=ident,
        who=text.who,
        do=case.fill(text.do),
        record=record,
        url=case.fill(text.url),
        letter=letter(text.letter, case, ("subject", "hostname")),
        config=tuple(case.fill(line) for line in text.config),
        verify=case.fill(text.verify) if case.knows(text.verify) else "",
    )
