"""Whether a zone is signed with DNSSEC, and whether the resolver vouches for it (RFC 4035): DANE hangs on it."""

import asyncio

from postmend.model import Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver


async def check_dnssec(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    """One Finding `dnssec.*`: validated, signed but not validated by this resolver, unsigned, or not known."""
    soa, key = await asyncio.gather(resolver.query(domain, "MX"), resolver.query(domain, "DNSKEY"))
    if soa.rcode is Rcode.SERVFAIL:
        detail = f"{domain} cannot be resolved (servfail): a broken DNSSEC signature looks so, dead servers too"
        return (_finding(domain, "temperror", Fact.TEMPERROR, detail, soa),)
    if soa.failed or key.failed:
        return (_finding(domain, "temperror", Fact.TEMPERROR, f"the DNSSEC of {domain} could not be asked", key),)
    if soa.authenticated:
        return (_finding(domain, "validated", Fact.PASS, f"{domain} is signed with DNSSEC and validates", soa),)
    if key.records:
        detail = (
            f"{domain} has DNSSEC keys, but no answer is vouched for: no DS leads there, or this resolver checks none"
        )
        return (_finding(domain, "not_validated", Fact.NONE, detail, key),)
    detail = f"{domain} is not signed with DNSSEC: its records, and DANE, rest on trust in the network"
    return (_finding(domain, "unsigned", Fact.NONE, detail, key),)


def _finding(domain: str, ident: str, result: Fact, detail: str, answer: Answer) -> Finding:
    record = f"{answer.name} {answer.type} {answer.rcode}{', AD' if answer.authenticated else ''}"
    return Finding("dnssec", f"dnssec.{ident}", domain, result, detail, (), (), record, record, answer.asked_at)
