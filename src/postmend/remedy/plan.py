"""The plan for one verdict: the cause's steps with the case filled in, the exact records, the delistings in order.

The sender's side comes before the recipient's. A step whose facts are not known is left out, never half filled.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from postmend.knowledge.blocklists import Blocklist, by_name
from postmend.knowledge.causes import cause_info
from postmend.knowledge.providers import provider_info
from postmend.knowledge.remedies import StepText, steps_for
from postmend.knowledge.weights import weight_of
from postmend.model import Cause, Diagnosis, Fact, Finding, RecordChange, Side, Step
from postmend.remedy.case import Case, fitting, letter, one_line
from postmend.remedy.limits import rate_limit, size_limit
from postmend.remedy.right_address import meant, moved_to

_ORDER = {Side.SENDER: 0, Side.MESSAGE: 0, Side.NETWORK: 1, Side.RECIPIENT: 2, Side.RECIPIENT_ADMIN: 3}


def _evidence_lines(findings: Sequence[Finding]) -> str:
    good = [f.detail for f in findings if f.result is Fact.PASS]
    bad = [f.detail for f in findings if f.result is Fact.FAIL]
    if not good and not bad:
        return ""
    said = [f"  - {one_line(detail, 200)}" for detail in (good or bad)[:6]]
    return "What we checked on our side:\n\n" + "\n".join(said) + "\n"


def _hostname(diagnosis: Diagnosis, facts: Mapping[str, str]) -> str:
    """A name for the sending server: one that is known to lead to it, else its HELO or PTR name, else mail.DOMAIN."""
    found = {f.check: f for f in diagnosis.evidence if f.check in {"rdns", "helo"}}
    rdns, helo = found.get("rdns"), found.get("helo")
    ptr = rdns.get("ptr") if rdns else ""
    good = [ptr] if rdns and rdns.result is Fact.PASS else []
    if helo is None or helo.result is not Fact.FAIL:
        good.append(facts.get("helo", ""))
    for name in (*good, "" if helo and helo.result is Fact.PASS else ptr):
        if "." in name and not name.replace(".", "").isdigit() and not name.endswith((".local", ".localdomain")):
            return name.rstrip(".")
    domain = facts.get("mail_from_domain") or facts.get("from_domain") or ""
    return f"mail.{domain}" if domain else ""


def _spf_term(ip: str) -> str:
    try:
        return f"ip{ipaddress.ip_address(ip).version}:{ip}"
    except ValueError:
        return ""


def _case(diagnosis: Diagnosis, facts: Mapping[str, str]) -> Case:
    failure, extracts = diagnosis.failure, diagnosis.reading.extracts
    host = failure.remote.host or diagnosis.reading.remote_host
    provider = provider_info(diagnosis.reading.provider) if diagnosis.reading.provider else None
    names = {
        **facts,
        "recipient": failure.recipient,
        "recipient_domain": failure.recipient.rpartition("@")[2].lower(),
        "host": host,
        "our_mail": f"our mail to {failure.recipient}" if failure.recipient else "our mail",
        "by_host": f"the server was {host}" if host else "no host is named",
        "reply": one_line(failure.reply.text, 600),
        "reply_short": one_line(failure.reply.text.replace("'", ""), 60),
        "evidence": _evidence_lines(diagnosis.evidence),
        "url": extracts.urls[0] if extracts.urls else "",
        "provider": provider.name if provider else "",
        "postmaster_url": provider.postmaster if provider else "",
        "limit": rate_limit(extracts.limits),
        "size": size_limit(extracts.limits, failure.reply.text),
        "hostname": _hostname(diagnosis, facts),
        "spf_term": _spf_term(facts.get("ip", "")),
        "meant": meant(diagnosis),
        "moved_to": moved_to(diagnosis, facts.get("mail_from", "")),
    }
    known = {name: value for name, value in names.items() if value}
    return Case({name: value if name == "evidence" else one_line(value, 2000) for name, value in known.items()})


def steps(cause: Cause, case: Case, findings: frozenset[str] = frozenset()) -> Iterator[Step]:
    """The steps of one cause that fit the case; some only where there is a finding of theirs."""
    for name, text in fitting(steps_for(cause), case, findings):
        yield _step(text, f"{cause}.{name}", case)


def _step(text: StepText, ident: str, case: Case) -> Step:
    return Step(
        id=ident,
        who=text.who or cause_info(text.cause).who,
        do=case.fill(text.do),
        url=case.fill(text.url),
        letter=letter(text.letter, case),
        config=tuple(case.fill(line) for line in text.config),
        verify=case.fill_known(text.verify),
    )


def delistings(findings: Sequence[Finding], reply_url: str = "") -> Iterator[Step]:
    """A step for each list that has the address or domain, those named by the reply first."""
    listed = [f for f in findings if f.id in {"blocklist.listed", "blocklist.domain_listed"}]
    rank = {"named": 0, "used": 1, "major": 2, "minor": 3}
    for finding in sorted(listed, key=lambda f: rank.get(f.get("standing"), 4)):
        name = finding.get("name") or finding.get("zone")
        do = f"{name} lists {finding.subject}: {finding.get('meaning') or 'a source of spam'}. {_removal(finding)}"
        yield Step(
            f"delist.{finding.get('zone')}",
            Side.SENDER,
            do,
            url=finding.get("delist") if finding.get("delist") != reply_url else "",
            verify=f"dig +short {finding.get('query')}" if finding.get("query") else "",
        )


def _named_lists(diagnosis: Diagnosis, case: Case) -> Iterator[Step]:
    """A step for each list that the reply names and nobody could ask: where to look it up, and what comes then."""
    if diagnosis.cause not in {Cause.BLOCKLISTED_IP, Cause.BLOCKLISTED_DOMAIN_OR_URL}:
        return
    answered = {f.get("zone") for f in diagnosis.evidence if f.check == "blocklist" and f.result is not Fact.NOT_ASKED}
    named: dict[str, Blocklist] = {}
    for name in diagnosis.reading.extracts.lists:
        found = by_name(name)
        if found is not None and found.zone not in answered:
            named[found.zone] = found
    subject = case.names.get("ip", "") if diagnosis.cause is Cause.BLOCKLISTED_IP else case.names.get("from_domain", "")
    for each in named.values():
        yield from look_up(each, subject)


def look_up(each: Blocklist, subject: str = "") -> Iterator[Step]:
    """Where to see whether a list that replies name still lists an address or domain; nothing where it has no page."""
    page = each.lookup or each.delist
    if not page or ("{subject}" in page and not subject):
        return
    what = subject or "the sending address"
    yield Step(
        f"look_up.{each.zone}",
        Side.SENDER,
        f"The reply names {each.name or each.zone}: see there whether it still lists {what}, and why.",
        url=page.replace("{subject}", subject),
        verify=f"postmend check {subject}" if subject else "",
    )


def _removal(finding: Finding) -> str:
    """How a listing ends: by itself, by a form, never for money."""
    by_itself = finding.get("removal") or "it goes by itself once the spam has stopped"
    if finding.get("paid") == "yes":
        return f"Do not pay for a removal: {by_itself}."
    if finding.get("delist"):
        return "Once the source is dealt with, ask for the removal there."
    return f"There is nothing to ask for: {by_itself}."


def _record_step(change: RecordChange) -> Step:
    """The step that carries out a change of DNS."""
    verb = "Change" if change.before else "Publish"
    return Step(
        f"record.{change.type.lower()}",
        Side.SENDER,
        f"{verb} this record of {change.name} at whoever hosts the domain's DNS.",
        record=change,
        verify=f"dig +short {change.type} {change.name}",
    )


def _also(diagnosis: Diagnosis) -> list[Cause]:
    """Causes that other findings than those behind the verdict are evidence enough for: worth mending on the way."""
    found: list[Cause] = []
    for finding in diagnosis.evidence:
        row = weight_of(finding)
        found += row.confirms if row and diagnosis.cause not in row.confirms else ()
    return list(dict.fromkeys(found))


def plan(diagnosis: Diagnosis, facts: Mapping[str, str], records: Sequence[RecordChange] = ()) -> tuple[Step, ...]:
    """Return the ordered steps for a verdict; at least one.

    `facts` are `ip`, `helo`, `mail_from`, `mail_from_domain`, `from_domain`, `dkim_domain`, `dkim_selector` as far as
    known; `records` are DNS changes already proven by re-evaluation.
    """
    case = _case(diagnosis, facts)
    findings = frozenset(finding.id for finding in diagnosis.evidence)
    own = list(steps(diagnosis.cause, case, findings))
    for cause in _also(diagnosis):
        own += list(steps(cause, case, findings))[:2]
    lists = [*delistings(diagnosis.evidence, case.names.get("url", "")), *_named_lists(diagnosis, case)]
    changes = [_record_step(change) for change in records]
    if changes:
        own = [step for step in own if not step.id.endswith((".record", ".publish"))]
    # The exact record first; then the steps; a delisting only after the step that ends the source of it.
    at = next((i + 1 for i, step in enumerate(own) if step.id.startswith("blocklisted")), len(own))
    ordered = changes + own[:at] + lists + own[at:]
    return tuple(sorted(ordered, key=lambda step: _ORDER[step.who]))
