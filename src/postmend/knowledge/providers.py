"""Mail providers and gateways (`providers.toml`), and how one is recognised by its host or by its words."""

from functools import cache, lru_cache

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.words import fold, words_of
from postmend.model import ParseError


class Provider(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `providers.toml`; the file's head says what each field means."""

    name: str
    hosts: tuple[str, ...]
    marks: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    postmaster: str = ""


class _Table(msgspec.Struct, array_like=True):
    """Providers by id, by end of host name, and their marks by a word that the mark needs."""

    providers: dict[str, Provider]
    by_host: dict[str, str]
    by_word: dict[str, list[tuple[str, str]]]


def _read() -> _Table:
    found = compiled.read("providers", dict[str, Provider])
    by_word: dict[str, list[tuple[str, str]]] = {}
    for ident, provider in found.items():
        for mark in provider.marks:
            folded = fold(mark)
            if "<" in folded or len(folded) < 4:
                raise ParseError(f"providers.toml: {ident}: {mark!r} would be found in any reply")
            by_word.setdefault(max(words_of(folded), key=len), []).append((folded, ident))
    return _Table(found, {host: ident for ident, provider in found.items() for host in provider.hosts}, by_word)


@cache
def _table() -> _Table:
    return compiled.load("providers", _Table, _read)


def provider_info(ident: str) -> Provider:
    """What is known of a provider; one that is not in the table has only its name."""
    return _table().providers.get(ident) or Provider(ident, ())


def by_host(host: str) -> str:
    """The id of the provider that a host name belongs to, or an empty string."""
    return _table().by_host.get(known_end(host), "")


@lru_cache(1024)
def known_end(host: str) -> str:
    """The end of a host name by which a provider is known, or an empty string."""
    table = _table().by_host
    end = host.lower().rstrip(".")
    while end and end not in table:
        end = end.partition(".")[2]
    return end


def by_words(folded: str, words: frozenset[str]) -> str:
    """The id of the provider whose own words stand in a folded reply, or an empty string."""
    table = _table().by_word
    for word in words & table.keys():
        for mark, ident in table[word]:
            if mark in folded:
                return ident
    return ""
