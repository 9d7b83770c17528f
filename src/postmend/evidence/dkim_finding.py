"""DKIM as evidence: the signatures of a message turned into Findings, with advice on how it was signed."""

from collections.abc import Iterator

from postmend.evidence.dkim import Dkim, DkimResult, Reason, verify_dkim
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Resolver

_FACT = {
    Dkim.PASS: Fact.PASS,
    Dkim.FAIL: Fact.FAIL,
    Dkim.PERMERROR: Fact.PERMERROR,
    Dkim.TEMPERROR: Fact.TEMPERROR,
    Dkim.NEUTRAL: Fact.NOT_ASKED,
}
_WANTED_FIELDS = ("to", "cc", "subject", "date")


def _finding(found: DkimResult, ident: str, result: Fact, detail: str) -> Finding:
    bad = result in {Fact.FAIL, Fact.PERMERROR}
    answer = found.lookup.answer if found.lookup else None
    name = f"{found.selector}._domainkey.{found.domain}"
    data = {
        "domain": found.domain, "selector": found.selector, "guess": found.guess,
        "algorithm": found.signature.algorithm if found.signature else "",
    }  # fmt: skip
    return Finding(
        check="dkim",
        id=f"dkim.{ident}",
        subject=found.domain or "the message",
        result=result,
        detail=detail,
        supports=(Cause.DKIM_FAIL,) if bad else (),
        against=(Cause.DKIM_FAIL,) if result is Fact.PASS else (),
        source=f"{name} TXT" if answer else "DKIM-Signature",
        record=f'{name} TXT "{answer.records[0]}"' if answer and answer.records else "",
        asked_at=answer.asked_at if answer else "",
        data=tuple(sorted((key, value) for key, value in data.items() if value)),
    )


def dkim_findings(results: tuple[DkimResult, ...]) -> tuple[Finding, ...]:
    """Findings `dkim.*` on the signatures of a message; `dkim.unsigned` where it has none."""
    if not results:
        detail = "the message has no DKIM signature"
        supports = (Cause.UNAUTHENTICATED_SENDER,)
        return (Finding("dkim", "dkim.unsigned", "the message", Fact.NONE, detail, supports, source="DKIM-Signature"),)
    return tuple(made for found in results for made in _one(found))


def _one(found: DkimResult) -> Iterator[Finding]:
    whose = f"the DKIM signature of {found.domain or 'a domain it does not name'}"
    guess = f" ({found.guess})" if found.guess else ""
    ident = "pass" if found.passed else found.reason
    text = f"{whose} holds" if found.passed else f"{whose} does not count: {found.detail}{guess}"
    if found.reason is Reason.KEY_UNKNOWN or found.reason is Reason.NOT_SUPPORTED:
        text = f"{whose} could not be judged: {found.detail}"
    yield _finding(found, ident, _FACT[found.result], text)
    yield from _advice(found)


def _advice(found: DkimResult) -> Iterator[Finding]:
    signature = found.signature
    if signature is None:
        return
    if found.unsigned_octets and found.passed:
        detail = (
            f"{found.unsigned_octets:,} octets at the end of the body are not signed (l=): anybody can add to such a "
            "message, and some receivers take it for unsigned; sign without l="
        )
        yield _finding(found, "partly_signed", Fact.NONE, detail)
    if not signature.relaxed_header or not signature.relaxed_body:
        form = (
            f"{'relaxed' if signature.relaxed_header else 'simple'}/{'relaxed' if signature.relaxed_body else 'simple'}"
        )
        detail = f"it is signed as {form}, which a changed blank or fold breaks: relaxed/relaxed survives that"
        yield _finding(found, "canonicalisation", Fact.NONE, detail)
    missing = [name for name in _WANTED_FIELDS if name not in signature.headers]
    if missing:
        detail = f"it does not sign {', '.join(name.title() for name in missing)}: these can be changed unseen"
        yield _finding(found, "fields_not_signed", Fact.NONE, detail)


async def check_dkim(
    resolver: Resolver, message: bytes, now_s: int = 0
) -> tuple[tuple[Finding, ...], tuple[DkimResult, ...]]:
    """Verify the DKIM signatures of a message; the Findings, and the results themselves for DMARC."""
    results = await verify_dkim(resolver, message, now_s)
    return dkim_findings(results), results
