"""The JSON that `explain` and `classify` print: its shape is a contract (`docs/schema/`), versioned and tested.

Everything shown to a person is in here too. Built from the values of `model`; holds no logic of its own.
"""

import msgspec

from postmend.diagnosis import sending_ip
from postmend.knowledge.causes import cause_info, sisimai_reason
from postmend.model import Diagnosis, Failure, Feedback, Finding, Intake, Reading, RecordChange, Step

VERSION = 1


class Reply(msgspec.Struct):
    """The reply as the input gives it; `notice` is what it says around it.

    `inferred` is an enhanced status by the cause, only where the input states none.
    """

    code: int | None
    enhanced: str | None
    text: str
    inferred: str | None
    notice: str | None


class Remote(msgspec.Struct):
    """The host that refused."""

    host: str | None
    ip: str | None
    provider: str | None


class Local(msgspec.Struct):
    """The host that was refused."""

    host: str | None
    ip: str | None
    helo: str | None


class CauseOut(msgspec.Struct):
    """The verdict."""

    id: str
    who: str
    permanent: bool
    state: str
    confidence: float
    sisimai: str


class CandidateOut(msgspec.Struct):
    """A cause and its probability, 0 to 1."""

    id: str
    confidence: float


class Named(msgspec.Struct):
    """What the reply names."""

    lists: tuple[str, ...]
    ips: tuple[str, ...]
    domains: tuple[str, ...]
    urls: tuple[str, ...]
    emails: tuple[str, ...]
    codes: tuple[str, ...]
    limits: tuple[str, ...]
    retry_after_s: int | None


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


class MatchOut(msgspec.Struct):
    """A reply rule that voted, and the words that it found."""

    rule: str
    cause: str
    words: str


class FailureOut(msgspec.Struct):
    """One recipient's refusal, its cause, the evidence and the plan."""

    recipient: str | None
    original_recipient: str | None
    mail_from: str | None
    action: str
    stage: str | None
    reply: Reply
    remote: Remote
    local: Local
    reporting_mta: str | None
    cause: CauseOut
    candidates: list[CandidateOut]
    ruled_out: list[str]
    address: str
    matched: list[MatchOut]
    named: Named
    evidence: list[Evidence]
    not_asked: list[str]
    plan: list[StepOut]


class OriginalOut(msgspec.Struct):
    """The message that was refused, as far as it came back."""

    from_address: str | None
    from_domain: str | None
    dkim_domain: str | None
    dkim_selector: str | None
    message_id: str | None
    subject: str | None
    date: str | None


class FeedbackOut(msgspec.Struct):
    """An ARF complaint's own fields (RFC 5965)."""

    type: str | None
    user_agent: str | None
    source_ip: str | None
    reported_domain: tuple[str, ...]
    original_mail_from: str | None
    original_rcpt_to: tuple[str, ...]
    arrival_date: str | None


class Explained(msgspec.Struct):
    """One message, log line or text, explained."""

    version: int
    source: str
    kind: str
    family: str | None
    failures: list[FailureOut]
    original: OriginalOut
    feedback: FeedbackOut | None
    problems: tuple[str, ...]


class Classified(msgspec.Struct, omit_defaults=True):
    """One reply, classified by its text alone."""

    cause: str
    candidates: list[CandidateOut]
    address: str
    matched: list[MatchOut]
    rule: str | None
    code: int | None = None
    enhanced: str | None = None
    provider: str | None = None
    sisimai: str | None = None
    error: str | None = None


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


def _matches(reading: Reading) -> list[MatchOut]:
    return [MatchOut(m.rule, m.cause, m.words) for m in reading.matches]


def _candidates(pairs: list[tuple[str, float]]) -> list[CandidateOut]:
    """Those worth a look: anything above one in a hundred, and always the first."""
    return [CandidateOut(name, round(share, 3)) for i, (name, share) in enumerate(pairs) if not i or share >= 0.01]


def _local(failure: Failure, reading: Reading) -> Local:
    host = failure.local
    return Local(host.host or None, host.ip or sending_ip(failure, reading)[0] or None, host.helo or None)


