"""Amazon SES's notifications of bounces, deliveries and complaints: JSON in the text of a mail, wrapped by SNS."""

from typing import Any

import msgspec

from postmend.intake.dsn import Recipient, Status

_MOST_DEPTH = 3
# What a notification is about -> where it names the recipients.
_LISTS = {"bounce": "bouncedRecipients", "delivery": "recipients", "complaint": "complainedRecipients"}


def read_notification(text: str) -> Status | None:
    """The recipients of a bounce or of a delivery, as a delivery status; None where the text holds none."""
    for about in ("bounce", "delivery"):
        found = _told(text, about)
        if found is not None:
            return Status(
                reporting_mta=str(found.get("reportingMTA", "")).rpartition(";")[2].strip(),
                arrival=str(found.get("timestamp", "")),
                recipients=tuple(_recipient(each, found, about) for each in found[_LISTS[about]]),
            )
    return None


def read_complaint_notification(text: str) -> dict[str, list[str]] | None:
    """A complaint, as the fields of a feedback report (RFC 5965 section 3); None where the text holds none."""
    found = _told(text, "complaint")
    if found is None:
        return None
    return {
        "feedback-type": [_line(found.get("complaintFeedbackType") or "abuse")],
        "user-agent": [_line(found.get("userAgent") or "")],
        "arrival-date": [_line(found.get("arrivalDate") or "")],
        "original-rcpt-to": [_address(each) for each in found[_LISTS["complaint"]]],
    }


def _told(text: str, about: str) -> dict[str, Any] | None:
    start = text.find("{")
    if start < 0 or _LISTS[about] not in text:
        return None
    end = text.rfind("}")
    # Mail software folds the one long line of a notification with `!` and a space.
    flat = text[start : end + 1].replace("!\n ", "").replace("\r", "").replace("\n", " ")
    return _inside(_decoded(flat), about)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _inside(value: Any, about: str, depth: int = 0) -> dict[str, Any] | None:
    if isinstance(value, str) and depth:
        value = _decoded(value)
    if not isinstance(value, dict) or depth > _MOST_DEPTH:
        return None
    if isinstance(value.get(_LISTS[about]), list):
        return value
    for key in (about, "Message"):
        found = _inside(value.get(key), about, depth + 1)
        if found is not None:
            return found
    return None


def _recipient(each: Any, found: dict[str, Any], about: str) -> Recipient:
    if about == "delivery":
        return Recipient(_address(each), action="delivered", diagnostic=_line(found.get("smtpResponse", "")))
    told = each if isinstance(each, dict) else {}
    return Recipient(
        final=_address(each),
        action=_line(told.get("action", "failed")),
        status=_line(told.get("status", "")),
        diagnostic=_line(told.get("diagnosticCode", "")),
    )


def _address(each: Any) -> str:
    return _line(each.get("emailAddress", "") if isinstance(each, dict) else each)


def _line(value: object) -> str:
    """A value on one line, as that of a field would be."""
    return " ".join(str(value).split("\n"))
