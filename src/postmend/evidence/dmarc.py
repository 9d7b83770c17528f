"""DMARC (RFC 9989): which record holds for a From domain, and whether what passed is aligned with it.

The record is found by the tree walk of section 4.10, at most eight questions. A question that fails (timeout,
SERVFAIL) makes the whole result temperror: policy not known is not policy none.
"""

from dataclasses import dataclass

from postmend.evidence.dmarc_record import DmarcRecord, Policy, misses_dmarc, parse_dmarc
from postmend.evidence.public_suffix import old_organizational
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver

_MAX_LABELS = 7  # section 4.10: of a longer name, only the last seven labels are walked


@dataclass(frozen=True, slots=True)
class DmarcDiscovery:
    """What the walk from `domain` found: `record` and where (`at`), the organizational domain, the policy that holds.

    `failed` holds the answer that came to nothing; then nothing else is known. `several` names where more than
    one DMARC record stands, which makes all of them void. `missed` says why a record at the domain itself that was
    meant for DMARC is none.
    """

    domain: str
    record: DmarcRecord | None = None
    at: str = ""
    organizational: str = ""
    policy: Policy = Policy.NONE
    several: tuple[str, ...] = ()
    missed: str = ""
    failed: Answer | None = None
    answers: tuple[Answer, ...] = ()


def _names(domain: str) -> list[str]:
    """The names that the walk asks, from the domain towards the root (section 4.10)."""
    labels = domain.lower().rstrip(".").split(".")
    first = [".".join(labels)]
    if len(labels) > _MAX_LABELS:
        labels = ["", *labels[-_MAX_LABELS:]]
    return first + [".".join(labels[i:]) for i in range(1, len(labels))]


async def _walk(resolver: Resolver, domain: str) -> tuple[dict[str, DmarcRecord], list[str], list[Answer]]:
    found: dict[str, DmarcRecord] = {}
    several: list[str] = []
    answers: list[Answer] = []
    for name in _names(domain):
        answer = await resolver.query(f"_dmarc.{name}", "TXT")
        answers.append(answer)
        if answer.failed:
            break
        records = [record for text in answer.records if (record := parse_dmarc(text))]
        if len(records) > 1:
            several.append(name)
        elif records:
            found[name] = records[0]
            if records[0].psd == "n" or (records[0].psd == "y" and name != domain):
                break
    return found, several, answers


def _organizational(domain: str, found: dict[str, DmarcRecord]) -> str:
    """Section 4.10.2: below a public suffix (psd=y), else psd=n, else the record nearest to the root."""
    for name, record in found.items():
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            labels = domain.split(".")
            return ".".join(labels[-(name.count(".") + 2) :])
    return min(found, key=lambda name: name.count("."), default=domain)


async def discover(resolver: Resolver, domain: str) -> DmarcDiscovery:
    """Find the DMARC record and policy that hold for mail From `domain` (RFC 9989 section 4.10)."""
    domain = domain.lower().rstrip(".")
    found, several, answers = await _walk(resolver, domain)
    if answers[-1].failed:
        return DmarcDiscovery(domain, failed=answers[-1], answers=tuple(answers))
    organizational = _organizational(domain, found)
    at = domain if domain in found else organizational if organizational in found else ""
    if not at:  # only a public suffix speaks for it
        at = next((name for name, record in found.items() if record.psd == "y"), "")
    record = found.get(at)
    exists = True
    if record is not None and at != domain and record.np is not None:
        exists = (await resolver.query(domain, "A")).rcode is not Rcode.NXDOMAIN
    policy = record.policy_for(below=at != domain, exists=exists) if record else Policy.NONE
    missed = next((why for text in answers[0].records if (why := misses_dmarc(text))), "")
    return DmarcDiscovery(domain, record, at, organizational, policy, tuple(several), missed, None, tuple(answers))


