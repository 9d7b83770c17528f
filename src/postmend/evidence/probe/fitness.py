"""Before anybody is asked: is whoever asks fit to? Reverse DNS, HELO, SPF of the MAIL FROM, blocklists.

A prober that is listed or nameless gets refusals that say nothing of the addresses, and makes its standing worse.
"""

import asyncio
from collections.abc import Mapping, Sequence

from postmend.evidence.blocklists import check_blocklists
from postmend.evidence.helo import check_helo
from postmend.evidence.mx import check_mail_from
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf_finding import check_spf
from postmend.knowledge.blocklists import Blocklist
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Resolver
from postmend.model.inside import is_inside

_UNFIT = frozenset({Fact.FAIL, Fact.PERMERROR})


async def own_name(resolver: Resolver, ip: str) -> str:
    """The name that reverse DNS gives an address and that leads back to it, or an empty string."""
    found = (await check_rdns(resolver, ip))[0]
    return found.get("ptr") if found.id in {"rdns.ok", "rdns.generic"} else ""


async def check_fitness(
    resolver: Resolver, ip: str, helo: str, mail_from: str, keys: Mapping[str, str], lists: Sequence[Blocklist]
) -> tuple[Finding, ...]:
    """Check the prober itself, all side by side. `ip` is the public address it asks from, `keys` those of `lists`."""
    domain = mail_from.rpartition("@")[2].lower()
    questions = [check_rdns(resolver, ip), check_helo(resolver, helo, ip), _spf(resolver, ip, mail_from, helo)]
    if domain:
        questions.append(check_mail_from(resolver, domain))
    questions.append(check_blocklists(resolver, ip, keys=keys, lists=lists))
    return tuple(finding for findings in await asyncio.gather(*questions) for finding in findings)


async def _spf(resolver: Resolver, ip: str, mail_from: str, helo: str) -> tuple[Finding, ...]:
    return (await check_spf(resolver, ip, mail_from, helo))[0]


def private(ip: str) -> Finding | None:
    """A finding where `ip` cannot be the address that hosts outside see."""
    if not is_inside(ip):
        return None
    detail = f"{ip} only exists inside this network: name the address that others see with --ip"
    return Finding("self", "self.private", ip, Fact.FAIL, detail, supports=(Cause.RDNS_MISSING,), source=ip)


def faults(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What makes a prober unfit. What could not be asked does not, nor do lists that hardly anybody uses."""
    return tuple(
        each for each in findings
        if each.result in _UNFIT and not (each.check == "blocklist" and each.get("standing") == "minor")
    )  # fmt: skip
