"""Evidence for one refusal: the checks that are wanted, side by side, under one deadline, each costing only itself."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from postmend.app.asker import asker_of
from postmend.app.settings import Settings
from postmend.diagnosis import Subject
from postmend.evidence.blocklist_finding import behind_findings, resolver_finding
from postmend.evidence.blocklists import Memory, check_blocklists, ended_findings
from postmend.evidence.dmarc import check_dmarc
from postmend.evidence.helo import check_helo
from postmend.evidence.mx import check_mail_from, check_mx
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf import Spf, SpfResult
from postmend.evidence.spf_finding import check_spf
from postmend.evidence.spf_repair import propose
from postmend.knowledge.providers import provider_info
from postmend.model import Fact, Finding, RecordChange
from postmend.model.dns import Asker, Resolver

_NAMES = {
    "rdns": "reverse DNS", "helo": "HELO", "blocklist": "blocklists", "spf": "SPF", "dmarc": "DMARC", "mx": "MX",
    "mail_from_mx": "the MAIL FROM's domain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came back in time; `not_asked` says, a line each, what did not; `records` are proven DNS changes."""

    findings: tuple[Finding, ...] = ()
    records: tuple[RecordChange, ...] = ()
    not_asked: tuple[str, ...] = ()


@dataclass(slots=True)
class Evidence:
    """Asks the world through one resolver. Findings that came in before the deadline are kept."""

    resolver: Asker
    settings: Settings
    memory: Memory = field(default_factory=Memory)

    async def gather(self, subject: Subject, wanted: tuple[str, ...]) -> Gathered:
        """Run the wanted checks about a subject."""
        tasks = {name: asyncio.create_task(self._run(name, subject)) for name in wanted}
        if not tasks:
            return Gathered()
        await asyncio.wait(tasks.values(), timeout=self.settings.deadline_s)
        findings: list[Finding] = list(ended_findings(subject.lists))
        records: list[RecordChange] = []
        late: list[str] = []
        for name, task in tasks.items():
            if not task.done():
                task.cancel()
                late.append(f"{_NAMES[name]}: no answer within {self.settings.deadline_s:g} s")
            elif task.exception() is not None:
                late.append(f"{_NAMES[name]}: the check failed ({type(task.exception()).__name__})")
            else:
                found, changes = task.result()
                findings += found
                records += changes
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        late += _silent(findings)
        return Gathered(tuple(findings), tuple(records), tuple(late))

    async def _run(self, name: str, subject: Subject) -> "Found":
        if name == "blocklist":
            return await self._blocklists(subject), ()
        return await _run(name, self.resolver, subject)

    async def _blocklists(self, subject: Subject) -> tuple[Finding, ...]:
        used = provider_info(subject.provider).uses if subject.provider else ()
        domains = [name for name in dict.fromkeys((subject.mail_from_domain, subject.from_domain)) if "." in name]
        asked = [
            check_blocklists(
                self.resolver, each, named=subject.lists, used=used, keys=self.settings.blocklist_keys,
                lists=[each for each in self.settings.lists() if each.use == "block"], memory=self.memory,
            )
            for each in ([subject.ip] if subject.ip else []) + domains
        ]  # fmt: skip
        found = tuple(finding for findings in await asyncio.gather(*asked) for finding in findings)
        return found + resolver_finding(found) + behind_findings(found)

    async def close(self) -> None:
        """Let go of the sockets."""
        await self.resolver.close()


def _silent(findings: list[Finding]) -> list[str]:
    """Whether the resolver answered nothing at all: one line that says what to look at."""
    if findings and all(f.result is Fact.TEMPERROR for f in findings):
        return ["the resolver answered none of the questions: see --resolver"]
    return []


async def open_evidence(settings: Settings) -> Evidence:
    """Evidence through the resolver that the settings name; or a recording; raises ParseError where it is neither."""
    return Evidence(asker_of(settings), settings)


Found = tuple[tuple[Finding, ...], tuple[RecordChange, ...]]


async def _run(name: str, resolver: Resolver, subject: Subject) -> Found:
    if name == "spf":
        return await _spf(resolver, subject)
    if name == "dmarc":
        return await _dmarc(resolver, subject), ()
    simple: dict[str, Awaitable[tuple[Finding, ...]]] = {}
    if name == "rdns":
        simple[name] = check_rdns(resolver, subject.ip)
    elif name == "helo":
        simple[name] = check_helo(resolver, subject.helo, subject.ip)
    elif name == "mx":
        simple[name] = check_mx(resolver, subject.recipient_domain)
    else:
        simple[name] = check_mail_from(resolver, subject.mail_from_domain)
    return await simple[name], ()


async def _spf(resolver: Resolver, subject: Subject) -> Found:
    findings, result = await check_spf(resolver, subject.ip, subject.mail_from, subject.helo)
    if result.result in {Spf.PASS, Spf.TEMPERROR, Spf.NEUTRAL}:
        return findings, ()
    change = await propose(resolver, subject.ip, result)
    return findings, (change,) if change else ()


async def _dmarc(resolver: Resolver, subject: Subject) -> tuple[Finding, ...]:
    spf: SpfResult | None = None
    if subject.ip and (subject.mail_from_domain or subject.helo):
        _, spf = await check_spf(resolver, subject.ip, subject.mail_from, subject.helo)
    known = spf is not None and spf.result is not Spf.TEMPERROR
    return await check_dmarc(
        resolver,
        subject.from_domain,
        spf_domain=spf.domain if spf else "",
        spf_passed=spf.result is Spf.PASS if spf and known else None,
        dkim_domains=() if subject.unsigned else None,
    )