def _reply(diagnosis: Diagnosis) -> Reply:
    reply, reading = diagnosis.failure.reply, diagnosis.reading
    code = reply.code if reply.code is not None else reading.code
    enhanced = reply.enhanced or reading.enhanced
    inferred = None if enhanced else f"{5 if diagnosis.permanent else 4}.{cause_info(diagnosis.cause).status}"
    return Reply(code, str(enhanced) if enhanced else None, reply.text, inferred, diagnosis.failure.notice or None)


def failure_out(diagnosis: Diagnosis) -> FailureOut:
    """One diagnosis as JSON values."""
    failure, reading = diagnosis.failure, diagnosis.reading
    extracts = reading.extracts
    return FailureOut(
        recipient=failure.recipient or None,
        original_recipient=failure.original_recipient or None,
        mail_from=failure.mail_from or None,
        action=failure.action,
        stage=failure.stage or reading.stage,
        reply=_reply(diagnosis),
        remote=Remote(
            failure.remote.host or reading.remote_host or None,
            failure.remote.ip or reading.remote_ip or None,
            reading.provider or None,
        ),
        local=_local(failure, reading),
        reporting_mta=failure.reporting_mta or None,
        cause=CauseOut(
            diagnosis.cause, diagnosis.who, diagnosis.permanent, diagnosis.state,
            round(diagnosis.confidence, 3), sisimai_reason(diagnosis.cause, reading),
        ),
        candidates=_candidates([(c.cause, c.confidence) for c in diagnosis.candidates]),
        ruled_out=list(diagnosis.ruled_out),
        address=diagnosis.address,
        matched=_matches(reading),
        named=Named(
            extracts.lists, extracts.ips, extracts.domains, extracts.urls, extracts.emails, extracts.codes,
            extracts.limits, extracts.retry_after_s,
        ),
        evidence=[finding_out(finding) for finding in diagnosis.evidence],
        not_asked=list(diagnosis.not_asked),
        plan=[step_out(step) for step in diagnosis.plan],
    )  # fmt: skip


def _feedback(feedback: Feedback) -> FeedbackOut:
    return FeedbackOut(
        feedback.type or None, feedback.user_agent or None, feedback.source_ip or None,
        feedback.reported_domain, feedback.original_mail_from or None, feedback.original_rcpt_to,
        feedback.arrival_date or None,
    )  # fmt: skip


def explained_out(intake: Intake, diagnoses: list[Diagnosis]) -> Explained:
    """One input and its diagnoses as JSON values."""
    original = intake.original
    return Explained(
        version=VERSION,
        source=intake.source,
        kind=intake.kind,
        family=intake.family or None,
        failures=[failure_out(diagnosis) for diagnosis in diagnoses],
        original=OriginalOut(
            original.from_address or None, original.from_domain or None, original.dkim_domain or None,
            original.dkim_selector or None, original.message_id or None, original.subject or None,
            original.date or None,
        ),
        feedback=_feedback(intake.feedback) if intake.feedback else None,
        problems=intake.problems,
    )  # fmt: skip


def classified_out(reading: Reading) -> Classified:
    """One reading as JSON values."""
    return Classified(
        cause=reading.cause,
        candidates=_candidates([(h.cause, h.weight) for h in reading.hypotheses]),
        address=reading.address,
        matched=_matches(reading),
        rule=next((m.rule for m in reading.matches if m.cause is reading.cause), None),
        code=reading.code,
        enhanced=str(reading.enhanced) if reading.enhanced else None,
        provider=reading.provider or None,
        sisimai=sisimai_reason(reading.cause, reading),
    )


def schemas() -> dict[str, bytes]:
    """The JSON Schemas of `docs/schema`, by file name."""
    from postmend.app.checked import Checked
    from postmend.app.dkim_make import MadeKey
    from postmend.app.score_out import Scored
    from postmend.app.verify_output import VerifiedOut
    from postmend.traffic.report import Report

    made = {
        "explain.v1.json": Explained, "classify.v1.json": Classified, "verify.v1.json": VerifiedOut,
        "report.v1.json": Report, "score.v1.json": Scored, "check.v1.json": Checked,
        "dkim.v1.json": MadeKey,
    }  # fmt: skip
    return {
        name: msgspec.json.format(msgspec.json.encode(msgspec.json.schema(type_)), indent=2) + b"\n"
        for name, type_ in made.items()
    }