async def organizational_of(resolver: Resolver, domain: str) -> str:
    """The organizational domain by the tree walk; empty where an answer is missing."""
    found, _, answers = await _walk(resolver, domain.lower().rstrip("."))
    return "" if answers[-1].failed else _organizational(domain.lower().rstrip("."), found)


async def aligned(resolver: Resolver, identity: str, author: DmarcDiscovery, *, strict: bool) -> bool:
    """Whether `identity` (the SPF or DKIM domain) fits the From domain (RFC 9989 section 4.4)."""
    identity = identity.lower().rstrip(".")
    if identity == author.domain:
        return True
    if strict or not identity:
        return False
    # An identity outside the author's organizational domain cannot share it: spare the questions.
    if identity != author.organizational and not identity.endswith("." + author.organizational):
        return False
    return await organizational_of(resolver, identity) == author.organizational


def _record_text(discovery: DmarcDiscovery) -> str:
    return f'_dmarc.{discovery.at} TXT "{discovery.record.text}"' if discovery.record else ""


def _finding(
    discovery: DmarcDiscovery, ident: str, result: Fact, detail: str, *, text: str = "", **more: object
) -> Finding:
    last = discovery.answers[-1]
    return Finding(
        check="dmarc",
        id=ident,
        subject=discovery.domain,
        result=result,
        detail=detail,
        source=f"_dmarc.{discovery.at or discovery.domain} TXT",
        record=_record_text(discovery) or (f'_dmarc.{discovery.domain} TXT "{text}"' if text else ""),
        asked_at=last.asked_at,
        data=(("at", discovery.at), ("organizational", discovery.organizational), ("policy", discovery.policy)),
        **more,  # type: ignore[arg-type]
    )


def record_findings(discovery: DmarcDiscovery) -> tuple[Finding, ...]:
    """What is to be said of the record itself: absent, several, broken, only watching."""
    domain, record = discovery.domain, discovery.record
    if discovery.failed:
        detail = f"the DMARC record of {domain} could not be read ({discovery.failed.rcode}): not known"
        return (_finding(discovery, "dmarc.temperror", Fact.TEMPERROR, detail),)
    found: list[Finding] = []
    if discovery.missed:
        text = next(text for text in discovery.answers[0].records if misses_dmarc(text))
        detail = f"the record at _dmarc.{domain} is no DMARC record: {discovery.missed}"
        found.append(_finding(discovery, "dmarc.not_a_record", Fact.PERMERROR, detail, text=text))
    for name in discovery.several:
        detail = f"{name} has more than one DMARC record, which counts as none (RFC 9989 section 4.10)"
        found.append(_finding(discovery, "dmarc.several_records", Fact.PERMERROR, detail))
    if record is None:
        if not found:
            detail = f"{domain} has no DMARC record"
            found.append(_finding(discovery, "dmarc.no_record", Fact.NONE, detail))
        return tuple(found)
    found += [
        _finding(discovery, "dmarc.record_fault", Fact.NONE, f"the DMARC record at {discovery.at}: {fault}")
        for fault in record.faults
    ]
    found += [_leftover(discovery, each) for each in record.leftovers]
    told = f"DMARC of {domain}: policy {discovery.policy}" + (
        f", from {discovery.at}" if discovery.at != domain else ""
    )
    found.append(_finding(discovery, "dmarc.record", Fact.PASS, told))
    return tuple(found)


def _leftover(discovery: DmarcDiscovery, told: str) -> Finding:
    """A pct below 100 spares mail at some receivers and none at others; everything else left over does nothing."""
    ident = "dmarc.pct" if told.startswith("pct=") and not told.startswith("pct=100 ") else "dmarc.leftover"
    return _finding(discovery, ident, Fact.NONE, f"the DMARC record at {discovery.at}: {told}")


