"""Mailboxes in a header field (RFC 5322 section 3.4), read leniently: judging comes after."""

import re
from dataclasses import dataclass

from postmend.evidence.content.words import decoded

_MOST_OCTETS = 16384
_GROUP = re.compile(r"^[^:\"<@]*:(?=[^;]*;\s*$)")
_COMMENT = re.compile(r"\([^()]*\)")
# One mailbox of a list: a comma or semicolon in quotes or angle brackets does not part it. Never backtracks.
_ONE = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"?|<[^>]*>?|[^\",;<])+", re.DOTALL)
_ANGLED = re.compile(r"((?:\"(?:[^\"\\]|\\.)*\"|[^\"<])*)<([^>]*)", re.DOTALL)


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
    if not value:
        return []
    # Not email.utils.getaddresses: what it makes of a malformed field differs from one Python 3.11 to the next.
    plain = _COMMENT.sub(" ", _GROUP.sub("", value[:_MOST_OCTETS]))
    made = (_mailbox(one.strip()) for one in _ONE.findall(plain))
    return [each for each in made if each.address]


def _mailbox(text: str) -> Mailbox:
    angled = _ANGLED.match(text)
    if angled is None:
        return Mailbox("", text)
    name = re.sub(r"\\(.)", r"\1", angled[1].strip().strip('"'))
    return Mailbox(decoded(name), angled[2].strip())
