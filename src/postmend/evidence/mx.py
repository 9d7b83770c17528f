"""Where a domain takes its mail (RFC 5321 section 5.1): MX, implicit MX, null MX (RFC 7505), MX that lead nowhere."""

import asyncio
import ipaddress

from postmend.evidence.spf_record import mx_hosts
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver
from postmend.model.inside import is_inside

_MOST_HOSTS = 20
_MOST_TALKED = 5  # servers that are talked to
_GOOD = (Cause.DOMAIN_NOT_FOUND, Cause.MX_INVALID)


async def mail_hosts(resolver: Resolver, domain: str) -> tuple[tuple[str, str], ...]:
    """Name and address of the servers that take the mail of `domain`, one of each family a host, the best first."""
    answer = await resolver.query(domain, "MX")
    names = mx_hosts(answer)[:_MOST_TALKED] if answer.records else [domain]
    pairs = await asyncio.gather(*(host_addresses(resolver, name) for name in names))
    named = ((name, each) for name, pair in zip(names, pairs, strict=True) for each in pair)
    return tuple((name, each.records[0]) for name, each in named if each.records)


async def host_addresses(resolver: Resolver, host: str) -> tuple[Answer, Answer]:
    """A and AAAA of a host, asked side by side."""
    return await asyncio.gather(resolver.query(host, "A"), resolver.query(host, "AAAA"))


async def check_mx(resolver: Resolver, domain: str, *, allow_private: bool = False) -> tuple[Finding, ...]:
    """Check where mail to `domain` goes; findings `mx.*`, the verdict on the whole first.

    `allow_private` lets laboratories have servers on addresses that only exist inside.
    """
    if domain.startswith("["):
        return (_finding(domain, "mx.literal", Fact.NONE, f"{domain} is an address literal: no MX is asked", ()),)
    answer = await resolver.query(domain, "MX")
    if answer.rcode is Rcode.NOT_A_NAME:
        detail = f"{domain[:80]} is no domain name"
        return (
            _finding(domain, "mx.no_domain", Fact.FAIL, detail, (answer,), supports=(Cause.DOMAIN_NOT_FOUND,)),
        )  # fmt: skip
    if answer.failed:
        detail = f"the MX of {domain} could not be asked ({answer.rcode}): not known"
        return (_finding(domain, "mx.temperror", Fact.TEMPERROR, detail, (answer,)),)
    if answer.rcode is Rcode.NXDOMAIN:
        detail = f"the domain {domain} does not exist"
        return (
            _finding(domain, "mx.no_domain", Fact.FAIL, detail, (answer,), supports=(Cause.DOMAIN_NOT_FOUND,)),
        )  # fmt: skip
    if not answer.records:
        return await _implicit(resolver, domain, answer)
    hosts = mx_hosts(answer)
    if not hosts:
        detail = f"{domain} has a null MX: it takes no mail at all (RFC 7505)"
        return (_finding(domain, "mx.null", Fact.FAIL, detail, (answer,), supports=(Cause.MX_INVALID,)),)
    found = await _hosts(resolver, domain, hosts[:_MOST_HOSTS], answer, allow_private=allow_private)
    if len(hosts) < len(answer.records):
        detail = (
            f"{domain} has a null MX (0 .) beside {', '.join(hosts[:4])}: it takes no mail, and takes some (RFC 7505)"
        )
        found += (_finding(domain, "mx.null_among_others", Fact.NONE, detail, (answer,)),)
    if len(hosts) > _MOST_HOSTS:
        detail = f"{domain} has {len(hosts):,} MX; only the first {_MOST_HOSTS} were looked at, as senders do"
        found += (_finding(domain, "mx.too_many", Fact.NONE, detail, (answer,)),)
    return found


async def check_own_server(resolver: Resolver, domain: str, host: str, ip: str) -> tuple[Finding, ...]:
    """Whether the server that answered (`host` or `ip`, as far as known) is one that takes the mail of `domain`.

    Finding `mx.own_server`; nothing where it is not, or nobody knows: a domain may have more servers than MX records.
    """
    answered = host.rstrip(".").lower()
    for name, address in await mail_hosts(resolver, domain):
        if name.rstrip(".").lower() == answered or address == ip:
            detail = f"{name} ({address}), which answered, is a server to which {domain} sends its mail"
            return (_finding(domain, "mx.own_server", Fact.PASS, detail, (), against=(Cause.RELAY_DENIED,)),)
    return ()