def policy_findings(discovery: DmarcDiscovery) -> tuple[Finding, ...]:
    """What the record asks for and leaves out: only watching, no reports, receivers that find another record."""
    domain, record = discovery.domain, discovery.record
    if record is None:
        return ()
    found: list[Finding] = []
    if discovery.policy is Policy.NONE:
        detail = f"the policy for {domain} is none: anybody may still write in its name, receivers only report"
        found.append(_finding(discovery, "dmarc.only_watching", Fact.NONE, detail))
    elif record.testing:
        lower = "quarantine" if discovery.policy is Policy.REJECT else "none"
        detail = f"the policy for {domain} is {discovery.policy}, but being tested (t=y): receivers apply {lower}"
        found.append(_finding(discovery, "dmarc.testing", Fact.NONE, detail))
    if not record.rua:
        detail = f"the DMARC record at {discovery.at} asks for no reports (rua): nobody will notice what fails"
        found.append(_finding(discovery, "dmarc.no_reports", Fact.NONE, detail))
    weaker = [p for p in (record.sp, record.np) if p is not None and _RANK[p] < _RANK[record.p]]
    if weaker and discovery.at == domain:
        detail = f"subdomains of {domain} are less protected (sp or np {weaker[0]}) than {domain} itself ({record.p})"
        found.append(_finding(discovery, "dmarc.weak_subdomains", Fact.NONE, detail))
    old = old_organizational(domain)
    if old and discovery.at not in {domain, old}:
        detail = (
            f"receivers that still follow RFC 7489 look for the record of {domain} at _dmarc.{old} only, and miss "
            f"the one at _dmarc.{discovery.at}"
        )
        found.append(_finding(discovery, "dmarc.old_receivers", Fact.NONE, detail))
    return tuple(found)


_RANK = {Policy.NONE: 0, Policy.QUARANTINE: 1, Policy.REJECT: 2}


async def check_dmarc(
    resolver: Resolver,
    from_domain: str,
    *,
    spf_domain: str = "",
    spf_passed: bool | None = None,
    dkim_domains: tuple[str, ...] | None = None,
    dkim_seen: bool = True,
) -> tuple[Finding, ...]:
    """Judge a message's identities by the DMARC policy of its From domain.

    `spf_domain` is the domain SPF judged and `spf_passed` its result (None: not known); `dkim_domains` are the
    domains of signatures that verify (None: not known); `dkim_seen` is false where none shows, but one may have been
    added on the way out. What is not known is never counted as a failure.
    """  # fmt: skip
    discovery = await discover(resolver, from_domain)
    found = record_findings(discovery)
    record = discovery.record
    if record is None or discovery.failed:
        return found
    if spf_passed and await aligned(resolver, spf_domain, discovery, strict=record.strict_spf):
        detail = f"SPF passed for {spf_domain}, which is aligned with From {from_domain}: DMARC passes"
        return (*found, _finding(discovery, "dmarc.pass", Fact.PASS, detail, against=(Cause.DMARC_FAIL,)))
    for domain in dkim_domains or ():
        if await aligned(resolver, domain, discovery, strict=record.strict_dkim):
            detail = f"the DKIM signature of {domain} is aligned with From {from_domain}: DMARC passes"
            return (*found, _finding(discovery, "dmarc.pass", Fact.PASS, detail, against=(Cause.DMARC_FAIL,)))
    if spf_passed is None or dkim_domains is None:
        unknown = "SPF" if spf_passed is None else "DKIM"
        detail = f"whether DMARC passes depends on {unknown}, which could not be judged from this input"
        ident = "dmarc.not_judged" if dkim_seen or spf_passed is None else "dmarc.no_signature_seen"
        return (*found, _finding(discovery, ident, Fact.NOT_ASKED, detail))
    spf = f"SPF passed for {spf_domain}, which is not aligned" if spf_passed else "SPF did not pass"
    dkim = "no aligned DKIM signature" if dkim_domains else "no DKIM signature that verifies"
    detail = f"DMARC fails for From {from_domain} (policy {discovery.policy}): {spf}; {dkim}"
    supports = (Cause.DMARC_FAIL,) if discovery.policy is not Policy.NONE else ()
    return (*found, _finding(discovery, "dmarc.fail", Fact.FAIL, detail, supports=supports))
