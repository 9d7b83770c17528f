"""The JSON that several commands print alike: findings, steps and DNS records, causes and the rules that voted.

The shapes are a contract (`docs/schema/`), versioned and tested; these are built from the values of `model` and hold
no logic of their own.
"""

import msgspec

from postmend.model import Finding, Reading, RecordChange, Step


class Evidence(msgspec.Struct):
    """One finding."""

    check: str
    id: str
    subject: str
    result: str
    supports: tuple[str, ...]
    against: tuple[str, ...]
    detail: str
    source: str
    record: str
    asked_at: str
    data: dict[str, str]


class Record(msgspec.Struct):
    """A DNS record before and after, and the re-evaluation that shows that the new one works."""

    name: str
    type: str
    before: str
    after: str
    proof: str


class StepOut(msgspec.Struct, omit_defaults=True):
    """One step of the plan."""

    id: str
    who: str
    do: str
    record: Record | None = None
    url: str | None = None
    letter: str | None = None
    config: tuple[str, ...] = ()
    verify: str | None = None


class CandidateOut(msgspec.Struct):
    """A cause and its probability, 0 to 1."""

    id: str
    confidence: float


class MatchOut(msgspec.Struct):
    """A reply rule that voted, and the words that it found."""

    rule: str
    cause: str
    words: str


def finding_out(finding: Finding) -> Evidence:
    """One finding as JSON values."""
    return Evidence(
        finding.check, finding.id, finding.subject, finding.result, finding.supports, finding.against,
        finding.detail, finding.source, finding.record, finding.asked_at, dict(finding.data),
    )  # fmt: skip


def _record(change: RecordChange | None) -> Record | None:
    return Record(change.name, change.type, change.before, change.after, change.proof) if change else None


def step_out(step: Step) -> StepOut:
    """One step as JSON values."""
    return StepOut(
        step.id, step.who, step.do, _record(step.record), step.url or None, step.letter or None,
        step.config, step.verify or None,
    )  # fmt: skip


def matches_out(reading: Reading) -> list[MatchOut]:
    """The rules that voted as JSON values."""
    return [MatchOut(m.rule, m.cause, m.words) for m in reading.matches]


def candidates_out(pairs: list[tuple[str, float]]) -> list[CandidateOut]:
    """Those worth a look: anything above one in a hundred, and always the first."""
    return [CandidateOut(name, round(share, 3)) for i, (name, share) in enumerate(pairs) if not i or share >= 0.01]
