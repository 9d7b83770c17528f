"""The machine-readable part of a DSN (RFC 3464), and the fields of an ARF complaint (RFC 5965)."""

import re
from typing import NamedTuple

from postmend.intake.scan import read_fields
from postmend.model import Host

MAX_STATUS = 4 << 20  # octets: some 20,000 recipients
_ADDRESS = re.compile(
    r"\"[^\"\n]{1,62}\"@[\w.-]{1,253}|[^\s<>\"'(),;:\[\]]+(?:(?<=\w)'[^\s<>\"'(),;:\[\]@]+)?@[^\s<>\"'(),;:]+"
)
_ROUTE = re.compile(r"^(?:@[\w.-]{1,253},?)+:")


class Recipient(NamedTuple):
    """One per-recipient group (RFC 3464 section 2.3), as written; of Remote-MTA the name and the IP address."""

    final: str = ""
    original: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    remote: str = ""
    remote_ip: str = ""
    last_attempt: str = ""


class Status(NamedTuple):
    """The per-message fields and the groups."""

    reporting_mta: str = ""
    queue_id: str = ""
    sender: str = ""
    arrival: str = ""
    recipients: tuple[Recipient, ...] = ()


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
# Field of the message, and of a group -> where `Status` and `Recipient` have it.
_MESSAGE_FIELDS = {
    "reporting-mta": "reporting_mta", "arrival-date": "arrival", "x-postfix-sender": "sender",
    "x-postfix-queue-id": "queue_id", "x-queue-id": "queue_id", "original-envelope-id": "queue_id",
}  # fmt: skip
_GROUP_FIELDS = {
    "final-recipient": "final", "original-recipient": "original", "action": "action", "status": "status",
    "remote-mta": "remote", "diagnostic-code": "diagnostic", "last-attempt-date": "last_attempt",
}  # fmt: skip
_ALSO_LATER = {"reporting-mta", "arrival-date", "x-postfix-sender", "x-postfix-queue-id"}  # behind a group, too
_ONCE = {"final", "original", "action"}  # a second one begins the next group
_ADDED = {"diagnostic"}  # a second one goes on
_FIRST = {"status", "queue_id"}  # a second one is passed over
_Slots = dict[str, str]
_NOBODY = Host()


def read_status(text: str) -> Status:
    """Read a message/delivery-status body (RFC 3464 section 2); groups may lack the blank lines between them."""
    message: _Slots = {}
    groups: list[_Slots] = []
    for block in _BLANK.split(text[:MAX_STATUS]):
        fields = read_fields(block)
        if groups and groups[-1].get("final") and any(name == "final-recipient" for name, _ in fields):
            groups.append({})
        for name, value in fields:
            slot = _GROUP_FIELDS.get(name)
            if slot is not None:
                _note_recipient_field(groups, slot, value)
            elif name in _ALSO_LATER or (not groups and name in _MESSAGE_FIELDS):
                _note(message, _MESSAGE_FIELDS[name], value)
    made = [_recipient(group) for group in groups if group.keys() & {"final", "original", "diagnostic"}]
    message["sender"] = address_of(message.get("sender", ""))
    message["reporting_mta"] = typed(message.get("reporting_mta", ""))
    return Status(**message, recipients=tuple(made))


def _recipient(group: _Slots) -> Recipient:
    remote = group.pop("remote", "")
    host = host_of(remote) if remote else _NOBODY
    return Recipient(**group, remote=host.host, remote_ip=host.ip)


def _note(slots: _Slots, slot: str, value: str) -> None:
    known = slots.get(slot)
    if not known:
        slots[slot] = value
    elif slot in _ADDED:
        slots[slot] = f"{known} {value}"
    elif slot not in _FIRST:
        slots[slot] = value


def _note_recipient_field(groups: list[_Slots], slot: str, value: str) -> None:
    if not groups or (slot in _ONCE and groups[-1].get(slot)):
        if slot == "last_attempt":
            return  # what stands before any group is of no recipient
        groups.append({})
    if value:
        _note(groups[-1], slot, typed(value) if slot == "remote" else value)
