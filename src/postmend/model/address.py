"""Mail addresses (RFC 5321 section 4.1.2, RFC 6531): read strictly, with the reason where one is not valid."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from postmend.model.errors import ParseError

# RFC 5321 section 4.5.3.1: octets of local part, domain, and the path without its angle brackets.
_LOCAL_OCTETS, _DOMAIN_OCTETS, _PATH_OCTETS, _LABEL_OCTETS = 64, 255, 254, 63
_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+")
# qtextSMTP and quoted-pairSMTP: printable ASCII; nothing below space is allowed inside quotes on the wire.
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[\x20-\x7e])*"')
_LABEL = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\u0080-\U0010ffff-]*[A-Za-z0-9\u0080-\U0010ffff])?")


@dataclass(frozen=True, slots=True)
class Address:
    """A valid mail address. `domain` is as written, a literal with its brackets; `str()` gives it back."""

    local: str
    domain: str

    @property
    def literal(self) -> bool:
        """Whether the domain is an address literal such as `[192.0.2.1]`."""
        return self.domain.startswith("[")

    @property
    def smtputf8(self) -> bool:
        """Whether the local part needs SMTPUTF8 (RFC 6531)."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def _check_local(local: str) -> None:
    if len(local.encode()) > _LOCAL_OCTETS:
        raise ParseError(f"the local part is longer than {_LOCAL_OCTETS} octets (RFC 5321 section 4.5.3.1.1)")
    if local.startswith('"'):
        if not _QUOTED.fullmatch(local):
            raise ParseError("the quoted local part is not closed, or holds a character that is not allowed")
        return
    if not local:
        raise ParseError("nothing before the @")
    for atom in local.split("."):
        if not atom:
            raise ParseError("the local part begins or ends with a dot, or has two in a row")
        if not _ATEXT.fullmatch(atom):
            bad = next(c for c in atom if not _ATEXT.fullmatch(c))
            raise ParseError(f"the local part has a character that needs quotes: {bad!r}")


def _check_literal(domain: str) -> None:
    if not domain.endswith("]"):
        raise ParseError("the address literal is not closed with ]")
    inner = domain[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(inner[5:])
        else:
            ipaddress.IPv4Address(inner)
    except ValueError as error:
        raise ParseError(f"not an IP address in the literal: {inner[:60]!r}") from error


def _check_domain(domain: str) -> None:
    if not domain:
        raise ParseError("nothing after the @")
    if domain.startswith("["):
        _check_literal(domain)
        return
    if len(domain.encode()) > _DOMAIN_OCTETS:
        raise ParseError(f"the domain is longer than {_DOMAIN_OCTETS} octets (RFC 5321 section 4.5.3.1.2)")
    # Full-width dots and letters are what IDNA maps them to (UTS 46).
    for label in (domain if domain.isascii() else unicodedata.normalize("NFKC", domain)).split("."):
        if not label:
            raise ParseError("the domain begins or ends with a dot, or has two in a row")
        if not _LABEL.fullmatch(label):
            raise ParseError(f"not a host name: {label[:63]!r}")
        if len(_a_label(label)) > _LABEL_OCTETS:
            raise ParseError(f"a label of the domain is longer than {_LABEL_OCTETS} octets (RFC 1035)")


def _a_label(label: str) -> bytes:
    if label.isascii():
        return label.encode()
    try:
        return b"xn--" + label.casefold().encode("punycode")
    except UnicodeError as error:
        raise ParseError(f"not an internationalised label: {label[:63]!r}") from error


def ascii_domain(address: Address) -> str:
    """The domain as DNS and SMTP take it: lower case, A-labels (RFC 5890) for what is not ASCII; a literal as it is."""
    if address.domain.isascii():
        return address.domain if address.literal else address.domain.lower()
    labels = unicodedata.normalize("NFKC", address.domain).split(".")
    return ".".join(_a_label(label).decode() for label in labels).lower()


def parse_address(text: str) -> Address:
    """Read one bare address (no display name, no angle brackets); raise ParseError saying why it is none."""
    local, at, domain = text.rpartition("@")
    if not at:
        raise ParseError("there is no @")
    if any(c in text for c in "\r\n\0"):
        raise ParseError("an address holds no line breaks")
    _check_local(local)
    _check_domain(domain)
    if len(text.encode()) > _PATH_OCTETS:
        raise ParseError(f"longer than {_PATH_OCTETS} octets (RFC 5321 section 4.5.3.1.3)")
    return Address(local, domain)
