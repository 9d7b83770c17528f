"""What a zone's own name servers say now, beside what a resolver still remembers.

The zone cut is found by asking the resolver for NS records, from the name upwards; then each name server's addresses,
and the servers themselves, without recursion. An address of a private network is only asked where a port is set for
it (a lab): names on the Internet must not make us talk to our own network.
"""

import asyncio
import ipaddress
from collections.abc import Mapping

from postmend.model.dns import Answer, Rcode, Resolver
from postmend.net.dns import NetResolver
from postmend.net.servers import Server

_MOST_HOSTS = 4  # name servers of one zone that are asked: enough to see that they disagree
_MOST_ADDRESSES = 2


class NetAsker:
    """A Resolver that can also ask the zone's own servers.

    `timeout_s` is for one question, in seconds; `ports` gives the port of name servers that do not listen on 53, by
    their IP address.
    """

    def __init__(self, resolver: NetResolver, timeout_s: float = 2.0, ports: Mapping[str, int] | None = None) -> None:
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._ports = dict(ports or {})
        self._servers: dict[Server, NetResolver] = {}

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask the resolver."""
        return await self._resolver.query(name, rdtype)

    async def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Ask the zone's own servers, one answer each; empty where none is known or may be asked.

        An answer whose `authoritative` is False comes from a server that does not know the zone (lame delegation).
        """
        _, hosts = await zone_of(self._resolver, name)
        addresses = await asyncio.gather(*(self._addresses(host) for host in hosts[:_MOST_HOSTS]))
        servers = dict.fromkeys(server for found in addresses for server in found)
        return tuple(await asyncio.gather(*(self._direct(server).query(name, rdtype) for server in servers)))

    async def _addresses(self, host: str) -> list[Server]:
        a, aaaa = await asyncio.gather(self._resolver.query(host, "A"), self._resolver.query(host, "AAAA"))
        return [
            (text, self._ports.get(text, 53))
            for text in (*a.records, *aaaa.records)[:_MOST_ADDRESSES]
            if text in self._ports or ipaddress.ip_address(text).is_global
        ]

    def _direct(self, server: Server) -> NetResolver:
        if server not in self._servers:
            self._servers[server] = NetResolver([server], self._timeout_s, recursive=False)
        return self._servers[server]

    async def close(self) -> None:
        """Close every socket."""
        await asyncio.gather(self._resolver.close(), *(each.close() for each in self._servers.values()))


async def zone_of(resolver: Resolver, name: str) -> tuple[str, tuple[str, ...]]:
    """The zone that holds `name` and its name servers, asked from the name upwards; empty where nobody answers."""
    labels = name.removesuffix(".").lower().split(".")
    for i in range(len(labels)):
        zone = ".".join(labels[i:])
        answer = await resolver.query(zone, "NS")
        if answer.records and not answer.cname:
            return zone, answer.records
        if answer.failed and answer.rcode is not Rcode.NOT_A_NAME:
            break
    return "", ()
