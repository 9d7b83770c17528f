"""The use case behind `postmend check`: is a domain, a host, an IP address or a mail address fit for mail?"""

import asyncio
import ipaddress
from collections.abc import Coroutine
from typing import Any

import msgspec

from postmend.app.asker import asker_of
from postmend.app.output import Evidence, finding_out
from postmend.app.settings import Settings
from postmend.evidence.blocklist_finding import behind_findings, resolver_finding
from postmend.evidence.blocklists import check_blocklists
from postmend.evidence.dmarc import check_dmarc
from postmend.evidence.freshness import check_freshness
from postmend.evidence.helo import check_helo
from postmend.evidence.mx import check_mx
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf_lint import lint_spf
from postmend.evidence.sweep import check_neighbours
from postmend.model import Fact, Finding, ParseError, parse_address
from postmend.model.dns import Asker, Resolver

TOPICS = ("mx", "spf", "dmarc", "rdns", "helo", "blocklist")
_MOST_ADDRESSES = 8  # of a host


class Checked(msgspec.Struct):
    """What was found about one target. `kind` is domain, host, ip or address; `bad` what gets mail refused."""

    version: int
    target: str
    kind: str
    bad: bool
    findings: list[Evidence]
    not_asked: list[str]


def kind_of(target: str) -> str:
    """Tell what a target is; raise ParseError where it is no name, IP or mail address."""
    try:
        ipaddress.ip_address(target)
    except ValueError:
        pass
    else:
        return "ip"
    if "@" in target:
        parse_address(target)
        return "address"
    parse_address(f"postmaster@{target}")  # a domain is what may stand behind the @
    if "." not in target.rstrip("."):
        raise ParseError(f"{target!r}: a single label is no public name")
    return "domain"


async def _host_addresses(resolver: Resolver, name: str) -> list[str]:
    a, aaaa = await asyncio.gather(resolver.query(name, "A"), resolver.query(name, "AAAA"))
    return [*a.records, *aaaa.records][:_MOST_ADDRESSES]


async def _blocklists(asker: Asker, subject: str, settings: Settings) -> tuple[Finding, ...]:
    found = await check_blocklists(asker, subject, keys=settings.blocklist_keys, lists=settings.lists())
    return found + resolver_finding(found) + behind_findings(found)


async def _about_ip(asker: Asker, ip: str, settings: Settings) -> dict[str, Coroutine[Any, Any, tuple[Finding, ...]]]:
    asked: dict[str, Coroutine[Any, Any, tuple[Finding, ...]]] = {
        f"rdns of {ip}": check_rdns(asker, ip),
        f"rdns of {ip} now": check_freshness(asker, ipaddress.ip_address(ip).reverse_pointer, "PTR"),
        f"blocklist of {ip}": _blocklists(asker, ip, settings),
    }
    if settings.neighbours:
        asked[f"blocklist around {ip}"] = check_neighbours(asker, ip, settings.lists(), settings.blocklist_keys)
    return asked


async def _questions(
    asker: Asker, target: str, kind: str, settings: Settings
) -> dict[str, Coroutine[Any, Any, tuple[Finding, ...]]]:
    if kind == "ip":
        return await _about_ip(asker, str(ipaddress.ip_address(target)), settings)
    domain = target.rpartition("@")[2].rstrip(".")
    asked: dict[str, Coroutine[Any, Any, tuple[Finding, ...]]] = {
        "mx": check_mx(asker, domain),
        "mx now": check_freshness(asker, domain, "MX"),
        "spf": lint_spf(asker, domain),
        "spf now": check_freshness(asker, domain, "TXT"),
        "dmarc": check_dmarc(asker, domain),
        "dmarc now": check_freshness(asker, f"_dmarc.{domain}", "TXT"),
        "blocklist": _blocklists(asker, domain, settings),
    }
    if kind == "host":
        for ip in await _host_addresses(asker, domain):
            asked |= await _about_ip(asker, ip, settings)
            asked[f"helo as {ip}"] = check_helo(asker, domain, ip)
    return asked


async def _kind_in_dns(resolver: Resolver, target: str, kind: str) -> str:
    """A name with an address but without MX, SPF or DMARC of its own is taken for a host."""
    if kind != "domain":
        return kind
    name = target.rstrip(".")
    mx, txt = await asyncio.gather(resolver.query(name, "MX"), resolver.query(name, "TXT"))
    if mx.records or mx.failed or any(text.lower().startswith("v=spf1") for text in txt.records):
        return "domain"
    return "host" if await _host_addresses(resolver, name) else "domain"


async def _check(asker: Asker, target: str, settings: Settings, only: frozenset[str]) -> Checked:
    kind = await _kind_in_dns(asker, target, kind_of(target))
    asked = await _questions(asker, target, kind, settings)
    tasks = {}
    for name, question in asked.items():
        if only and name.split()[0] not in only:
            question.close()
        else:
            tasks[name] = asyncio.create_task(question)
    late: list[str] = []
    findings: list[Finding] = []
    if tasks:
        await asyncio.wait(tasks.values(), timeout=settings.deadline_s)
    for name, task in tasks.items():
        if task.done():
            findings += task.result()
        else:
            task.cancel()
            late.append(f"{name}: no answer within {settings.deadline_s:g} s")
    if kind == "host":  # SPF and DMARC are a domain's business; a host that never writes needs neither
        findings = [f for f in findings if f.check not in {"mx", "spf_record", "dmarc"}]
    return Checked(1, target, kind, any(_refuses(f) for f in findings), [finding_out(f) for f in findings], late)


def _refuses(finding: Finding) -> bool:
    """Whether a finding gets mail refused; a minor list or a missing nicety does not."""
    minor = finding.check == "blocklist" and finding.get("standing") in {"minor", "hint"}
    return finding.result in {Fact.FAIL, Fact.PERMERROR} and not minor


async def check_targets(targets: tuple[str, ...], settings: Settings, only: frozenset[str]) -> list[Checked]:
    """Check each target, all side by side; raises ParseError for a target that is no name, IP or address."""
    for target in targets:
        try:
            kind_of(target)
        except ParseError as error:
            raise ParseError(f"{target[:80]!r}: {error}") from error
    asker = asker_of(settings)
    try:
        return list(await asyncio.gather(*(_check(asker, target, settings, only) for target in targets)))
    finally:
        await asker.close()
