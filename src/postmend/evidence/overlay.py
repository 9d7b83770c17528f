"""The world with one record changed: what a proposal would come to, asked before anybody publishes it."""

from dataclasses import dataclass

from postmend.model.dns import Answer, Rcode, Resolver


@dataclass(frozen=True, slots=True)
class Overlay:
    """A resolver that answers one name's records of one type with those to be tried, and asks another for the rest."""

    resolver: Resolver
    name: str
    type: str
    records: tuple[str, ...]

    async def query(self, name: str, rdtype: str) -> Answer:
        """The records to be tried, or what the world answers."""
        if rdtype == self.type and name.removesuffix(".").lower() == self.name.lower():
            return Answer(name, rdtype, Rcode.NOERROR, self.records)
        return await self.resolver.query(name, rdtype)
