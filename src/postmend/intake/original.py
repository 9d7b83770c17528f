"""What came back of the message that was refused: its identities, and the host that sent it."""

import re
from functools import lru_cache

from postmend.intake.scan import Headers, decode_words, read_headers
from postmend.model import Host, Original
from postmend.model.inside import is_inside

_ADDR = re.compile(r"<([^<>\s]{1,320}@[^<>\s]{1,255})>|([^\s<>\"'(),;:]{1,64}@[\w.-]{1,253})")
_MOST_RECEIVED = 2000  # characters
_LONGEST_KNOWN = 160  # characters of a line that is worth remembering
_MOST_QUOTED = 64 << 10  # characters of a returned message that are looked at for its headers
_RECEIVED = re.compile(
    r"from\s+(?P<name>\S{1,255})(?:\s+\((?P<paren>[^()]{0,300}(?:\([^()]*\)[^()]{0,100})?)\))?.*?\bby\s+(?P<by>[\w.-]{1,255})",
    re.IGNORECASE | re.DOTALL,
)
_IP = re.compile(r"\[(?:IPv6:)?([0-9a-f.:]{3,45})\]|(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])", re.IGNORECASE)
_HELO = re.compile(r"(?:helo|ehlo)[= ]+\[?([\w.:-]{1,255})", re.IGNORECASE)
# Of a line in lower case: a search for a pattern's own first letters is several times as fast.
_QUOTED_FIELD = re.compile(r"^([ >]*)[a-z][a-z-]*:[ \t]", re.IGNORECASE | re.MULTILINE)
_SUBMITTED = re.compile(r"with\s+(?:e?smtps?a|utf8smtps?a|asmtp|https?|local|mapi)\b|\(authenticated")
# Signing domain and selector in a tag list (RFC 6376 section 3.2), as far as they are names.
_TAG = re.compile(r"(?:(?<=;)|^)\s*([ds])\s*=\s*([\w.-]+)")


@lru_cache(256)
def address_in(value: str) -> str:
    """The first mail address of a header's value; remembered, for most notices come from and to a few."""
    found = _ADDR.search(value)
    return (found[1] or found[2]).strip(".") if found else ""


# Lines after which the message that was refused stands, with the ruler before the words.
_ORIGINAL = re.compile(
    r"^[ \t>*=_-]*+(?:"
    r"below this line is a copy|(?:here|this) is a copy of (?:the|your)|(?:below|following) is (?:a|the) copy of|"
    r"the headers? of the original|original message here\b|"
    r"(?:original|unsent|returned|undelivered|returning) (?:message|mail|e-mail)s?\b(?! headers?:? *\S+@)"
    r"(?: (?:follows?|as follows|text|headers?|below|is (?:attached|included))|[ \t]*[-:.=_]*[ \t]*$)|"
    r"(?:message|mail) headers? follows?|included is a copy|bounced e-?mail|copy of (?:the )?(?:original )?message|"
    r"(?:begin|start) of (?:the )?(?:original|returned)|the attachment contains the original|"
    r"your (?:original )?message (?:follows|was[ \t]*:?[ \t]*$|is included|reads)|"
    r"message (?:contents|header|text) follows?|(?:first|only) \d+ (?:lines|bytes) of|"
    r"content-type: message/|the (?:original|following) message (?:was|is) (?:attached|below|included)|"
    r"original message headers|元のメール|送信されたメール"
    r")",
    re.IGNORECASE,
)
_HEADERS = (
    "Return-Path:", "Received:", "Delivered-To:", "X-", "DKIM-Signature:", "Message-I", "MIME-Version:",
    "Authentication-Results:",
)  # fmt: skip
_HEADER_RUN = re.compile(
    r"^(?:Return-Path|Received|Delivered-To|X-[\w-]+|DKIM-Signature|Message-I[dD]|MIME-Version|Authentication-Results)"
    r": ?.*\n(?:[ \t].*\n|[\w-]+:.*\n){2,}",
    re.MULTILINE,
)


