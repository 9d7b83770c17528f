"""MX records mended: aliases and addresses replaced by the names that are meant, hosts that lead nowhere taken out."""

import asyncio
from dataclasses import dataclass

from postmend.evidence.mx import host_addresses, host_fault, is_address
from postmend.evidence.rdns import check_rdns
from postmend.model import RecordChange
from postmend.model.dns import Resolver

_MOST_HOSTS = 20


@dataclass(frozen=True, slots=True)
class _Kept:
    """A host that stays, with the address that shows why; empty where that could not be asked."""

    preference: str
    host: str
    address: str


async def propose_mx(resolver: Resolver, domain: str, *, allow_private: bool = False) -> RecordChange | None:
    """Propose the MX records of `domain` without their faults; None where there are none, or none would stay."""
    answer = await resolver.query(domain, "MX")
    pairs = [tuple(text.partition(" ")[::2]) for text in answer.records]
    if not pairs or len(pairs) > _MOST_HOSTS:
        return None
    named = ((preference, host) for preference, host in pairs if host not in {"", "."})
    made = await asyncio.gather(*(_kept(resolver, *pair, allow_private=allow_private) for pair in named))
    kept = list({each.host: each for each in made if each}.values())
    before, after = (sorted(answer.records), sorted(f"{each.preference} {each.host}" for each in kept))
    if not kept or before == after:
        return None
    proof = "asked: " + ", ".join(f"{each.host} leads to {each.address}" for each in kept if each.address)
    return RecordChange(domain, "MX", "\n".join(before), "\n".join(after), proof)


async def _kept(resolver: Resolver, preference: str, host: str, *, allow_private: bool) -> _Kept | None:
    if is_address(host):
        found = (await check_rdns(resolver, host.strip("[]")))[0]
        return _Kept(preference, found.get("ptr"), host.strip("[]")) if found.id == "rdns.ok" else None
    a, aaaa = await host_addresses(resolver, host)
    if host_fault(host, a, aaaa, allow_private=allow_private):
        return None
    address = next(iter((*a.records, *aaaa.records)), "")
    return _Kept(preference, a.cname[-1] if a.cname and a.records else host, address)
