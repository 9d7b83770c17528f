"""What differs between the notices of one mailing, taken out of a reply and put back into what was read of it.

Addresses of mailboxes, IP addresses, and the name of the host that refused where it stands before its address. A mask
has the form of what it hides, so every pattern sees an address where one was, and holds no word of the rule book; a
provider's host keeps the end that it is known by.
"""

import re
from functools import lru_cache

from postmend.knowledge.providers import known_end
from postmend.knowledge.words import IPV4, fold

_MOST = 9  # of a kind: more than a reply names, and one digit, so that no mask begins another
_MAX_CHARS = 3000  # longer texts are left as they are: what is cut from them may not depend on a mask's length
# Addresses that every pattern of a reply sees as such.
_PLAIN = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][\w.-]{0,252}[A-Za-z]")
_EMAIL = re.compile(rf"(?<![^\s<>()\[\],;:\"'=]){_PLAIN.pattern}(?=\.?(?:[\s<>()\[\],;:\"'=]|$))")
# The host that refused, as programs name it before what it said. Other names may be those of blocklists.
_PEER = re.compile(
    r"\b(host|server|connect to|connection with) "
    r"([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z][\w-]{1,62})(?=\s?[\[(]\d)",
    re.IGNORECASE,
)


def host_mask(name: str, label: str) -> str:
    """A name that stands for a host's, and ends as its provider's do."""
    return f"{label}.{known_end(name) or 'masked'}"


@lru_cache(maxsize=16)
def masked(text: str, recipient: str = "") -> "Masked":
    """A reply about `recipient` (may be empty) with its addresses masked; remembered while it is looked at."""
    return Masked(text, recipient)


class Masked:
    """A text with its addresses masked; `text` is what to read, `back` puts into what was read what stood there."""

    def __init__(self, text: str, recipient: str = "") -> None:
        self._hidden: dict[str, str] = {}  # mask -> what stood there
        self._masks: dict[str, str] = {}
        self.text = text if len(text) > _MAX_CHARS else self._mask(text, recipient)

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self._hidden)

    def _mask(self, text: str, recipient: str) -> str:
        if recipient and recipient in text and _PLAIN.fullmatch(recipient):
            text = text.replace(recipient, self._instead(recipient, "user{}@recipient.masked"))
        if text.count("@") > text.count("@recipient.masked"):
            text = _EMAIL.sub(lambda found: self._instead(found[0], "user{}@recipient.masked"), text)
        if "[" in text or "(" in text:
            text = _PEER.sub(lambda found: f"{found[1]} {self._instead(found[2], host_mask(found[2], 'host{}'))}", text)
        return IPV4.sub(self._ip, text)

    def _ip(self, found: re.Match[str]) -> str:
        ip, colon, port = found[0].partition(":")
        valid = max(map(int, ip.split("."))) < 256
        return self._instead(ip, "240.0.0.{}") + colon + port if valid else found[0]

    def _instead(self, value: str, form: str) -> str:
        known = self._masks.get(value)
        if known is None:
            number = sum(1 for mask in self._hidden if mask[0] == form[0]) + 1
            if number > _MOST or value in self._hidden:
                return value
            known = self._masks[value] = form.format(number)
            self._hidden[known] = value
        return known

    def back(self, text: str) -> str:
        """A piece of what was read with what stood there."""
        for mask, value in self._hidden.items():
            if mask in text:
                text = text.replace(mask, value)
        return text

    def back_all(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Pieces of what was read."""
        return tuple(dict.fromkeys(map(self.back, texts))) if texts and self._hidden else texts

    def back_folded(self, folded: str) -> str:
        """A piece of the folded text: of what was hidden only names of hosts stand in it."""
        for mask, value in self._hidden.items():
            if mask in folded:
                folded = folded.replace(mask, fold(value))
        return folded
