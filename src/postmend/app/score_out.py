"""The JSON that `postmend score` prints (`docs/schema/score.v1.json`), built from values; no logic of its own."""

from collections.abc import Sequence

import msgspec

from postmend.app.checked import Requirement
from postmend.diagnosis.spam import Counted, by_weight, info_of
from postmend.knowledge.symbols import symbol_info
from postmend.model import Finding
from postmend.model.spam import Envelope


class SymbolOut(msgspec.Struct):
    """A rule that fired; `test_only`: it is about how the test was run, and does not count."""

    name: str
    score: float
    means: str
    do: str
    options: tuple[str, ...]
    test_only: bool


class FilterOut(msgspec.Struct):
    """One filter. `score` is its own, `counted` without what is only about the test; null where it did not answer."""

    filter: str
    state: str
    score: float | None
    counted: float | None
    marks_at: float | None
    refuses_at: float | None
    action: str
    taken: str | None
    symbols: list[SymbolOut]
    elapsed_s: float
    problem: str


class ScoreFinding(msgspec.Struct):
    """One finding, with its repair."""

    check: str
    id: str
    weight: str
    subject: str
    result: str
    detail: str
    repair: str
    supports: tuple[str, ...]
    source: str
    asked_at: str
    data: dict[str, str]


class EnvelopeOut(msgspec.Struct):
    """The envelope that the filters were asked with; `origin` says where each field was taken from."""

    ip: str
    helo: str
    mail_from: str | None
    rcpt: tuple[str, ...]
    origin: dict[str, str]


class Scored(msgspec.Struct):
    """One message. `taken` is refused, marked or fine; `because` the filters and findings that say so.

    `passed` holds what was looked at and is well; `own_s` are the seconds that were not the filters' or the network's.
    """

    version: int
    source: str
    subject: str
    taken: str
    because: tuple[str, ...]
    filters: list[FilterOut]
    findings: list[ScoreFinding]
    passed: list[ScoreFinding]
    envelope: EnvelopeOut
    bulk: bool
    requirements: list[Requirement]
    not_asked: list[str]
    own_s: float
    applied: list[str] = []
    before: "Before | None" = None


class Before(msgspec.Struct):
    """What the message was taken for before it was corrected."""

    taken: str
    because: tuple[str, ...]
    scores: dict[str, float]
    mended: list[str]


def filter_out(counted: Counted) -> FilterOut:
    """One filter as JSON values."""
    answer = counted.answer
    there = counted.taken is not None
    symbols = []
    for each in answer.symbols:
        info = symbol_info(answer.filter, each.name)
        means, do = (info.means, info.do) if info else ("", "")
        symbols.append(
            SymbolOut(
                name=each.name,
                score=each.score,
                means=means or each.description,
                do=do,
                options=each.options,
                test_only=each.name in counted.test_only,
            )
        )
    return FilterOut(
        answer.filter, answer.state, answer.score if there else None, counted.counted if there else None,
        answer.marks_at if there else None, (answer.refuses_at or None) if there else None, answer.action,
        counted.taken, symbols, round(answer.elapsed_s, 4), answer.problem,
    )  # fmt: skip


def finding_out(finding: Finding, weight: str) -> ScoreFinding:
    """One finding as JSON values."""
    info = info_of(finding)
    data = dict(finding.data)
    return ScoreFinding(
        finding.check, finding.id, weight, finding.subject, finding.result, finding.detail,
        info.do.format_map(_Blanks(data, subject=finding.subject)) if info and weight else "", finding.supports,
        finding.source or (info.source if info else ""), finding.asked_at, data,
    )  # fmt: skip


class _Blanks(dict[str, str]):
    """Blanks of a repair that this finding cannot fill are left out, not raised about."""

    def __missing__(self, key: str) -> str:
        return ""


def findings_out(findings: Sequence[Finding]) -> list[ScoreFinding]:
    """Findings by weight."""
    return [finding_out(finding, weight) for weight, finding in by_weight(findings)]


def envelope_out(envelope: Envelope) -> EnvelopeOut:
    """The envelope as JSON values."""
    return EnvelopeOut(envelope.ip, envelope.helo, envelope.mail_from, envelope.rcpt, envelope.origin)
