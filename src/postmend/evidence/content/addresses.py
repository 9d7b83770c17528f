"""Mailboxes in a header field (RFC 5322 section 3.4), read leniently: judging comes after."""

import re
from dataclasses import dataclass
from email.utils import getaddresses

from postmend.evidence.content.words import decoded

_MOST_OCTETS = 16384


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, decoded, and the address as written."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The part behind the @ in lower case, empty without one."""
        return self.address.rpartition("@")[2].lower().strip(".") if "@" in self.address else ""


def mailboxes(value: str) -> list[Mailbox]:
    """Every mailbox of a field's value; group names and empty places are left out."""
    plain = re.sub(r"^[^:\"<@]*:(?=[^;]*;\s*$)", "", value[:_MOST_OCTETS])
    try:
        pairs = getaddresses([plain])
    except (ValueError, IndexError, AttributeError, RecursionError):
        return []
    return [Mailbox(decoded(name), address.strip()) for name, address in pairs if address.strip()]
