"""What came back of the message that was refused: its identities, and the host that sent it."""

import re

from postmend.intake.scan import Headers, decode_words
from postmend.model import Host, Original

_ADDR = re.compile(r"<([^<>\s]{1,320}@[^<>\s]{1,255})>|([^\s<>\"'(),;:]{1,64}@[\w.-]{1,253})")
_RECEIVED = re.compile(
    r"from\s+(?P<name>\S{1,255})(?:\s+\((?P<paren>[^()]{0,300}(?:\([^()]*\)[^()]{0,100})?)\))?.*?\bby\s+(?P<by>[\w.-]{1,255})",
    re.IGNORECASE | re.DOTALL,
)
_IP = re.compile(r"\[(?:IPv6:)?([0-9a-f.:]{3,45})\]|(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])", re.IGNORECASE)
_HELO = re.compile(r"(?:helo|ehlo)[= ]+\[?([\w.:-]{1,255})", re.IGNORECASE)
_SUBMITTED = re.compile(r"\bwith\s+(?:e?smtps?a|utf8smtps?a|asmtp|https?|local|mapi)\b|\(authenticated", re.IGNORECASE)
_PRIVATE = re.compile(r"^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1|fe80|f[cd])")


def address_in(value: str) -> str:
    """The first mail address of a header's value."""
    found = _ADDR.search(value)
    return (found[1] or found[2]).strip(".") if found else ""


def first(headers: Headers, *names: str) -> str:
    """The first value of the first of these fields that is there."""
    for name in names:
        for key, value in headers:
            if key == name and value:
                return value
    return ""


def read_original(headers: Headers) -> Original:
    """The identities of the returned message."""
    author = address_in(decode_words(first(headers, "from")))
    signature = first(headers, "dkim-signature")
    tags = dict(re.findall(r"\b([ds])\s*=\s*([\w.-]+)", signature))
    to = [found[1] or found[2] for found in _ADDR.finditer(first(headers, "to"))]
    return Original(
        from_address=author,
        from_domain=author.rpartition("@")[2].lower(),
        dkim_domain=tags.get("d", "").lower(),
        dkim_selector=tags.get("s", ""),
        message_id=first(headers, "message-id").strip("<> "),
        subject=decode_words(first(headers, "subject")),
        date=first(headers, "date"),
        to=tuple(to[:50]),
        received=first(headers, "received")[:500],
    )


def sending_host(headers: Headers, reporting: str) -> Host:
    """The host that handed the message over, from the newest Received line that names a public address.

    Whoever logged in to a server, or handed mail to it by other means than SMTP, is its user: not who was refused.
    """
    best = Host()
    for name, value in headers:
        if name != "received":
            continue
        found = _RECEIVED.search(value)
        if found is None:
            continue
        if _SUBMITTED.search(value):
            return best if best.ip else Host(found["by"].lower(), "", "")
        paren = found["paren"] or ""
        ip = next((a or b for a, b in _IP.findall(paren + " " + found["name"])), "")
        helo = _HELO.search(paren)
        host = Host(found["by"].lower(), "", "")
        if ip and not _PRIVATE.match(ip) and not best.ip:
            name_in = (
                paren.split()[0] if paren and "." in paren.split()[0] and "[" not in paren.split()[0] else found["name"]
            )
            best = Host(name_in.strip("[]").lower(), ip, (helo[1] if helo else found["name"]).strip("[]"))
        elif not best.host:
            best = host
    return best if best.ip or not reporting else Host(reporting, best.ip, best.helo)
