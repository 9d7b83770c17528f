"""What differs between the notices of one mailing, taken out of a text and put back into what was read of it.

Addresses of mailboxes and their domains, IP addresses, ids, dates, and the name of the host that refused where it
stands before its address. A mask has the form of what it hides, so every pattern sees an address where one was, and
holds no word of the rule book; a provider's host keeps the end that it is known by.
"""

import re
from functools import lru_cache

from postmend.knowledge.providers import known_end
from postmend.knowledge.words import IPV4, fold

_MOST = 9  # of a kind: more than a reply names, and one digit, so that no mask begins another
_MAX_CHARS = 3000  # longer texts are left as they are: what is cut from them may not depend on a mask's length
# In a text that has such, masks could not be told from what stood there.
_OURS = ("masked", "240.0.0.", " 2000 00:00:0")
# Addresses that every pattern of a reply sees as such.
_ADDRESS = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){1,9}")
# Local parts that the mail system writes from, or that are asked for help: who they are says something.
_ROLE = re.compile(
    r"daemon|post[_-]?master|bounce|deliver|mail[-_.]?system"
    r"|^(?:abuse|no-?reply|support|helpdesk|hostmaster|webmaster|auto-?reply|administrator|sysadmin)$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
# What of a word may have to be hidden. A name is, where an address or a host has shown whose it is.
_NOTABLE = re.compile(
    rf"(?P<address>(?<![^\s<>()\[\],;:\"']){_ADDRESS.pattern}(?=\.{{0,3}}(?:[\s<>()\[\],;:\"']|$)))"
    rf"|(?P<ip>{IPV4.pattern})"
    r"|(?P<id>(?<![^\s<>()\[\],;:\"'-])(?=(?:[A-Za-z]*\d){3})[A-Za-z0-9]{10,64}(?:\.\d{1,12})?(?=\.?(?:[\s<>()\[\],;\"'-]|$)))"
    r"|(?P<name>(?<![\w.@-])[A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z][\w-]{1,62}(?![\w@-]))"
)
_OPEN_BEFORE_DIGIT = re.compile(r"[\[(]\d")
_DATE = re.compile(r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), {1,2})?\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d(?::\d\d)?")
# The host that refused, as programs name it before what it said. Other names may be those of blocklists.
_PEER = re.compile(
    r"\b(host|server|connect to|connection with) "
    r"([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z][\w-]{1,62})(?=\s?[\[(]\d)",
    re.IGNORECASE,
)
# Lines and words in which nothing is ever hidden: most of a notice is the same in all of its kind.
_plain: set[str] = set()
# Words in which at most a name of a host is, and that name.
_named: dict[str, str] = {}
_MOST_KNOWN, _LONGEST_KNOWN = 20_000, 120  # how many of each are remembered, and of how many characters


def host_mask(name: str, label: str) -> str:
    """A name that stands for a host's, and ends as its provider's do."""
    return f"{label}.{known_end(name) or 'masked'}"


@lru_cache(maxsize=16)
def masked(text: str) -> "Masked":
    """A reply with its addresses masked; remembered while it is looked at."""
    return Masked(text)


