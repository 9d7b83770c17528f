"""The machine-readable part of an ARF complaint (RFC 5965)."""

from postmend.intake.original import address_in
from postmend.model import Feedback


def read_complaint(fields: dict[str, list[str]]) -> Feedback:
    """Read the fields of message/feedback-report, by lower-case name (RFC 5965 section 3)."""

    def one(*names: str) -> str:
        return next((fields[name][0] for name in names if fields.get(name)), "")

    recipients = [address_in(value) or value for value in fields.get("original-rcpt-to", [])]
    return Feedback(
        type=one("feedback-type"),
        user_agent=one("user-agent"),
        source_ip=one("source-ip"),
        reported_domain=tuple(fields.get("reported-domain", [])),
        original_mail_from=address_in(one("original-mail-from")),
        original_rcpt_to=tuple(recipients),
        arrival_date=one("arrival-date", "received-date"),
    )
