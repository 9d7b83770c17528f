"""One domain: where its mail goes, whether its host takes any address at all, and what it says of one address.

The hosts are asked in the order of RFC 5321 section 5.1. The surely absent address comes first: a catch-all and a
blanket refusal both show before anybody real is asked for. What was put off is asked again with the same envelope.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain, repeat

from postmend.evidence.mx import check_mx
from postmend.evidence.probe.heard import Heard, Kind
from postmend.evidence.probe.host import MailHost
from postmend.evidence.probe.limits import Identity, Limits
from postmend.evidence.spf_record import mx_hosts
from postmend.knowledge.mailboxes import Probing, care_for
from postmend.knowledge.providers import by_host
from postmend.model import Cause, Finding, Stage
from postmend.model.address import literal_ip
from postmend.model.dns import Resolver

_MOST_HOSTS = 10
_MOST_ADDRESSES = 4  # of a host and family
_ASKED_ANYWAY = 3  # addresses asked for at a catch-all, which may still refuse some
# Put off because of the host's own trouble: the next MX may know, as a mail server would find out.
_TROUBLE = frozenset({Cause.SYSTEM_ERROR, Cause.SERVER_MISCONFIGURED_RECIPIENT, Cause.UNKNOWN})

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a domain takes its mail: findings of `check_mx`, MX names in order, endpoints (name, IP) in order."""

    domain: str
    findings: tuple[Finding, ...]
    mx: tuple[str, ...]
    endpoints: tuple[tuple[str, str], ...]
    provider: str = ""
    care: Probing | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What the dialogue gave: the answer to the address, and to the surely absent one (None: not asked)."""

    facts: Facts
    heard: Heard | None = None
    absent: Heard | None = None


async def find_facts(resolver: Resolver, domain: str, *, endpoints: bool = True, source_ip: str = "") -> Facts:
    """Ask DNS where mail to `domain` (A-labels, or an address literal) goes."""
    findings = await check_mx(resolver, domain)
    if domain.startswith("["):
        return Facts(domain, findings, (), ((domain, str(literal_ip(domain))),))
    answer = await resolver.query(domain, "MX")
    hosts = tuple(mx_hosts(answer)) if answer.records else ()
    names = hosts or ((domain,) if not answer.records and not answer.failed else ())
    provider = next((found for host in hosts if (found := by_host(host))), "")
    care = next((each for host in hosts if (each := care_for(provider=provider, mx=host))), None)
    reached = await _endpoints(resolver, names[:_MOST_HOSTS], source_ip) if endpoints else ()
    return Facts(domain, findings, hosts, reached, provider, care)


async def _endpoints(resolver: Resolver, names: tuple[str, ...], source_ip: str) -> tuple[tuple[str, str], ...]:
    """IPv4 before IPv6: a prober's IPv4 address is the one with a name and a standing."""
    version = ipaddress.ip_address(source_ip).version if source_ip else 0
    asked = [(name, kind) for name in names for kind in ("A", "AAAA")]
    answers = await asyncio.gather(*(resolver.query(name, kind) for name, kind in asked))
    found = [
        (name, ip) for (name, kind), answer in zip(asked, answers, strict=True)
        if not (version == 6 and kind == "A") and not (version == 4 and kind == "AAAA")
        for ip in sorted(answer.records)[:_MOST_ADDRESSES]
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))


