"""BIMI (draft-brand-indicators-for-message-identification): the logo's record, and the DMARC policy it depends on."""

from postmend.evidence.dmarc import DmarcDiscovery
from postmend.evidence.dmarc_record import Policy
from postmend.evidence.tags import only_record, parse_tags
from postmend.model import Fact, Finding, ParseError
from postmend.model.dns import Answer, Resolver


def _finding(domain: str, ident: str, result: Fact, detail: str, answer: Answer) -> Finding:
    record = f"{answer.name} TXT {' / '.join(answer.records[:3]) or answer.rcode}"
    return Finding("bimi", f"bimi.{ident}", domain, result, detail, (), (), record, record, answer.asked_at)


def _fault(texts: list[str]) -> str:
    try:
        tags = only_record(texts, "BIMI1")
    except ParseError as error:
        return str(error)
    if "l" not in tags:
        return "l=, the logo's address, is missing"
    for name in ("l", "a"):
        if tags.get(name) and not tags[name].lower().startswith("https://"):
            return f"{name}= must be an https:// address"
    return (
        "" if not tags["l"] or tags["l"].lower().split("?")[0].endswith((".svg", ".svgz")) else "l= must be an SVG file"
    )


async def check_bimi(resolver: Resolver, domain: str, dmarc: DmarcDiscovery) -> tuple[Finding, ...]:
    """Findings `bimi.*` on the record of selector `default`; nothing is fetched."""
    for name in dict.fromkeys((domain, dmarc.organizational or domain)):
        answer = await resolver.query(f"default._bimi.{name}", "TXT")
        texts = [text for text in answer.records if text.replace(" ", "").lower().startswith("v=bimi")]
        if texts or answer.failed:
            break
    if answer.failed:
        detail = f"the BIMI record of {domain} could not be asked ({answer.rcode}): not known"
        return (_finding(domain, "temperror", Fact.TEMPERROR, detail, answer),)
    if not texts:
        return (_finding(domain, "none", Fact.NONE, f"{domain} has no BIMI record: no logo beside its mail", answer),)
    fault = _fault(texts)
    if fault:
        return (
            _finding(domain, "fault", Fact.PERMERROR, f"the BIMI record of {domain} does not count: {fault}", answer),
        )
    if not parse_tags(texts[0])["l"]:
        return (_finding(domain, "declined", Fact.PASS, f"{domain} declines to show a logo (l= is empty)", answer),)
    if dmarc.policy is Policy.NONE and dmarc.failed is None:
        detail = f"{domain} has a BIMI record, but no logo is shown while the DMARC policy is none"
        return (_finding(domain, "not_enforced", Fact.NONE, detail, answer),)
    detail = f"the BIMI record of {domain} is in order"
    if not parse_tags(texts[0]).get("a"):
        detail += "; without a= (a mark certificate) Gmail and Apple show no logo"
    return (_finding(domain, "ok", Fact.PASS, detail, answer),)
