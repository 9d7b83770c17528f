"""The prober: hosts and domains of one run, each known once, however many addresses ask for them."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from postmend.evidence.probe.domain import DomainProbe, Facts, Probed, find_facts
from postmend.evidence.probe.host import MailHost
from postmend.evidence.probe.limits import Identity, Limits
from postmend.model import Fact, Finding
from postmend.model.dialogue import Dialer
from postmend.model.dns import Resolver
from postmend.model.inside import is_inside

_MOST_DOMAINS = _MOST_HOSTS = 20_000  # kept in mind; what is asked for again after that costs a few questions more
_MOST_WAITING = 10_000  # addresses that wait for a host to be asked again, beside those that are being asked


def _as_inside(finding: Finding) -> Finding:
    """An MX on a private address is no fault for whoever asks from in there."""
    if finding.id != "mx.broken":
        return finding
    detail = f"mail to {finding.subject} goes to addresses inside this network, and was asked for there"
    return replace(finding, id="mx.inside", result=Fact.NONE, detail=detail, supports=())


class Prober:
    """Asks about addresses. `identity` None asks DNS only; `waiting` hears of waits (seconds). Close it at the end."""

    def __init__(
        self, resolver: Resolver, dialer: Dialer, identity: Identity | None, limits: Limits,
        waiting: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        self._resolver, self._dialer, self._identity = resolver, dialer, identity
        self._limits, self._told = limits, waiting
        self._hosts: OrderedDict[str, MailHost] = OrderedDict()
        self._domains: OrderedDict[str, asyncio.Task[DomainProbe | Facts]] = OrderedDict()
        self._waiting = 0
        self.slots: asyncio.Semaphore | None = None

    async def probe(self, domain: str, address: str) -> Probed:
        """Ask about `address` (as it is sent) at `domain` (A-labels); never raises for what the network does."""
        task = self._domains.get(domain)
        if task is None:
            task = self._domains[domain] = asyncio.create_task(self._open(domain))
            if len(self._domains) > _MOST_DOMAINS:
                self._domains.popitem(last=False)
        found = await asyncio.shield(task)
        return Probed(found) if isinstance(found, Facts) else await found.probe(address)

    async def _open(self, domain: str) -> DomainProbe | Facts:
        """The domain's facts; with what is needed to ask its hosts, where they may be asked."""
        identity = self._identity
        if identity is None:
            return await find_facts(self._resolver, domain, endpoints=False)
        facts = await find_facts(self._resolver, domain, source_ip=identity.source_ip)
        reachable = tuple(pair for pair in facts.endpoints if identity.inside or not is_inside(pair[1]))
        if not reachable or facts.care is not None:
            return facts
        findings = tuple(_as_inside(each) for each in facts.findings)
        facts = Facts(domain, findings, facts.mx, reachable, facts.provider)
        return DomainProbe(facts, identity, self._limits, self._host_at, self._sleep)

    def _host_at(self, name: str, ip: str) -> MailHost:
        host = self._hosts.get(ip)
        if host is None:
            assert self._identity is not None
            host = self._hosts[ip] = MailHost(self._dialer, name, ip, self._identity, self._limits)
            self._forget()
        self._hosts.move_to_end(ip)
        return host

    def _forget(self) -> None:
        """Let go of the host that was asked longest ago, if it may be forgotten; else look at another next time."""
        if len(self._hosts) > _MOST_HOSTS:
            ip, oldest = next(iter(self._hosts.items()))
            if oldest.idle:
                del self._hosts[ip]
            else:
                self._hosts.move_to_end(ip)

    async def _sleep(self, seconds: float) -> None:
        """Wait for a host's second chance; meanwhile another address may take the place, within reason."""
        if self._told is not None:
            self._told(seconds)
        lent = self.slots is not None and self._waiting < _MOST_WAITING
        self._waiting += 1
        try:
            if lent and self.slots is not None:
                self.slots.release()
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
            if lent and self.slots is not None:
                await self.slots.acquire()

    async def close(self) -> None:
        """End all sessions."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))
        for task in self._domains.values():
            task.cancel()
        await asyncio.gather(*self._domains.values(), return_exceptions=True)
