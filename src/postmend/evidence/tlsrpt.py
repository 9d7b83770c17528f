"""TLSRPT (RFC 8460 section 3): where reports on failed TLS connections go."""

from postmend.evidence.tags import only_record
from postmend.model import Fact, Finding, ParseError
from postmend.model.dns import Resolver


def _fault(texts: list[str]) -> str:
    try:
        tags = only_record(texts, "TLSRPTv1")
    except ParseError as error:
        return str(error)
    uris = [uri.strip() for uri in tags.get("rua", "").split(",") if uri.strip()]
    bad = [uri for uri in uris if not uri.lower().startswith(("mailto:", "https:"))]
    return f"{bad[0][:60]} is neither mailto: nor https:" if bad else "" if uris else "rua= is missing"


async def check_tlsrpt(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    """One Finding `tlsrpt.*`."""
    answer = await resolver.query(f"_smtp._tls.{domain}", "TXT")
    texts = [text for text in answer.records if text.replace(" ", "").lower().startswith("v=tlsrpt")]
    if answer.failed:
        ident, result, detail = "temperror", Fact.TEMPERROR, f"could not be asked ({answer.rcode}): not known"
    elif not texts:
        ident, result, detail = "none", Fact.NONE, "is missing: nobody tells you when TLS to your server fails"
    elif fault := _fault(texts):
        ident, result, detail = "fault", Fact.PERMERROR, f"does not count: {fault}"
    else:
        ident, result, detail = "ok", Fact.PASS, "is in order"
    record = f"{answer.name} TXT {' / '.join(answer.records[:3]) or answer.rcode}"
    detail = f"the TLSRPT record of {domain} {detail}"
    return (Finding("tlsrpt", f"tlsrpt.{ident}", domain, result, detail, (), (), record, record, answer.asked_at),)
