"""The JSON that `explain` prints (`docs/schema/explain.v1.json`): all that a person is shown is in here too."""

import msgspec

from postmend.app.output import (
    CandidateOut,
    Evidence,
    MatchOut,
    StepOut,
    candidates_out,
    finding_out,
    matches_out,
    step_out,
)
from postmend.diagnosis import sending_ip
from postmend.knowledge.causes import cause_info, sisimai_reason
from postmend.model import Diagnosis, Failure, Feedback, Intake, Reading

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


def _local(failure: Failure, reading: Reading) -> Local:
    host = failure.local
    return Local(host.host or None, host.ip or sending_ip(failure, reading)[0] or None, host.helo or None)


def _reply(diagnosis: Diagnosis) -> Reply:
    reply, reading = diagnosis.failure.reply, diagnosis.reading
    code = reply.code if reply.code is not None else reading.code
    enhanced = reply.enhanced or reading.enhanced
    inferred = None if enhanced else f"{5 if diagnosis.permanent else 4}.{cause_info(diagnosis.cause).status}"
    return Reply(code, str(enhanced) if enhanced else None, reply.text, inferred, diagnosis.failure.notice or None)


def _failure(diagnosis: Diagnosis) -> FailureOut:
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
        candidates=candidates_out([(c.cause, c.confidence) for c in diagnosis.candidates]),
        ruled_out=list(diagnosis.ruled_out),
        address=diagnosis.address,
        matched=matches_out(reading),
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
        failures=[_failure(diagnosis) for diagnosis in diagnoses],
        original=OriginalOut(
            original.from_address or None, original.from_domain or None, original.dkim_domain or None,
            original.dkim_selector or None, original.message_id or None, original.subject or None,
            original.date or None,
        ),
        feedback=_feedback(intake.feedback) if intake.feedback else None,
        problems=intake.problems,
    )  # fmt: skip