class Masked:
    """A text with its addresses masked; `text` is what to read, `back` puts into what was read what stood there.

    A text of more than `most` characters is left as it is. The same text gives the same masks, whatever came before.
    """

    def __init__(self, text: str, hosts: tuple[str, ...] = (), most: int = _MAX_CHARS) -> None:
        self._hidden: dict[str, str] = {}  # mask -> what stood there
        self._masks: dict[str, str] = {}
        self._shown: dict[str, str] = {"": ""}  # what was put back
        self._spellings: dict[str, str] = {}  # in lower case -> the mask of the first spelling
        self._counts: dict[str, int] = {}
        self._words: dict[str, str] = {}  # words with something to hide, as they are hidden
        self._kinds: list[tuple[str | None, str]] = []  # of what was found in a word
        self.text = text
        if len(text) > most or any(mark in text for mark in _OURS):
            return
        for host in hosts:
            self._host(host)
        lines = text.split("\n")
        hidden = "\n".join([line if line in _plain else self._line(line) for line in lines])
        if self._left_in(hidden):
            self._hidden.clear()  # what is hidden in one place and seen in another would not be the same any more
        else:
            self.text = hidden

    def _left_in(self, text: str) -> bool:
        low = text.lower()
        return any(known in low for known in self._spellings if "@" in known)

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self._hidden)

    def _line(self, line: str) -> str:
        whole = line
        if ("[" in line or "(" in line) and _OPEN_BEFORE_DIGIT.search(line):
            line = _PEER.sub(lambda found: f"{found[1]} {self._host(found[2])}", line)
        if ":" in line and " 20" in line:
            line = _DATE.sub(lambda found: self._instead(found[0], "1 Jan 2000 00:00:0{}"), line)
        words, known = line.split(" "), self._words
        line = " ".join([word if word in _plain else known.get(word) or self._word(word) for word in words])
        if line == whole and len(line) <= _LONGEST_KNOWN and _plain.issuperset(words):
            _remember(line)
        return line

    def _word(self, word: str) -> str:
        name = _named.get(word)
        if name is not None:
            return word.replace(name, self._masks[name]) if name in self._masks else word
        self._kinds.clear()
        hidden = self._words[word] = _NOTABLE.sub(self._mask, word)
        if len(word) <= _LONGEST_KNOWN:
            if not self._kinds:
                _remember(word)
            elif [kind for kind, _ in self._kinds] == ["name"]:
                _named[word] = self._kinds[0][1]
                del self._words[word]
        return hidden

    def _mask(self, found: re.Match[str]) -> str:
        kind, value = found.lastgroup, found[0]
        self._kinds.append((kind, value))
        if kind == "address":
            return self._address(value)
        if kind == "name":
            return self._masks.get(value, value)
        if kind == "id":
            return self._instead(value, "x{}masked")
        ip, colon, port = value.partition(":")
        valid = max(map(int, ip.split("."))) < 256
        return self._instead(ip, "240.0.0.{}") + colon + port if valid else value

    def _host(self, name: str) -> str:
        return self._instead(name, host_mask(name, "host{}"))

    def _address(self, address: str) -> str:
        """Local part and domain are hidden each by itself; one address in two spellings is so behind its mask."""
        known = self._masks.get(address)
        if known is not None:
            return known
        local, _, domain = address.rpartition("@")
        if _ROLE.search(local):
            user = _DIGITS.sub("0", local)
        else:
            user = (self._spelled(address) or f"user{self._count('user')}@").partition("@")[0]
            if len(user) > len("user1"):
                return address
        if self._hidden.get(f"{user}@", f"{local}@") != f"{local}@":
            return address
        if user != local:
            self._hidden[f"{user}@"] = f"{local}@"
        return self._know(address, f"{user}@{self._instead(domain, host_mask(domain, 'domain{}'))}")

    def _instead(self, value: str, form: str) -> str:
        known = self._masks.get(value)
        if known is not None:
            return known
        mask = self._spelled(value) or form.format(self._count(form))
        if mask in self._hidden or self._counts.get(form, 0) > _MOST:
            return value
        self._hidden[mask] = value
        return self._know(value, mask)

    def _spelled(self, value: str) -> str:
        """The mask of what is known in another spelling, so that both stay alike but for their letters' case."""
        return self._spellings.get(value.lower(), "").upper()

    def _know(self, value: str, mask: str) -> str:
        self._masks[value] = mask
        self._spellings.setdefault(value.lower(), mask)
        return mask

    def _count(self, kind: str) -> int:
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        return number

    def back(self, text: str) -> str:
        """A piece of what was read with what stood there."""
        known = self._shown.get(text)
        if known is None:
            known = text
            for mask, value in self._hidden.items():
                if mask in known:
                    known = known.replace(mask, value)
            self._shown[text] = known
        return known

    def back_all(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Pieces of what was read."""
        return tuple(dict.fromkeys(map(self.back, texts))) if texts and self._hidden else texts

    def back_folded(self, folded: str) -> str:
        """A piece of the folded text: of what was hidden only names, ids and dates stand in it."""
        for mask, value in self._hidden.items():
            if mask in folded:
                folded = folded.replace(mask, fold(value))
        return folded


def _remember(text: str) -> None:
    if len(_plain) + len(_named) >= _MOST_KNOWN:
        _plain.clear()
        _named.clear()
    _plain.add(text)
