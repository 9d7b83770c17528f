"""Amazon SES's bounce notifications: JSON in the text of a mail, wrapped once more by SNS."""

from typing import Any

import msgspec

from postmend.intake.dsn import Recipient, Status

_MOST_DEPTH = 3


def read_notification(text: str) -> Status | None:
    """The recipients of a bounce notification, as a delivery status; None where the text holds none."""
    start = text.find("{")
    if start < 0 or "bouncedRecipients" not in text:
        return None
    end = text.rfind("}")
    # Mail software folds the one long line of a notification with `!` and a space.
    flat = text[start : end + 1].replace("!\n ", "").replace("\r", "").replace("\n", " ")
    found = _bounce(_decoded(flat))
    if found is None:
        return None
    return Status(
        reporting_mta=str(found.get("reportingMTA", "")).partition(";")[2].strip(),
        arrival=str(found.get("timestamp", "")),
        recipients=tuple(_recipient(each) for each in found["bouncedRecipients"] if isinstance(each, dict)),
    )


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _bounce(value: Any, depth: int = 0) -> dict[str, Any] | None:
    if isinstance(value, str) and depth:
        value = _decoded(value)
    if not isinstance(value, dict) or depth > _MOST_DEPTH:
        return None
    if isinstance(value.get("bouncedRecipients"), list):
        return value
    for key in ("bounce", "Message"):
        found = _bounce(value.get(key), depth + 1)
        if found is not None:
            return found
    return None


def _recipient(each: dict[str, Any]) -> Recipient:
    return Recipient(
        final=_line(each.get("emailAddress", "")),
        action=_line(each.get("action", "failed")),
        status=_line(each.get("status", "")),
        diagnostic=_line(each.get("diagnosticCode", "")),
    )


def _line(value: object) -> str:
    """A value on one line, as that of a field would be."""
    return " ".join(str(value).split("\n"))
