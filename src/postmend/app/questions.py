"""The questions that one refusal raises: each check by its name, sharing what several of them need (SPF, DKIM)."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postmend.app.settings import Settings
from postmend.diagnosis import Subject
from postmend.evidence.blocklist_finding import behind_findings, everybody_findings, resolver_finding
from postmend.evidence.blocklists import Memory, check_blocklists
from postmend.evidence.dkim import DkimResult
from postmend.evidence.dmarc import check_dmarc
from postmend.evidence.helo import check_helo
from postmend.evidence.identity import check_identity
from postmend.evidence.mx import check_mail_from, check_mx, check_own_server
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf_finding import check_forwarded, check_spf
from postmend.evidence.spf_repair import propose
from postmend.evidence.spf_result import Spf, SpfResult
from postmend.knowledge.blocklists import by_name
from postmend.knowledge.providers import provider_info
from postmend.model import Fact, Finding, RecordChange
from postmend.model.dns import Asker

if TYPE_CHECKING:
    from postmend.model.dialogue import Dialer

NAMES = {
    "rdns": "reverse DNS", "helo": "HELO", "blocklist": "blocklists", "spf": "SPF", "dmarc": "DMARC", "mx": "MX",
    "mail_from_mx": "the MAIL FROM's domain", "rcpt": "RCPT TO", "dkim": "DKIM",
}  # fmt: skip
Found = tuple[tuple[Finding, ...], tuple[RecordChange, ...]]


@dataclass(slots=True)
class Questions:
    """One refusal's questions. `now_s` is the time in seconds since 1970."""

    resolver: Asker
    subject: Subject
    settings: Settings
    memory: Memory
    dialer: "Dialer | None"
    now_s: int
    # What two checks want to know is asked once; the other waits for it.
    _spf_task: "asyncio.Future[tuple[tuple[Finding, ...], SpfResult]] | None" = None
    _dkim_task: "asyncio.Future[tuple[tuple[Finding, ...], tuple[DkimResult, ...]]] | None" = None

    async def run(self, name: str) -> Found:
        """Put one question; `name` is one of NAMES."""
        checks: dict[str, Callable[[], Awaitable[Found]]] = {
            "spf": self._spf,
            "dmarc": lambda: _plain(self._dmarc()),
            "dkim": lambda: _plain(self._dkim()),
            "blocklist": lambda: _plain(self._blocklists()),
            "rcpt": lambda: _plain(self._rcpt()),
            "rdns": lambda: _plain(check_rdns(self.resolver, self.subject.ip)),
            "helo": lambda: _plain(self._helo()),
            "mx": lambda: _plain(self._mx()),
            "mail_from_mx": lambda: _plain(check_mail_from(self.resolver, self.subject.mail_from_domain)),
        }
        return await checks[name]()

    async def too_many(self, most: int) -> Found:
        """What is told instead of one RCPT probe too many."""
        detail = f"{most} addresses were asked about in this run, and no more are: use postmend verify"
        return (Finding("rcpt", "rcpt.not_asked", self.subject.recipient, Fact.NOT_ASKED, detail),), ()

    async def _spf_result(self) -> tuple[tuple[Finding, ...], SpfResult]:
        it = self.subject
        if self._spf_task is None:
            made = check_spf(self.resolver, it.ip, it.mail_from, it.name)
            self._spf_task = asyncio.ensure_future(made)
        return await asyncio.shield(self._spf_task)

    async def _spf(self) -> Found:
        findings, result = await self._spf_result()
        if result.result in {Spf.PASS, Spf.TEMPERROR, Spf.NEUTRAL}:
            return findings, ()
        forwarded = await check_forwarded(self.resolver, result, self.subject.came_from, self.subject.mail_from)
        if forwarded:
            return findings + forwarded, ()
        change, other = await asyncio.gather(
            propose(self.resolver, self.subject.ip, result), check_identity(self.resolver, self.subject.ip, result)
        )
        return (*findings, *other), (change,) if change else ()

    async def _dkim_results(self) -> tuple[tuple[Finding, ...], tuple[DkimResult, ...]]:
        from postmend.evidence.dkim_finding import check_dkim

        if self._dkim_task is None:
            made = check_dkim(self.resolver, self.subject.message, self.now_s)
            self._dkim_task = asyncio.ensure_future(made)
        return await asyncio.shield(self._dkim_task)

    async def _dkim(self) -> tuple[Finding, ...]:
        """The signatures of a message that came back whole; else only whether the key of its signature is in order."""
        from postmend.evidence.dkim_finding import dkim_findings
        from postmend.evidence.dkim_key import check_dkim_key

        if self.subject.unsigned:
            return dkim_findings(())
        if self.subject.signed_message:
            return (await self._dkim_results())[0]
        return await check_dkim_key(self.resolver, self.subject.dkim_domain, self.subject.dkim_selector)

    async def _dmarc(self) -> tuple[Finding, ...]:
        spf: SpfResult | None = None
        if self.subject.ip and (self.subject.mail_from_domain or self.subject.name):
            _, spf = await self._spf_result()
        known = spf is not None and spf.result is not Spf.TEMPERROR
        return await check_dmarc(
            self.resolver,
            self.subject.from_domain,
            spf_domain=spf.domain if spf else "",
            spf_passed=spf.result is Spf.PASS if spf and known else None,
            dkim_domains=await self._signed_by(),
            dkim_seen=bool(self.subject.dkim_domain) or not self.subject.came_back,
        )

    async def _signed_by(self) -> tuple[str, ...] | None:
        """The domains of signatures that hold; None where that is not known."""
        if self.subject.unsigned:
            return ()
        if not self.subject.signed_message:
            return None
        _, results = await self._dkim_results()
        if any(found.result.value in {"temperror", "neutral"} for found in results):
            return None
        return tuple(found.domain for found in results if found.passed)

    async def _blocklists(self) -> tuple[Finding, ...]:
        it = self.subject
        # A list that somebody wrote into the settings is one that matters to them.
        own = tuple(each.zone for each in self.settings.blocklists)
        used = own + (provider_info(it.provider).uses if it.provider else ())
        domains = [name for name in dict.fromkeys((it.mail_from_domain, it.from_domain)) if "." in name]
        lists = [each for each in self.settings.lists() if each.use == "block"]
        asked = [
            check_blocklists(
                self.resolver, each, named=it.lists, used=used, keys=self.settings.blocklist_keys, lists=lists,
                memory=self.memory, hints=False,
            )
            for each in ([it.ip] if it.ip else []) + domains
        ]  # fmt: skip
        found = tuple(each for findings in await asyncio.gather(*asked) for each in findings if self._meant(each))
        return found + resolver_finding(found) + everybody_findings(found) + behind_findings(found)

    def _meant(self, finding: Finding) -> bool:
        """A zone that only the reply knows is asked about domains too; where it lists addresses, that tells nothing."""
        silent = finding.id in {"blocklist.broken", "blocklist.not_listed"}
        domain = ":" not in finding.subject and not finding.subject[-1:].isdigit()
        return not (silent and domain and by_name(finding.get("zone"), self.settings.lists()) is None)

    async def _helo(self) -> tuple[Finding, ...]:
        it = self.subject
        return await check_helo(self.resolver, it.name, it.ip, assumed=not it.helo)

    async def _mx(self) -> tuple[Finding, ...]:
        it = self.subject
        found = await check_mx(self.resolver, it.recipient_domain, allow_private=it.inside)
        if not it.answered or found[0].result is not Fact.PASS:
            return found
        return found + await check_own_server(self.resolver, it.recipient_domain, it.remote_host, it.remote_ip)

    async def _rcpt(self) -> tuple[Finding, ...]:
        from postmend.evidence.rcpt import Probe, check_rcpt

        assert self.dialer is not None
        address = self.subject.recipient
        # Surely absent, and always the same for one address, so that asking again adds no new name to their log.
        absent = "postmend-" + hashlib.sha256(address.lower().encode()).hexdigest()[:12]
        probe = Probe(_own_name(), absent, self.subject.remote_ip, self.subject.stage)
        return await check_rcpt(self.resolver, self.dialer, address, probe)


async def _plain(findings: Awaitable[tuple[Finding, ...]]) -> Found:
    return await findings, ()


def _own_name() -> str:
    """The name of this machine, for our own EHLO; an address literal where it has none (RFC 5321 section 4.1.4)."""
    name = os.uname().nodename
    return name if "." in name else "[127.0.0.1]"
