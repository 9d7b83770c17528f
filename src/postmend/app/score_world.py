"""What a receiver would ask the DNS about a message: SPF, DKIM, DMARC, ARC, the sending host, blocklists."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from postmend.app.in_time import in_time
from postmend.app.score_asked import Asked
from postmend.app.settings import Settings
from postmend.evidence.content.addresses import mailboxes
from postmend.evidence.content.lists import check_lists
from postmend.evidence.content.look_at import Looked
from postmend.model import Fact, Finding
from postmend.model.counted import counted
from postmend.model.dns import Rcode, Resolver
from postmend.model.message import Message
from postmend.model.spam import Envelope

_MOST_NAMED = 10  # names asked of blocklists, a message


@dataclass(frozen=True, slots=True)
class World:
    """What came back in time, and what did not."""

    findings: tuple[Finding, ...]
    not_asked: tuple[str, ...]


async def dns_answers(resolver: Resolver) -> bool:
    """Whether anybody answers DNS questions at all; a refusal is an answer."""
    answer = await resolver.query("", "NS")
    return answer.rcode is not Rcode.TIMEOUT


async def ask_world(
    resolver: Resolver, message: Message, looked: Looked, envelope: Envelope, settings: Settings, asked: Asked
) -> World:
    """Ask all of it side by side, within the settings' deadline; what is late costs only itself.

    `asked` keeps what was asked about hosts and domains for the next message.
    """
    questions: dict[str, Coroutine[Any, Any, tuple[Finding, ...]]] = {
        "authentication": _authentication(resolver, message, looked, envelope),
        "blocklists": _blocklists(resolver, looked, envelope, settings, asked),
        "ARC": _arc(resolver, message),
    }
    if envelope.ip:
        host = (envelope.ip, envelope.helo)
        questions["the sending host"] = asked.once(host, lambda: _host(resolver, envelope))
    tasks = {name: asyncio.create_task(question) for name, question in questions.items()}
    answers, late = await in_time(tasks, settings.deadline_s, settings.deadline_s)
    if not envelope.ip:
        late.append("SPF and the sending host: no IP address is known (--ip)")
    return World(tuple(finding for found in answers for finding in found), tuple(late))


async def _authentication(
    resolver: Resolver, message: Message, looked: Looked, envelope: Envelope
) -> tuple[Finding, ...]:
    from postmend.evidence.dkim_finding import check_dkim
    from postmend.evidence.dmarc import check_dmarc
    from postmend.evidence.spf_finding import check_spf
    from postmend.evidence.spf_result import Spf

    found, signatures = await check_dkim(resolver, message.raw, int(time.time()))
    findings = list(found)
    names = [frozenset(each.signature.headers) for each in signatures if each.passed and each.signature]
    findings += check_lists(message, names, bulk=looked.bulk)
    spf_domain, spf_passed = "", None
    if envelope.ip and (envelope.mail_from or envelope.helo):
        told, spf = await check_spf(resolver, envelope.ip, envelope.mail_from or "", envelope.helo)
        findings += told
        spf_domain = spf.domain
        spf_passed = None if spf.result is Spf.TEMPERROR else spf.result is Spf.PASS
    authors = mailboxes(message.first("from"))
    if authors and authors[0].domain:
        unknown = any(each.result in {"temperror", "neutral"} for each in signatures)
        passed = tuple(each.domain for each in signatures if each.passed)
        findings += await check_dmarc(
            resolver, authors[0].domain, spf_domain=spf_domain, spf_passed=spf_passed,
            dkim_domains=None if unknown and not passed else passed,
        )  # fmt: skip
    return tuple(findings)


async def _arc(resolver: Resolver, message: Message) -> tuple[Finding, ...]:
    from postmend.evidence.arc import arc_findings, verify_arc

    return arc_findings(await verify_arc(resolver, message.raw)) if message.all("arc-seal") else ()


async def _host(resolver: Resolver, envelope: Envelope) -> tuple[Finding, ...]:
    from postmend.evidence.helo import check_helo
    from postmend.evidence.rdns import check_rdns

    asked = [check_rdns(resolver, envelope.ip)]
    if envelope.helo:
        asked.append(check_helo(resolver, envelope.helo, envelope.ip))
    return tuple(finding for made in await asyncio.gather(*asked) for finding in made)


async def _blocklists(
    resolver: Resolver, looked: Looked, envelope: Envelope, settings: Settings, asked: Asked
) -> tuple[Finding, ...]:
    """Every domain and IP address named. One that no list lists is told once, not a list at a time."""
    from postmend.evidence.blocklists import check_blocklists

    subjects = [*([envelope.ip] if envelope.ip else []), *looked.named[:_MOST_NAMED]]

    def ask(subject: str) -> Coroutine[Any, Any, tuple[Finding, ...]]:
        return check_blocklists(resolver, subject, keys=settings.blocklist_keys, lists=settings.lists())

    made = await asyncio.gather(*(asked.once(each, partial(ask, each)) for each in subjects))
    told: list[Finding] = []
    for subject, findings in zip(subjects, made, strict=True):
        listed = [finding for finding in findings if finding.result is Fact.FAIL]
        clean = [finding for finding in findings if finding.id == "blocklist.not_listed"]
        told += listed
        if clean and not listed:
            detail = f"{subject} is not on {counted(len(clean), 'list')}"
            told.append(Finding("blocklist", "blocklist.not_listed", subject, Fact.PASS, detail))
    return tuple(told)
