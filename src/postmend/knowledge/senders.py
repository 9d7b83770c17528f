"""Services that send in others' names (`senders.toml`): known by a domain of theirs, let in by their SPF include."""

from functools import cache

import msgspec

from postmend.knowledge import compiled


class Service(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `senders.toml`."""

    name: str
    domains: tuple[str, ...]
    include: str = ""


def _read() -> dict[str, Service]:
    found = compiled.read("senders", dict[str, Service])
    return {domain: service for service in found.values() for domain in service.domains}


@cache
def _table() -> dict[str, Service]:
    return compiled.load("senders", dict[str, Service], _read)


def _service(domain: str) -> Service | None:
    labels = domain.lower().rstrip(".").split(".")
    return next((found for i in range(len(labels)) if (found := _table().get(".".join(labels[i:])))), None)


def service_of(domain: str) -> str:
    """The name of the service that a domain or a name below it belongs to, or an empty string."""
    found = _service(domain)
    return found.name if found else ""


def include_for(ptr: str) -> str:
    """What customers of the service that a host belongs to put into SPF's include, or an empty string."""
    found = _service(ptr)
    return found.include if found else ""
