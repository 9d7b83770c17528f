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
# Field of a group -> where `Recipient` has it.
_GROUP_FIELDS = {
    "final-recipient": "final", "original-recipient": "original", "action": "action", "status": "status",
    "remote-mta": "remote", "diagnostic-code": "diagnostic", "last-attempt-date": "last_attempt",
}  # fmt: skip
_ONCE = {"final", "original", "action"}  # a second one begins the next group


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
    slot = _GROUP_FIELDS.get(name)
    if slot is not None:
        _note_recipient_field(status, slot, value)
    elif name in _MESSAGE_FIELDS or not status.recipients:
        _note_message_field(status, name, value)


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


def _note_recipient_field(status: Status, slot: str, value: str) -> None:
    current = status.recipients[-1] if status.recipients else None
    if current is None or (slot in _ONCE and getattr(current, slot)):
        if slot == "last_attempt":
            return  # what stands before any group is of no recipient
        current = Recipient()
        status.recipients.append(current)
    if slot == "remote":
        current.remote = typed(value)
    elif slot == "diagnostic":
        current.diagnostic = f"{current.diagnostic} {value}".strip()
    elif slot != "status" or not current.status:
        setattr(current, slot, value)
