"""What intake reads out of a mail, a log or a pasted text: one Intake, holding a Failure per recipient."""

from dataclasses import dataclass, field
from enum import StrEnum

from postmend.model.reading import Reading
from postmend.model.smtp import SmtpReply, Stage


class Kind(StrEnum):
    """What an input is."""

    DSN = "dsn"
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    REPLY = "reply"
    ARF = "arf"
    AUTO_REPLY = "auto_reply"
    DMARC_REPORT = "dmarc_report"
    TLS_REPORT = "tls_report"
    NOT_A_BOUNCE = "not_a_bounce"


class Action(StrEnum):
    """The Action field of a DSN (RFC 3464 section 2.3.3), or what a text says to the same effect."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Host:
    """A mail host as somebody named it: any part may be missing (empty)."""

    host: str = ""
    ip: str = ""
    helo: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of the message that was refused, from the part of it that came back.

    `received` is its newest Received line; `message` the part itself where it is the whole message (message/rfc822),
    with LF line ends.
    """

    from_address: str = ""
    from_domain: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    message_id: str = ""
    subject: str = ""
    date: str = ""
    to: tuple[str, ...] = ()
    received: str = ""
    message: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Feedback:
    """The machine-readable part of an ARF complaint (RFC 5965 section 3)."""

    type: str = ""
    user_agent: str = ""
    source_ip: str = ""
    reported_domain: tuple[str, ...] = ()
    original_mail_from: str = ""
    original_rcpt_to: tuple[str, ...] = ()
    arrival_date: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient's share of a refusal, a delay or a delivery.

    `recipient` is the final recipient, `original_recipient` the address as it was given if it differs; empty where
    the input names none. `reply` is what the input says, `notice` what it says besides (empty where that is in the
    reply).
    `remote` is the host that refused, `local` the one that was refused, `reporting_mta` the one that wrote
    the notice. `reading` is what the words say, where they were read together with all of a notice.
    """

    recipient: str = ""
    original_recipient: str = ""
    mail_from: str = ""
    action: Action = Action.FAILED
    stage: Stage | None = None
    reply: SmtpReply = field(default_factory=SmtpReply)
    notice: str = ""
    remote: Host = field(default_factory=Host)
    local: Host = field(default_factory=Host)
    reporting_mta: str = ""
    queue_id: str = ""
    when: str = ""
    reading: Reading | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Intake:
    """One message or text, read. `source` names it: a path, `path#number` in an mbox, or `-`.

    `family` names the program that wrote the notice where its form shows it (`postfix`, `exim`, `qmail`, ...).
    `problems` says, one clear line each, what was broken or left out.
    """

    source: str
    kind: Kind
    failures: tuple[Failure, ...] = ()
    original: Original = field(default_factory=Original)
    feedback: Feedback | None = None
    family: str = ""
    problems: tuple[str, ...] = ()
