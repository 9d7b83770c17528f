"""Whether a mail address is alive: the words of the verdict, and one address's answer."""

from dataclasses import dataclass
from enum import StrEnum

from postmend.model.cause import AddressVerdict
from postmend.model.finding import Finding
from postmend.model.smtp import SmtpReply


class Deliverability(StrEnum):
    """The verdict on an address. What nobody could tell is `unknown`, never `undeliverable`."""

    DELIVERABLE = "deliverable"
    UNDELIVERABLE = "undeliverable"
    RISKY = "risky"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why the verdict is what it is; stable ids, worded in `knowledge/mailboxes.toml`."""

    ACCEPTED = "accepted"
    SYNTAX = "syntax"
    DOMAIN_NOT_FOUND = "domain_not_found"
    NULL_MX = "null_mx"
    MX_INVALID = "mx_invalid"
    RESERVED_DOMAIN = "reserved_domain"
    PARKED_DOMAIN = "parked_domain"
    USER_UNKNOWN = "user_unknown"
    MAILBOX_DISABLED = "mailbox_disabled"
    RECIPIENT_MOVED = "recipient_moved"
    MAILBOX_FULL = "mailbox_full"
    CATCH_ALL = "catch_all"
    CATCH_ALL_UNKNOWN = "catch_all_unknown"
    DISPOSABLE = "disposable"
    GREYLISTED = "greylisted"
    TRY_LATER = "try_later"
    NO_ANSWER = "no_answer"
    REFUSED_US = "refused_us"
    REFUSED = "refused"
    DNS_UNKNOWN = "dns_unknown"
    SMTPUTF8_MISSING = "smtputf8_missing"
    PROVIDER_ACCEPTS_ALL = "provider_accepts_all"
    PROVIDER_PUNISHES = "provider_punishes"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Traits:
    """What an address says by itself. `disposable` is None where the list of such domains is not installed.

    `suggestion` is what was probably meant, empty where nothing looks mistyped.
    """

    role: bool = False
    free: bool = False
    disposable: bool | None = None
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """One address's answer: verdict, reason, what to do with it, and what it rests on.

    `address` is as it was given, `normal` as it is sent (empty where it is no address). `cause` is the classifier's
    cause id of the reply that decided, where one did. `catch_all` is None where nobody knows. `asked_at` is RFC 3339
    in UTC, `host` and `ip` who answered.
    """

    address: str
    normal: str
    verdict: Deliverability
    reason: Reason
    address_verdict: AddressVerdict
    detail: str
    traits: Traits = Traits()
    cause: str = ""
    catch_all: bool | None = None
    provider: str = ""
    mx: tuple[str, ...] = ()
    host: str = ""
    ip: str = ""
    reply: SmtpReply | None = None
    evidence: tuple[Finding, ...] = ()
    asked_at: str = ""
