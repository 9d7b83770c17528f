"""Services that send in others' names (`senders.toml`), recognised by a domain of theirs."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "senders.toml"


class Service(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `senders.toml`."""

    name: str
    domains: tuple[str, ...]


def _read() -> dict[str, str]:
    import tomllib

    try:
        found = msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), dict[str, Service])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error
    return {domain: service.name for service in found.values() for domain in service.domains}


@cache
def _table() -> dict[str, str]:
    return compiled.load("senders", dict[str, str], [FILE], _read)


def service_of(domain: str) -> str:
    """The name of the service that a domain or a name below it belongs to, or an empty string."""
    labels = domain.lower().rstrip(".").split(".")
    return next((found for i in range(len(labels)) if (found := _table().get(".".join(labels[i:])))), "")
