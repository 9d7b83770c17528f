"""Where DMARC reports go, and whether the receiver has agreed to take them (RFC 9990 section 4)."""

import asyncio

from postmend.evidence.dmarc import DmarcDiscovery, discover, organizational_of, policy_findings, record_findings
from postmend.evidence.dmarc_record import parse_dmarc
from postmend.model import Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver

_MOST_DOMAINS = 10


async def _reports(resolver: Resolver, discovery: DmarcDiscovery) -> tuple[Finding, ...]:
    """Findings `dmarc.report_*`, one for each foreign domain that `rua` and `ruf` name."""
    record = discovery.record
    if record is None:
        return ()
    domains = dict.fromkeys(address.rpartition("@")[2].lower() for address in (*record.rua, *record.ruf))
    made = await asyncio.gather(*(_one(resolver, discovery, domain) for domain in list(domains)[:_MOST_DOMAINS]))
    return tuple(finding for found in made for finding in found)


async def _one(resolver: Resolver, discovery: DmarcDiscovery, domain: str) -> tuple[Finding, ...]:
    home = discovery.organizational or discovery.at
    if domain in {discovery.at, home} or domain.endswith("." + home):
        return ()
    if await organizational_of(resolver, domain) == home:
        return ()
    name = f"{discovery.at}._report._dmarc.{domain}"
    answer = await resolver.query(name, "TXT")
    if answer.failed:
        detail = f"whether {domain} takes DMARC reports about {discovery.at} could not be asked ({answer.rcode})"
        return (_finding(discovery, "report_unknown", Fact.TEMPERROR, detail, answer, domain),)
    if any(parse_dmarc(text) for text in answer.records):
        detail = f"{domain} takes DMARC reports about {discovery.at}"
        return (_finding(discovery, "report_allowed", Fact.PASS, detail, answer, domain),)
    gone = (await resolver.query(domain, "MX")).rcode is Rcode.NXDOMAIN
    why = "does not exist" if gone else f"has not said that it takes them: {name} is missing"
    detail = f"no DMARC reports about {discovery.at} will be sent to {domain}: it {why} (RFC 9990 section 4)"
    return (_finding(discovery, "report_not_allowed", Fact.NONE, detail, answer, domain),)


def _finding(discovery: DmarcDiscovery, ident: str, result: Fact, detail: str, answer: Answer, domain: str) -> Finding:
    return Finding(
        check="dmarc",
        id=f"dmarc.{ident}",
        subject=discovery.domain,
        result=result,
        detail=detail,
        source=f"{answer.name} TXT",
        record=f"{answer.name} TXT {' / '.join(answer.records[:3]) or answer.rcode}",
        asked_at=answer.asked_at,
        data=(("at", discovery.at), ("destination", domain)),
    )


async def check_dmarc_record(resolver: Resolver, domain: str) -> tuple[tuple[Finding, ...], DmarcDiscovery]:
    """Everything about a domain's DMARC but a message: record, policy, reports; and what was found, for the plan."""
    discovery = await discover(resolver, domain)
    found = record_findings(discovery) + policy_findings(discovery)
    return found + await _reports(resolver, discovery), discovery
