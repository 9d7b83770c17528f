"""The machine-readable part of a DSN (RFC 3464), and the fields of an ARF complaint (RFC 5965)."""

import re
from dataclasses import dataclass, field

from postmend.intake.scan import read_fields
from postmend.model import Host

MAX_STATUS = 4 << 20  # octets: some 20,000 recipients
_ADDRESS = re.compile(r"\"[^\"\n]{1,62}\"@[\w.-]{1,253}|[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:]+")
_ROUTE = re.compile(r"^(?:@[\w.-]{1,253},?)+:")


@dataclass(slots=True)
class Recipient:
    """One per-recipient group (RFC 3464 section 2.3), as written."""

    final: str = ""
    original: str = ""
    action: str = ""
    status: str = ""
    remote: str = ""
    diagnostic: str = ""
    last_attempt: str = ""


@dataclass(slots=True)
class Status:
    """The per-message fields and the groups."""

    reporting_mta: str = ""
    received_from: str = ""
    queue_id: str = ""
    sender: str = ""
    arrival: str = ""
    recipients: list[Recipient] = field(default_factory=list)


def typed(value: str) -> str:
    """The value behind `dns;`, `rfc822;`, `smtp;` (RFC 3464 section 2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    named = semicolon and len(kind) <= 40 and kind.rstrip().replace("-", "").isalnum()
    return rest.strip() if named else value.strip()


def address_of(value: str) -> str:
    """The mail address in a field, without a source route (RFC 5321 appendix C), or what stands there."""
    plain = typed(value).strip().lstrip("<")
    if plain.startswith("@"):
        plain = _ROUTE.sub("", plain)
    found = _ADDRESS.search(plain)
    if found:
        return found[0] if found[0].startswith('"') else found[0].strip(".")
    return plain.strip("<>\"' ") if plain and " " not in plain else ""


_IN_BRACKETS = re.compile(r"[\[(]\s*(?:IPv6:)?([0-9a-f:.]{3,45})(?=[\s,;)\]])", re.IGNORECASE)
# Oracle's and its forebears' own form: (TCP|own address|port|remote address|port)
_PDU = re.compile(r"\(TCP\|[^|]*\|\d*\|([0-9a-f:.]{3,45})\|", re.IGNORECASE)


def host_of(value: str) -> Host:
    """Host and IP address of a Remote-MTA: `mx.example.net (192.0.2.1)`, `[192.0.2.1]`, `mx.example.net`."""
    found = _PDU.search(value) or _IN_BRACKETS.search(value)
    name = value.split("(", maxsplit=1)[0].split("[", maxsplit=1)[0].split()[:1]
    host = name[0].strip("<>.").lower() if name else ""
    bare = host if host.count(".") == 3 and host.replace(".", "").isdigit() else ""
    return Host("" if bare else host, found[1] if found else bare)


_BLANK = re.compile(r"\n[ \t]*\n")
_MESSAGE_FIELDS = {"reporting-mta", "received-from-mta", "arrival-date", "x-postfix-sender", "x-postfix-queue-id"}
_GROUP_FIELDS = {"action", "status", "diagnostic-code", "remote-mta"}


def read_status(text: str) -> Status:
    """Read a message/delivery-status body (RFC 3464 section 2); groups may lack the blank lines between them."""
    status = Status()
    for block in _BLANK.split(text[:MAX_STATUS]):
        fields = read_fields(block)
        names = {name for name, _ in fields}
        if "final-recipient" in names and status.recipients and status.recipients[-1].final:
            status.recipients.append(Recipient())
        for name, value in fields:
            _note(status, name, value)
    status.recipients = [group for group in status.recipients if group.final or group.original or group.diagnostic]
    return status


def _note(status: Status, name: str, value: str) -> None:
    current = status.recipients[-1] if status.recipients else None
    if _begins_group(name, current):
        current = Recipient()
        status.recipients.append(current)
    if current is None or name in _MESSAGE_FIELDS:
        _note_message_field(status, name, value)
    else:
        _note_recipient_field(current, name, value)


def _begins_group(name: str, current: Recipient | None) -> bool:
    if name not in {"final-recipient", "original-recipient", *_GROUP_FIELDS}:
        return False
    if current is None:
        return True
    slot = {"final-recipient": current.final, "original-recipient": current.original, "action": current.action}
    return bool(slot.get(name))


def _note_message_field(status: Status, name: str, value: str) -> None:
    if name == "reporting-mta":
        status.reporting_mta = typed(value)
    elif name == "received-from-mta":
        status.received_from = typed(value)
    elif name in {"x-postfix-queue-id", "x-queue-id", "original-envelope-id"}:
        status.queue_id = status.queue_id or value
    elif name == "x-postfix-sender":
        status.sender = address_of(value)
    elif name == "arrival-date":
        status.arrival = value


def _note_recipient_field(current: Recipient, name: str, value: str) -> None:
    if name == "final-recipient":
        current.final = value
    elif name == "original-recipient":
        current.original = value
    elif name == "action":
        current.action = value
    elif name == "status":
        current.status = current.status or value
    elif name == "remote-mta":
        current.remote = typed(value)
    elif name == "diagnostic-code":
        current.diagnostic = f"{current.diagnostic} {value}".strip()
    elif name == "last-attempt-date":
        current.last_attempt = value
