"""What a target of `check` is: a domain, an IP address or a mail address, however people write them."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from postmend.model import ParseError, parse_address
from postmend.model.address import ascii_domain

# What `check` looks at, as `--only` names it.
TOPICS = (
    "mx", "spf", "dkim", "dmarc", "bimi", "rdns", "helo", "blocklist", "smtp", "tls", "dane", "dnssec", "mta_sts",
    "tlsrpt", "message",
)  # fmt: skip
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Target:
    """One target: `text` as given, `kind` domain, ip or address, `name` the domain in A-labels, or the IP address.

    `notes` are clauses on how the text was taken.
    """

    text: str
    kind: str
    name: str
    notes: tuple[str, ...] = ()


def _numbers(text: str) -> str:
    """What an IPv4 address in an odd notation (hexadecimal, octal, fewer than four parts) means; empty if none."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return ""
    values = []
    for part in parts:
        base = 16 if part[:2].lower() == "0x" else 8 if part[0] == "0" and len(part) > 1 else 10
        try:
            values.append(int(part, base))
        except ValueError:
            return ""
    *head, last = values
    if any(value > 255 for value in head) or last >= 256 ** (5 - len(values)):
        return ""
    number = last + sum(value << (8 * (3 - i)) for i, value in enumerate(head))
    return str(ipaddress.IPv4Address(number))


def _ip(text: str) -> Target | None:
    plain = text.strip("[]").removeprefix("IPv6:") if text.startswith("[") else text
    bare, percent, zone = plain.partition("%")
    try:
        ip = ipaddress.ip_address(bare)
    except ValueError:
        odd = _numbers(plain)
        if odd:
            raise ParseError(f"an IP address is written with four decimal numbers; this means {odd}") from None
        if re.fullmatch(r"[0-9.]+", plain):
            raise ParseError("not an IP address, and no name ends in a number") from None
        return None
    notes = [f"%{zone[:20]} names a network card of yours, and was left out"] if percent else []
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        notes.append(f"{ip} stands for the IPv4 address {mapped}")
        ip = mapped
    return Target(text, "ip", str(ip), tuple(notes))


def read_target(text: str) -> Target:
    """Tell what a target is; raise ParseError where it is no name, IP or mail address, saying why."""
    plain = unicodedata.normalize("NFKC", text.strip())
    if not plain:
        raise ParseError("nothing is named; a domain, host, IP or mail address was expected")
    if "://" in plain:
        raise ParseError("a web address; give the domain alone")
    if "/" in plain and _ip(plain.partition("/")[0]):
        raise ParseError("a whole network; give one address")
    found = _ip(plain)
    if found:
        return found
    if "@" in plain:
        address = parse_address(plain)
        if address.literal:
            raise ParseError("an address literal has no domain to check; give the IP address")
        return Target(text, "address", ascii_domain(address))
    name = plain.removesuffix(".").lower()
    domain = ascii_domain(parse_address(f"postmaster@{name}"))  # a domain is what may stand behind the @
    if "." not in domain:
        raise ParseError("a single label is no public name")
    return Target(text, "domain", domain)
