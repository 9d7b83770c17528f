"""The JSON that `verify` prints (`docs/schema/verify.v1.json`), and the same in the shape of Reacher's."""

import msgspec

from postmend.app.output import Evidence, finding_out
from postmend.model.verified import Deliverability, Reason, Verified

VERSION = 1


class SaidOut(msgspec.Struct):
    """The reply that decided, as the host gave it."""

    code: int | None
    enhanced: str | None
    text: str


class VerifiedOut(msgspec.Struct):
    """One address. `input` is as it was given, `email` as it is sent, `address` what to do with it.

    `disposable` is null where the list of throw-away services is not installed, `catch_all` where nobody knows.
    """

    version: int
    input: str
    email: str | None
    verdict: str
    reason: str
    address: str
    detail: str
    suggestion: str | None
    role: bool
    free: bool
    disposable: bool | None
    catch_all: bool | None
    provider: str | None
    cause: str | None
    mx: tuple[str, ...]
    host: str | None
    ip: str | None
    reply: SaidOut | None
    evidence: list[Evidence]
    asked_at: str | None


def verified_out(found: Verified) -> VerifiedOut:
    """One answer as JSON values."""
    reply = found.reply
    return VerifiedOut(
        version=VERSION,
        input=found.address,
        email=found.normal or None,
        verdict=found.verdict,
        reason=found.reason,
        address=found.address_verdict,
        detail=found.detail,
        suggestion=found.traits.suggestion or None,
        role=found.traits.role,
        free=found.traits.free,
        disposable=found.traits.disposable,
        catch_all=found.catch_all,
        provider=found.provider or None,
        cause=found.cause or None,
        mx=found.mx,
        host=found.host or None,
        ip=found.ip or None,
        reply=SaidOut(reply.code, str(reply.enhanced) if reply.enhanced else None, reply.text) if reply else None,
        evidence=[finding_out(each) for each in found.evidence],
        asked_at=found.asked_at or None,
    )


class ReacherMisc(msgspec.Struct):
    """Reacher's `misc`."""

    is_disposable: bool
    is_role_account: bool
    is_b2c: bool
    gravatar_url: None = None
    haveibeenpwned: None = None


class ReacherMx(msgspec.Struct):
    """Reacher's `mx`."""

    accepts_mail: bool
    records: tuple[str, ...]


class ReacherSmtp(msgspec.Struct):
    """Reacher's `smtp`."""

    can_connect_smtp: bool
    has_full_inbox: bool
    is_catch_all: bool
    is_deliverable: bool
    is_disabled: bool


class ReacherSyntax(msgspec.Struct):
    """Reacher's `syntax`."""

    address: str | None
    domain: str
    is_valid_syntax: bool
    username: str
    normalized_email: str | None
    suggestion: str | None


class ReacherOut(msgspec.Struct):
    """The shape that programs written for Reacher read; `is_reachable` is safe, risky, invalid or unknown."""

    input: str
    is_reachable: str
    misc: ReacherMisc
    mx: ReacherMx
    smtp: ReacherSmtp
    syntax: ReacherSyntax


_REACHABLE = {
    Deliverability.DELIVERABLE: "safe",
    Deliverability.UNDELIVERABLE: "invalid",
    Deliverability.RISKY: "risky",
    Deliverability.UNKNOWN: "unknown",
}
_NO_MAIL = frozenset(
    {Reason.SYNTAX, Reason.DOMAIN_NOT_FOUND, Reason.NULL_MX, Reason.MX_INVALID, Reason.RESERVED_DOMAIN}
)


def reacher_out(found: VerifiedOut) -> ReacherOut:
    """One answer in Reacher's shape. A role account is `risky` there."""
    username, _, domain = (found.email or "").rpartition("@")
    reachable = _REACHABLE[Deliverability(found.verdict)]
    accepted = found.reply is not None and found.reply.code is not None and found.reply.code < 300
    return ReacherOut(
        found.input,
        "risky" if reachable == "safe" and found.role else reachable,
        ReacherMisc(bool(found.disposable), found.role, found.free),
        ReacherMx(found.reason not in _NO_MAIL, tuple(f"{host}." for host in found.mx)),
        ReacherSmtp(
            found.reply is not None,
            found.reason == Reason.MAILBOX_FULL,
            bool(found.catch_all),
            accepted,
            found.reason == Reason.MAILBOX_DISABLED,
        ),
        ReacherSyntax(found.email, domain, found.email is not None, username, found.email, found.suggestion),
    )
