"""The JSON that `check` prints: its shape is a contract (`docs/schema/check.v1.json`)."""

from typing import Any

import msgspec

from postmend.app.output import Evidence, StepOut, finding_out
from postmend.knowledge.findings import Grade, grade_of, repairs
from postmend.knowledge.requirements import judge_rules, provider_rules
from postmend.model import Finding
from postmend.remedy.mend import case_of


class Graded(Evidence):
    """A finding with what it costs: `grade` refused, bulk, harms, advice or fine; `by` who refuses or why."""

    topic: str
    grade: str
    by: str


class Requirement(msgspec.Struct):
    """A rule of a provider, and whether it is met: `state` is met, broken or unknown; `ask` what would tell."""

    provider: str
    id: str
    text: str
    who: str
    state: str
    because: tuple[str, ...]
    ask: str


class Change(msgspec.Struct):
    """What is different from a saved check: ids of findings before and now, null where there was none."""

    subject: str
    topic: str
    before: str | None
    now: str | None
    detail: str


class Since(msgspec.Struct):
    """A comparison with an earlier check: when that was, and what changed."""

    saved_at: str
    changes: list[Change]


class Checked(msgspec.Struct, omit_defaults=True):
    """What was found about one target. `kind` is domain, host, ip or address; `bad` whether mail gets refused."""

    version: int
    target: str
    kind: str
    name: str
    bad: bool
    checked_at: str
    findings: list[Graded]
    plan: list[StepOut]
    requirements: list[Requirement]
    not_asked: list[str]
    notes: tuple[str, ...] = ()
    since: Since | None = None


_MOST_TEXT = 4_000  # characters of a detail or a record
_TOPIC = {
    "spf_record": "spf", "dkim_key": "dkim", "ip": "blocklist", "resolver": "blocklist", "behind": "blocklist",
    "dkim": "message", "authres": "message", "arc": "message", "list": "message",
}  # fmt: skip
_ASKED_FOR = {"PTR": "rdns", "MX": "mx", "TXT": "spf"}  # whose freshness it is


def topic_of(finding: Finding) -> str:
    """The topic of a finding, as `--only` names them."""
    if finding.id in {"dmarc.pass", "dmarc.fail", "dmarc.not_judged"}:
        return "message"
    if finding.check == "dns":
        if "_dmarc." in finding.subject:
            return "dmarc"
        return _ASKED_FOR.get((finding.record.split() or ["", ""])[1], "mx")
    return _TOPIC.get(finding.check, finding.check)


def graded(finding: Finding) -> Graded:
    """A finding as JSON values, with what it costs."""
    grade = grade_of(finding)
    known = repairs().get(finding.id)
    by = finding.get("name") if finding.check == "blocklist" else ""
    if known and grade is not Grade.FINE:
        case = case_of(finding)
        by = case.fill(known.by) if case.knows(known.by) else ""
    plain = finding_out(finding)
    values = {name: _short(getattr(plain, name)) for name in plain.__struct_fields__}
    return Graded(**values, topic=topic_of(finding), grade=grade, by=by)


def _short(value: Any) -> Any:
    """Texts from outside, cut where somebody published a book."""
    return value[: _MOST_TEXT - 4] + " ..." if isinstance(value, str) and len(value) > _MOST_TEXT else value


def requirements(findings: list[Finding]) -> list[Requirement]:
    """How each provider's rules stand by these findings."""
    ids = [finding.id for finding in findings]
    return [
        Requirement(each.id, s.rule.id, s.rule.text, s.rule.who, s.state, s.because, s.rule.ask)
        for each in provider_rules()
        for s in judge_rules(each, ids)
    ]
