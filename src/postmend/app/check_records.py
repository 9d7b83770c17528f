"""The questions about a domain's MX, SPF and DMARC records, with their repairs: each is tried before it is shown."""

from collections.abc import Awaitable, Callable

from postmend.app.check_world import Answered, World
from postmend.evidence.dmarc_reports import check_dmarc_record
from postmend.evidence.mx import check_mx
from postmend.evidence.mx_repair import propose_mx
from postmend.evidence.overlay import Overlay
from postmend.evidence.spf_finding import check_spf
from postmend.evidence.spf_lint import lint_spf
from postmend.evidence.spf_repair import address_within, propose
from postmend.evidence.spf_result import Spf
from postmend.knowledge.senders import include_for
from postmend.model import Fact, Finding, RecordChange
from postmend.model.dns import Asker, Resolver
from postmend.model.inside import is_inside
from postmend.remedy.dmarc_mend import mended_record
from postmend.remedy.dmarc_path import dmarc_steps

# A record that anybody passes, or that says less than its owner thinks.
_SPF_LOOSE = {"spf_record.neutral_all", "spf_record.no_all", "spf_record.after_all"}


async def about_mx(world: World, domain: str) -> Answered:
    """Where mail goes, and the MX records without their faults."""
    inside = world.settings.allow_private
    findings = await check_mx(world.asker, domain, allow_private=inside)
    if len(findings) == 1 and findings[0].result is Fact.PASS:
        return Answered(findings)
    change = await propose_mx(world.asker, domain, allow_private=inside)
    return await _mended_by(world.asker, change, findings, lambda trial: check_mx(trial, domain, allow_private=inside))


async def about_spf(world: World, domain: str, hosts: tuple[tuple[str, str], ...]) -> Answered:
    """The record in itself; whether the sending address, where one is told, may send; and the proven repair."""
    asker, given = world.asker, world.settings.ip
    if given and is_inside(given) and not world.settings.allow_private:
        given = ""  # receivers see another one
    findings = await lint_spf(asker, domain)
    wrong = any(f.result in {Fact.FAIL, Fact.PERMERROR} or f.id in _SPF_LOOSE for f in findings)
    if not given and not wrong:
        return Answered(findings)
    ip, include = (given, "") if given else await _likely_sender(world, domain, hosts)
    if not ip:
        return Answered(findings)
    found, result = await check_spf(asker, ip, f"postmaster@{domain}", world.settings.helo)
    shown = (*findings, *found) if given else findings
    if result.result is Spf.NEUTRAL and not wrong:
        return Answered(shown)
    change = await propose(asker, ip, result, include=include, faulty=wrong)
    return await _mended_by(asker, change, shown, lambda trial: lint_spf(trial, domain))


async def _likely_sender(world: World, domain: str, hosts: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """An address that should pass, and its service's include: of the service that has the mailboxes; else the first
    server that takes the domain's mail, which mostly sends it too; else one that the record names.
    """  # noqa: D205
    include = next((each for host, _ in hosts if (each := include_for(host))), "")
    outside = [ip for _, ip in hosts if world.settings.allow_private or not is_inside(ip)]
    ip = await address_within(world.asker, include) if include else ""
    return ip or next(iter(outside), "") or await address_within(world.asker, domain), include if ip else ""


async def _mended_by(
    asker: Asker,
    change: RecordChange | None,
    findings: tuple[Finding, ...],
    again: Callable[[Resolver], Awaitable[tuple[Finding, ...]]],
) -> Answered:
    """Findings, and the change by each of them that is gone once it is published, as asking `again` shows."""
    if change is None:
        return Answered(findings)
    left = {f.id for f in await again(Overlay(asker, change.name, change.type, tuple(change.after.splitlines())))}
    return Answered(findings, {f.id: change for f in findings if f.id not in left})


async def about_dmarc(world: World, domain: str) -> Answered:
    """The DMARC record, and the next one: mended where it is at fault, else a step towards p=reject."""
    findings, discovery = await check_dmarc_record(world.asker, domain)
    mended_now = mended_record(discovery)
    if mended_now is not None:
        return await _mended_by(world.asker, mended_now, findings, lambda trial: _dmarc_findings(trial, domain))
    change, later = dmarc_steps(discovery)
    mends = ("dmarc.no_record", "dmarc.not_a_record", "dmarc.no_reports", "dmarc.only_watching", "dmarc.testing")
    mended = [ident for ident in mends if any(f.id == ident for f in findings)]
    if not mended or change is None:
        return Answered(findings)
    return Answered(findings, {mended[0]: change}, {mended[0]: later})


async def _dmarc_findings(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    return (await check_dmarc_record(resolver, domain))[0]
