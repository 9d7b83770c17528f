"""Mail addresses (RFC 5321 section 4.1.2, RFC 6531): read strictly, with the reason where one is not valid."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from postmend.model.errors import ParseError
from postmend.model.idna import a_labels

# RFC 5321 section 4.5.3.1: octets of local part, domain, and the path without its angle brackets.
_LOCAL_OCTETS, _DOMAIN_OCTETS, _PATH_OCTETS = 64, 255, 254
_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+")
_NAMED = re.compile(r'("(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"\s*|[^"<>@(),:;\\\[\]\x00-\x1f\x7f]+)<([^<>]*)>')
# qtextSMTP and quoted-pairSMTP: printable ASCII; nothing below space is allowed inside quotes on the wire.
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[\x20-\x7e])*"')


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


def _check_unicode(local: str) -> None:
    """RFC 6531 lets UTF-8 in; what nobody can see or type is not part of a name (RFC 5198, RFC 8265)."""
    if unicodedata.combining(local.removeprefix('"')[:1] or " "):
        raise ParseError("the local part begins with a combining mark")
    for char in local:
        if unicodedata.category(char)[0] in "CZ" and char != " ":
            raise ParseError(f"the local part has a character that cannot be seen: {char!r}")


def _check_local(local: str) -> None:
    if len(local.encode("utf-8", "surrogatepass")) > _LOCAL_OCTETS:
        raise ParseError(f"the local part is longer than {_LOCAL_OCTETS} octets (RFC 5321 section 4.5.3.1.1)")
    if not local.isascii():
        _check_unicode(local)
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
    try:
        literal_ip(domain)
    except ValueError as error:
        raise ParseError(f"not an IP address in the literal: {domain[1:-1][:60]!r}") from error


def literal_ip(domain: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address in a literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`; raise ValueError where it is none."""
    inner = domain[1:-1]
    if "%" in inner:
        raise ValueError("a zone is known to one machine only (RFC 4007)")
    return ipaddress.IPv6Address(inner[5:]) if inner[:5].lower() == "ipv6:" else ipaddress.IPv4Address(inner)


def _check_domain(domain: str) -> int:
    """Check a domain; return its octets on the wire."""
    if not domain:
        raise ParseError("nothing after the @")
    if domain.startswith("["):
        _check_literal(domain)
        return len(domain)
    octets = len(a_labels(domain))
    if octets > _DOMAIN_OCTETS:
        raise ParseError(f"the domain is longer than {_DOMAIN_OCTETS} octets (RFC 5321 section 4.5.3.1.2)")
    return octets


def ascii_domain(address: Address) -> str:
    """The domain as DNS and SMTP take it: lower case, A-labels (RFC 5890) for what is not ASCII; a literal as it is."""
    return address.domain if address.literal else a_labels(address.domain).lower()


def parse_mailbox(text: str) -> Address:
    """Read a Mailbox of RFC 5321 section 4.1.2 with RFC 6531's letters, and nothing around it.

    Raises ParseError saying why it is none.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        raise ParseError("there is no @")
    if any(c in text for c in "\r\n\0"):
        raise ParseError("an address holds no line breaks")
    # What looks alike is the same to a mail server only in one form (RFC 6532 section 3.1).
    _check_local(local)
    normal = local if local.isascii() else unicodedata.normalize("NFC", local)
    if normal != local:
        _check_local(normal)
    octets = _check_domain(domain)
    if max(len(normal.encode()), len(local.encode())) + 1 + octets > _PATH_OCTETS:
        raise ParseError(f"longer than {_PATH_OCTETS} octets (RFC 5321 section 4.5.3.1.3)")
    return Address(local, domain)


def split_name(text: str) -> tuple[str, str]:
    """Part `"Anna B." <anna@example.com>` into display name and what is in the brackets (RFC 5322 section 3.4).

    The name is empty where the text is not of that form; nothing is checked.
    """
    found = _NAMED.fullmatch(text)
    return (found[1].strip().strip('"'), found[2]) if found else ("", text)


def parse_address(text: str) -> Address:
    """Read one bare address that mail can be sent to; raise ParseError saying why it is none.

    A display name is refused, unless it only repeats the address, as address books write where there is no name.
    Addresses that lead back to the machine itself (`localhost`, loopback literals) are refused; `parse_mailbox`
    takes them.
    """
    name, inner = split_name(text)
    if name and name not in {inner, inner.rpartition("@")[0]}:
        raise ParseError(f"a display name stands before the address; the address alone is {inner[:254]}")
    address = parse_mailbox(inner)
    if address.domain.lower() == "localhost" or (address.literal and literal_ip(address.domain).is_loopback):
        raise ParseError(f"{address.domain} is the machine itself: nobody else can write there")
    return address
