"""Hosts that hide where a link leads (`hosts.toml`): shorteners, and redirectors that anybody can use."""

from functools import cache
from urllib.parse import parse_qsl, unquote

import msgspec

from postmend.knowledge import compiled


class Hosts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    shorteners: frozenset[str]
    counters: frozenset[str]
    redirectors: dict[str, tuple[str, ...]]
    parameters: frozenset[str]
    sharers: dict[str, tuple[str, ...]]


@cache
def hosts() -> Hosts:
    """Every host."""
    return compiled.table("hosts", Hosts)


def is_shortener(host: str) -> bool:
    """Whether a host is a public shortener, where good links and bad share one name."""
    return host.removeprefix("www.") in hosts().shorteners


def is_redirector(host: str, path: str) -> bool:
    """Whether a link goes through a redirector that anybody can use: filters know them."""
    return _is_one_of(hosts().redirectors, host.removeprefix("www."), path)


def is_counter(host: str) -> bool:
    """Whether a host counts clicks, or looks at links, on the way to the page itself."""
    known = hosts().counters
    first, _, rest = host.partition(".")
    return first in known or host in known or any(rest.endswith(name) for name in known if "." in name)


def leads_on(host: str, path: str, query: str) -> bool:
    """Whether a link carries the whole address of another site to lead on to; buttons for sharing do by purpose."""
    if "//" not in path + query and "%2f" not in (path + query).lower():
        return False
    known = hosts()
    plain = host.removeprefix("www.")
    if _is_one_of(known.sharers, plain, path) or _is_one_of(known.redirectors, plain, path):
        return False
    for name, value in parse_qsl(query[:4096]):
        if name.lower() in known.parameters and _elsewhere(value, plain):
            return True
    return _elsewhere(unquote(path).lstrip("/"), plain) and not plain.startswith("web.archive.")


def _is_one_of(table: dict[str, tuple[str, ...]], host: str, path: str) -> bool:
    for name, paths in table.items():
        if host.endswith(name) and (host == name or host.endswith("." + name)) and path.startswith(paths):
            return True
    return False


def _elsewhere(value: str, host: str) -> bool:
    """Whether a value is a whole web address of another site."""
    text = value.lower().strip()
    if not text.startswith(("http://", "https://", "//")):
        return False
    there = text.partition("//")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0]
    site = ".".join(host.split(".")[-2:])
    return "." in there and not (there == site or there.endswith("." + site))