class DomainProbe:
    """Asks about the addresses of one domain; keeps what holds for all of it."""

    def __init__(
        self, facts: Facts, identity: Identity, limits: Limits, host_at: Callable[[str, str], MailHost], sleep: Sleep
    ) -> None:
        self.facts = facts
        self._identity, self._limits, self._host_at, self._sleep = identity, limits, host_at, sleep
        self._absent: asyncio.Task[Heard] | None = None
        self._absent_at: dict[str, asyncio.Task[Heard]] = {}
        self._control: asyncio.Task[Heard] | None = None
        self._blanket = asyncio.Lock()
        self._refused_anyway: Heard | None = None
        self._accepted = self._on_catch_all = 0

    async def probe(self, address: str) -> Probed:
        """Ask for one address."""
        absent = await self._ask_absent()
        unreached = absent.kind is Kind.SILENT and absent.exchange.stage is not Stage.RCPT
        if unreached or absent.kind is Kind.US:
            return Probed(self.facts, absent, absent)
        if absent.kind is Kind.ACCEPTED:
            self._on_catch_all += 1
            if self._on_catch_all > _ASKED_ANYWAY:
                return Probed(self.facts, absent, absent)
        heard = await self._careful(address) if absent.kind is Kind.REFUSED else await self._walk(address)
        heard, absent = await self._again(address, heard, absent)
        if heard.kind is Kind.ACCEPTED:
            if heard.ip != absent.ip:
                absent = await self._ask_absent_at(heard.host, heard.ip)
            self._accepted += absent.kind is not Kind.ACCEPTED
        elif heard.kind is Kind.DEAD and not heard.sure and not await self._is_specific(absent):
            heard = heard.blanket()
        return Probed(self.facts, heard, absent)

    def _absent_address(self) -> str:
        return f"{self._identity.absent}@{self.facts.domain}"

    async def _ask_absent(self, *, anew: bool = False) -> Heard:
        """The surely absent address, asked once for all; `anew` asks again where the answer was put off."""
        if self._absent is None or (anew and self._absent.done() and self._absent.result().kind is Kind.LATER):
            self._absent = asyncio.create_task(self._walk(self._absent_address()))
        return await asyncio.shield(self._absent)

    async def _ask_absent_at(self, host: str, ip: str) -> Heard:
        """The surely absent address at another host than answered first: a backup MX often takes everything."""
        if ip not in self._absent_at:
            self._absent_at[ip] = asyncio.create_task(self._host_at(host, ip).ask(self._absent_address()))
        return await asyncio.shield(self._absent_at[ip])

    async def _careful(self, address: str) -> Heard:
        """Even the absent address was refused for some other reason: one at a time, no more if none gets through."""
        async with self._blanket:
            if self._refused_anyway is not None and not self._accepted:
                return self._refused_anyway
            heard = await self._walk(address)
            if heard.kind is Kind.ACCEPTED:
                self._accepted += 1
            elif heard.kind is Kind.REFUSED:
                self._refused_anyway = heard
            return heard

    async def _is_specific(self, absent: Heard) -> bool:
        """Whether the host takes anybody here: postmaster must be taken (RFC 5321 section 4.5.1)."""
        if self._accepted:
            return True
        if self._control is None:
            self._control = asyncio.create_task(self._ask_postmaster(absent))
        return (await asyncio.shield(self._control)).kind is Kind.ACCEPTED

    async def _ask_postmaster(self, absent: Heard) -> Heard:
        """Postmaster may be greylisted as anybody else."""
        address = f"postmaster@{self.facts.domain}"
        return (await self._again(address, await self._walk(address), absent))[0]

    async def _again(self, address: str, heard: Heard, absent: Heard) -> tuple[Heard, Heard]:
        """Wait out what was put off, the same envelope each time, within the limits' patience."""
        waited = 0.0
        for wait in chain(self._limits.waits, repeat(self._limits.waits[-1])):
            open_question = heard.kind is Kind.ACCEPTED and absent.kind is Kind.LATER
            if heard.kind is not Kind.LATER and not open_question:
                break
            left = self._limits.patience_s - waited
            told = (heard if heard.kind is Kind.LATER else absent).retry_after_s
            pause = min(wait, left) if told is None else max(told + 1.0, min(wait, left) if waited else 0.0)
            if left <= 0 or pause > left:
                break
            await self._sleep(pause)
            waited += pause
            absent = await self._ask_absent(anew=True)
            if heard.kind is Kind.LATER:
                heard = await self._walk(address)
        return heard, absent

    async def _walk(self, address: str) -> Heard:
        """Ask the hosts in order, until one of them judges the recipient or refuses us."""
        heard: Heard | None = None
        for name, ip in self.facts.endpoints:
            if heard is not None and heard.at_rcpt and heard.host == name:
                continue  # its other addresses would have the same trouble
            found = await self._host_at(name, ip).ask(address)
            if _settles(found):
                return found
            if heard is None or heard.kind is Kind.SILENT:
                heard = found
        assert heard is not None, "a domain without endpoints is not probed"
        return heard


def _settles(heard: Heard) -> bool:
    """Whether the next host need not be asked."""
    if heard.kind in {Kind.US, Kind.CANNOT}:
        return True
    return heard.at_rcpt and not (heard.kind is Kind.LATER and heard.cause in _TROUBLE)
