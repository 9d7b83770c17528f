"""Asking evidence modules about a zone that a real name server on loopback serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from postmend.model.dns import Answer, Rcode
from postmend.net.dns import open_resolver
from tests.dnslab import Zone, serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from postmend.model import Finding
    from postmend.model.dns import Resolver


def ask(zone: Zone, question: Callable[[Resolver], Awaitable[Any]]) -> Any:
    """What a question comes to in a zone, over real UDP."""

    async def run(where: str) -> Any:
        async with open_resolver(where, 1.0) as resolver:
            return await question(resolver)

    with serve(zone) as (where, _):
        return asyncio.run(run(where))


def ids(found: tuple[Finding, ...]) -> set[str]:
    """The ids of findings."""
    return {each.id for each in found}


class ZoneFile:
    """A Resolver on a dictionary, for properties that try thousands of inputs; `signed` sets the AD bit."""

    def __init__(self, zone: Zone, *, signed: bool = False) -> None:
        self.zone = zone
        self.signed = signed

    async def query(self, name: str, rdtype: str) -> Answer:
        """The zone's answer."""
        held = self.zone.get(name.lower().rstrip("."))
        if held is None:
            below = any(each.endswith("." + name.lower().rstrip(".")) for each in self.zone)
            return Answer(name, rdtype, Rcode.NOERROR if below else Rcode.NXDOMAIN, authenticated=self.signed)
        records = tuple(text for kind, text in held if kind == rdtype)
        return Answer(name, rdtype, Rcode.NOERROR, records, authenticated=self.signed)