@lru_cache(4096)
def _announces(line: str) -> bool:
    """Whether the message that was refused stands below a line; remembered, for notices are written by few programs."""
    return _ORIGINAL.match(line) is not None


def split_original(text: str) -> tuple[str, str]:
    """The notice, and the returned message where it stands in the same text."""
    # Not in the first line: it would be the refused message of nothing.
    cut = text.find("\n", len(text) - len(text.lstrip())) + 1 or len(text)
    for line in text[cut:].split("\n"):
        if _announces(line) if len(line) < _LONGEST_KNOWN else _ORIGINAL.match(line):
            break
        cut += len(line) + 1
    if any(name in text for name in _HEADERS):
        runs = (found.start() for found in _HEADER_RUN.finditer(text, 0, cut))
        cut = next((start for start in runs if text[:start].strip()), cut)
    return text[:cut], text[cut:]


def first(fields: dict[str, str], *names: str) -> str:
    """The value of the first of these fields that is there and not empty."""
    for name in names:
        value = fields.get(name)
        if value:
            return value
    return ""


def quoted_headers(returned: str) -> Headers:
    """The headers of a returned message that stands in the text of a notice, quoted or not.

    Each line loses what stands before the first field, and no more: a fold begins with a space of its own.
    """
    text = returned[:_MOST_QUOTED]
    found = _QUOTED_FIELD.search(text)
    mark = found[1] if found else ""
    lines = (line.removeprefix(mark) if line.startswith(mark) else line.lstrip(" >") for line in text.split("\n"))
    return read_headers("\n".join(lines).encode("utf-8", "replace"))


def read_original(fields: dict[str, str], message: bytes = b"") -> Original:
    """The identities of the returned message, from the first of each of its fields; `message` is the whole of it."""
    author = address_in(decode_words(fields.get("from", "")))
    signature = fields.get("dkim-signature", "")
    tags = {found[1]: found[2] for found in _TAG.finditer(signature)} if signature else {}
    to = [found[1] or found[2] for found in _ADDR.finditer(fields.get("to", ""))]
    return Original(
        from_address=author,
        from_domain=author.rpartition("@")[2].lower(),
        dkim_domain=tags.get("d", "").lower(),
        dkim_selector=tags.get("s", ""),
        message_id=fields.get("message-id", "").strip("<> "),
        subject=decode_words(fields.get("subject", "")),
        date=fields.get("date", ""),
        to=tuple(to[:50]),
        received=fields.get("received", "")[:500],
        message=message,
    )


@lru_cache(256)
def _is_public(ip: str) -> bool:
    """Whether it is an address that others can have met; remembered, for a mailing comes from a few hosts."""
    try:
        return not is_inside(ip)
    except ValueError:  # four numbers, and no address
        return False


def sending_host(headers: Headers, reporting: str) -> Host:
    """The host that handed the message over, from the newest Received line that names a public address.

    Whoever logged in to a server, or handed mail to it by other means than SMTP, is its user: not who was refused.
    Without any, the reporting host, else the one that wrote the newest Received line.
    """
    host = ""
    for name, value in headers:
        if name != "received":
            continue
        found = _RECEIVED.match(value[:_MOST_RECEIVED])
        if found is None:
            continue
        if _SUBMITTED.search(value.lower()):
            return Host(found["by"].lower())
        paren = found["paren"] or ""
        ip = next((a or b for a, b in _IP.findall(f"{paren} {found['name']}")), "")
        if ip and _is_public(ip):
            helo = _HELO.search(paren)
            named = paren.split(None, 1)[0] if paren.strip() else ""
            name_in = named if "." in named and "[" not in named else found["name"]
            return Host(name_in.strip("[]").lower(), ip, (helo[1] if helo else found["name"]).strip("[]"))
        host = host or found["by"].lower()
    return Host(reporting or host)
