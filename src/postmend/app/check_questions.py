"""The questions that `check` puts about a domain, an IP address and a message: each by itself, all side by side."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace

from postmend.app.check_records import about_dmarc, about_mx, about_spf
from postmend.app.check_world import Answered, Question, World
from postmend.app.noted import receive
from postmend.evidence.bimi import check_bimi
from postmend.evidence.blocklists import check_blocklists
from postmend.evidence.dane import find_tlsa, judge_dane
from postmend.evidence.dkim_key import KeyState
from postmend.evidence.dkim_selectors import DomainKeys, find_keys, keys_findings
from postmend.evidence.dmarc import discover, organizational_of
from postmend.evidence.dnssec import check_dnssec
from postmend.evidence.freshness import check_freshness
from postmend.evidence.helo import check_helo
from postmend.evidence.mta_sts import check_mta_sts
from postmend.evidence.mx import mail_hosts
from postmend.evidence.public_suffix import old_organizational
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf_record import is_spf
from postmend.evidence.sweep import check_neighbours
from postmend.evidence.tlsrpt import check_tlsrpt
from postmend.knowledge.selectors import selectors_to_try
from postmend.model import Fact, Finding
from postmend.model.dns import Asker, Resolver
from postmend.model.inside import is_inside

_MOST_ADDRESSES = 8  # of a host


def _ask(check: Callable[..., Awaitable[tuple[Finding, ...]]], *words: object, **named: object) -> Question:
    """A question that is put only when it is called."""

    async def put() -> Answered:
        return Answered(await check(*words, **named))

    return put


async def host_addresses(resolver: Resolver, name: str) -> list[str]:
    """The addresses of a host, IPv4 first."""
    a, aaaa = await asyncio.gather(resolver.query(name, "A"), resolver.query(name, "AAAA"))
    return [*a.records, *aaaa.records][:_MOST_ADDRESSES]


def about_ip(world: World, ip: str) -> dict[str, Question]:
    """What is asked about a sending IP address; a private one is told, and lists outside are not asked about it."""
    asked = {
        f"rdns of {ip}": _ask(_rdns, world, ip),
        f"rdns of {ip} now": _ask(check_freshness, world.asker, ipaddress.ip_address(ip).reverse_pointer, "PTR"),
    }
    if is_inside(ip) and not world.settings.allow_private:
        asked[f"blocklist of {ip}"] = _ask(_private, ip)
    else:
        asked[f"blocklist of {ip}"] = _ask(_lists, world, ip)
        if world.settings.neighbours:
            asked[f"blocklist around {ip}"] = _ask(
                check_neighbours, world.asker, ip, world.settings.lists(), world.settings.blocklist_keys
            )
    return asked


async def _rdns(world: World, ip: str) -> tuple[Finding, ...]:
    """What the PTR record says; nothing about it costs mail where no receiver ever sees the address."""
    found = await check_rdns(world.asker, ip)
    if world.settings.allow_private or not is_inside(ip):
        return found
    first = found[0]
    return (
        found if first.result is not Fact.FAIL else (replace(first, id="rdns.inside", result=Fact.NONE, supports=()),)
    )


async def _lists(world: World, subject: str) -> tuple[Finding, ...]:
    settings = world.settings
    return await check_blocklists(world.asker, subject, keys=settings.blocklist_keys, lists=settings.lists())


async def _private(ip: str) -> tuple[Finding, ...]:
    detail = f"{ip} only exists inside a network: receivers see another address, and lists know nothing of this one"
    return (Finding("ip", "ip.private", ip, Fact.NONE, detail),)


async def about_host(world: World, name: str) -> dict[str, Question]:
    """What is asked about a host that sends: each of its addresses, and its name as HELO."""
    asked: dict[str, Question] = {"blocklist": _ask(_lists, world, name)}
    for ip in await host_addresses(world.asker, name):
        asked |= about_ip(world, ip)
        asked[f"helo as {ip}"] = _ask(check_helo, world.asker, name, ip)
    return asked


async def about_domain(world: World, domain: str) -> dict[str, Question]:
    """What is asked about a domain, and about the servers that take its mail."""
    asker, settings = world.asker, world.settings
    hosts = await mail_hosts(asker, domain)
    asked = {
        "mx": lambda: about_mx(world, domain),
        "mx now": _ask(check_freshness, asker, domain, "MX"),
        "spf": lambda: about_spf(world, domain, hosts),
        "spf now": _ask(check_freshness, asker, domain, "TXT"),
        "dkim": _ask(_dkim, world, domain, tuple(host for host, _ in hosts)),
        "dmarc": lambda: about_dmarc(world, domain),
        "dmarc now": _ask(check_freshness, asker, f"_dmarc.{domain}", "TXT"),
        "bimi": _ask(_bimi, asker, domain),
        "blocklist": _ask(_lists, world, domain),
        "tlsrpt": _ask(check_tlsrpt, asker, domain),
        "dnssec": _ask(check_dnssec, asker, domain),
    }
    named = tuple(dict.fromkeys(host for host, _ in hosts))
    asked["mta_sts"] = _ask(check_mta_sts, asker, world.fetcher, domain, named)
    for host, ip in hosts:
        if settings.allow_private or not is_inside(ip):
            asked[f"smtp of {host} [{ip}]"] = _ask(_receiving, world, domain, host, ip)
    return asked


async def _bimi(asker: Asker, domain: str) -> tuple[Finding, ...]:
    return await check_bimi(asker, domain, await discover(asker, domain))


def _works(keys: DomainKeys) -> bool:
    return any(each.state is KeyState.OK for each in (*keys.named, *keys.guessed))


async def _dkim(world: World, domain: str, mx: tuple[str, ...]) -> tuple[Finding, ...]:
    """The keys of a domain; where it has none, those of its organizational domain, which are aligned as well."""
    txt = await world.asker.query(domain, "TXT")
    spf = " ".join(text for text in txt.records if is_spf(text))
    tried = selectors_to_try((*mx, spf))
    keys = await find_keys(world.asker, domain, world.selectors, tried)
    above = old_organizational(domain) or await organizational_of(world.asker, domain)
    if not _works(keys) and above and above != domain:
        higher = await find_keys(world.asker, above, world.selectors, tried)
        if _works(higher) or keys.top.rcode != higher.top.rcode:
            return keys_findings(higher, above)
    return keys_findings(keys, domain)


async def _receiving(world: World, domain: str, host: str, ip: str) -> tuple[Finding, ...]:
    mx, tlsa, address = await asyncio.gather(
        world.asker.query(domain, "MX"), find_tlsa(world.asker, host), world.asker.query(host, "A")
    )
    shown = await receive(world.asker, world.dialer, (host, ip), domain, world.caller)
    records, answer = tlsa
    signed = mx.authenticated and address.authenticated and answer.authenticated
    return (*shown.findings, *judge_dane(host, records, answer, shown.chain, authenticated=signed))
