"""Macros of SPF (RFC 7208 section 7): what stands for the sender, the client, the domain, put into a name. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from postmend.evidence.spf_record import MACRO

_UNRESERVED = "-._~"
_MOST_OCTETS = 253


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is checked: `local` part and `sender_domain` of the MAIL FROM (or postmaster@HELO), the client's IP."""

    local: str
    sender_domain: str
    helo: str
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address

    @property
    def dotted(self) -> str:
        """The `i` macro: dotted quad, or IPv6 in nibbles with dots."""
        if self.ip.version == 4:
            return str(self.ip)
        return ".".join(self.ip.exploded.replace(":", "")).upper()


def needs_validated_name(text: str) -> bool:
    """Whether the `p` macro stands in it, which costs PTR lookups."""
    return any(found[1] and found[1] in "pP" for found in MACRO.finditer(text))


def shows_local_part(text: str) -> bool:
    """Whether the local part of the MAIL FROM goes into it (`s`, `l`)."""
    return any(found[1] and found[1] in "sSlL" for found in MACRO.finditer(text))


def expand(
    text: str,
    identity: Identity,
    domain: str,
    *,
    name: str = "unknown",
    receiver: str = "unknown",
    now_s: int = 0,
    explaining: bool = False,
) -> str:
    """Expand a macro-string. `name` is the validated domain name (`p`), `receiver` the host that checks (`r`),
    `now_s` its clock in seconds since the epoch (`t`). As a domain it is cut to 253 octets from the left."""  # noqa: D205,D209
    values = {
        "s": f"{identity.local}@{identity.sender_domain}",
        "l": identity.local,
        "o": identity.sender_domain,
        "d": domain,
        "i": identity.dotted,
        "p": name,
        "v": "in-addr" if identity.ip.version == 4 else "ip6",
        "h": identity.helo,
        "c": str(identity.ip),
        "r": receiver,
        "t": str(now_s),
    }

    def one(found: re.Match[str]) -> str:
        if found[5]:
            return {"%": "%", "_": " ", "-": "%20"}[found[5]]
        return _transformed(values[found[1].lower()], found)

    made = MACRO.sub(one, text)
    if explaining:
        return made
    while len(made) > _MOST_OCTETS and "." in made:
        made = made.partition(".")[2]
    return made


def _transformed(value: str, found: re.Match[str]) -> str:
    digits, reverse, delimiters = found[2], found[3], found[4]
    if digits or reverse or delimiters:
        parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
        parts = parts[::-1] if reverse else parts
        value = ".".join(parts[-int(digits) :] if digits else parts)
    return quote(value, safe=_UNRESERVED) if found[1].isupper() else value