async def _implicit(resolver: Resolver, domain: str, mx: Answer) -> tuple[Finding, ...]:
    a, aaaa = await host_addresses(resolver, domain)
    if a.records or aaaa.records:
        detail = f"{domain} has no MX; its own address takes the mail (RFC 5321 section 5.1)"
        return (
            _finding(domain, "mx.ok", Fact.PASS, detail, (mx, a), against=_GOOD),
            _finding(domain, "mx.implicit", Fact.NONE, f"{domain} names no server for its mail (MX)", (mx,)),
        )
    if a.failed or aaaa.failed:
        detail = f"{domain} has no MX, and its address could not be asked: not known"
        return (_finding(domain, "mx.temperror", Fact.TEMPERROR, detail, (mx, a)),)
    detail = f"{domain} exists, but has neither MX nor address: mail cannot be delivered"
    return (_finding(domain, "mx.nowhere", Fact.FAIL, detail, (mx, a), supports=_GOOD),)


def host_fault(host: str, a: Answer, aaaa: Answer, *, allow_private: bool) -> str:
    """Why an MX host cannot take mail; empty where it can or nobody knows."""
    if is_address(host):
        return f"{host} is an address, where a name belongs (RFC 5321 section 5.1)"
    if a.failed or aaaa.failed:
        return ""
    addresses = [*a.records, *aaaa.records]
    if not addresses:
        return f"{host} does not exist" if a.rcode is Rcode.NXDOMAIN else f"{host} has no address"
    outside = [each for each in addresses if allow_private or not is_inside(each)]
    return "" if outside else f"{host} leads to {addresses[0]}, an address that only exists inside a network"


def is_address(host: str) -> bool:
    """Whether an MX names an address, where a name belongs (RFC 5321 section 5.1)."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


async def _hosts(
    resolver: Resolver, domain: str, hosts: list[str], mx: Answer, *, allow_private: bool
) -> tuple[Finding, ...]:
    pairs = await asyncio.gather(*(host_addresses(resolver, host) for host in hosts))
    faults = [
        host_fault(host, a, aaaa, allow_private=allow_private) for host, (a, aaaa) in zip(hosts, pairs, strict=True)
    ]
    unknown = any(a.failed or aaaa.failed for a, aaaa in pairs)
    told = ", ".join(hosts[:4])
    aliases = [
        _finding(
            domain, "mx.alias", Fact.NONE, f"MX {host} is an alias (CNAME), which RFC 5321 section 5.1 forbids", (a,)
        )
        for host, (a, _) in zip(hosts, pairs, strict=True)
        if a.cname
    ]
    broken = [fault for fault in faults if fault]
    if len(broken) == len(hosts):
        detail = f"no MX of {domain} can take mail: {'; '.join(broken[:4])}"
        whole = _finding(domain, "mx.broken", Fact.FAIL, detail, (mx,), supports=(Cause.MX_INVALID,))
    elif unknown and not any(a.records or aaaa.records for a, aaaa in pairs):
        whole = _finding(
            domain, "mx.temperror", Fact.TEMPERROR, f"the addresses of {told} could not be asked: not known", (mx,)
        )  # fmt: skip
    else:
        whole = _finding(domain, "mx.ok", Fact.PASS, f"mail to {domain} goes to {told}", (mx,), against=_GOOD)
        if broken:
            detail = f"some MX of {domain} cannot take mail: {'; '.join(broken[:3])}"
            aliases.append(_finding(domain, "mx.partly_broken", Fact.NONE, detail, (mx,)))
    return (whole, *aliases)


async def check_mail_from(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    """Whether the MAIL FROM's domain can be answered to, as receivers check it."""
    found = (await check_mx(resolver, domain))[0]
    if found.result is Fact.FAIL:
        detail = f"the MAIL FROM's domain cannot be answered to: {found.detail}"
        ident = "mail_from.no_domain" if found.id == "mx.no_domain" else "mail_from.no_host"
        return (_mail_from(found, ident, Fact.FAIL, detail),)
    if found.result is Fact.PASS:
        return (
            _mail_from(found, "mail_from.ok", Fact.PASS, f"the MAIL FROM's domain can be answered to: {found.detail}"),
        )
    return (_mail_from(found, "mail_from.temperror", found.result, found.detail),)


def _mail_from(found: Finding, ident: str, result: Fact, detail: str) -> Finding:
    cause = (Cause.SENDER_ADDRESS_INVALID,)
    return Finding(
        "mail_from", ident, found.subject, result, detail, cause if result is Fact.FAIL else (),
        cause if result is Fact.PASS else (), found.source, found.record, found.asked_at,
    )  # fmt: skip


def _finding(
    domain: str, ident: str, result: Fact, detail: str, answers: tuple[Answer, ...], *,
    supports: tuple[Cause, ...] = (), against: tuple[Cause, ...] = (),
) -> Finding:  # fmt: skip
    records = [f"{a.name} {a.type} {', '.join(a.records[:6]) or a.rcode}" for a in answers]
    text = "; ".join(records)
    return Finding(
        "mx", ident, domain, result, detail, supports, against, text, text, answers[0].asked_at if answers else ""
    )  # fmt: skip
