"""SPF as a finding: the result of `check_host()` told as evidence."""

from postmend.evidence.spf import check_host
from postmend.evidence.spf_result import Spf, SpfResult
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Resolver

_FACT = {
    Spf.PASS: Fact.PASS,
    Spf.FAIL: Fact.FAIL,
    Spf.SOFTFAIL: Fact.FAIL,
    Spf.PERMERROR: Fact.PERMERROR,
    Spf.TEMPERROR: Fact.TEMPERROR,
    Spf.NONE: Fact.NONE,
    Spf.NEUTRAL: Fact.NONE,
}


def _detail(found: SpfResult, ip: str) -> str:
    domain = found.domain
    if found.result is Spf.PASS:
        return f"SPF passes: {domain} lets {ip} send ({found.matched})"
    if found.result in {Spf.FAIL, Spf.SOFTFAIL}:
        return f"SPF {found.result}: the record of {domain} does not name {ip} ({found.matched})"
    if found.result is Spf.NEUTRAL:
        return f"SPF neutral: {domain} says nothing about {ip} ({found.matched or 'no `all`'})"
    if found.result is Spf.NONE:
        return f"{domain or 'the domain'} has no SPF record"
    return f"SPF {found.result}: {found.problem}"


async def check_spf(resolver: Resolver, ip: str, mail_from: str, helo: str) -> tuple[tuple[Finding, ...], SpfResult]:
    """Evaluate SPF and tell it; the result itself goes along for DMARC and the repair."""
    found = await check_host(resolver, ip, mail_from=mail_from, helo=helo)
    result = _FACT[found.result]
    supports: tuple[Cause, ...] = ()
    if found.result in {Spf.FAIL, Spf.SOFTFAIL, Spf.PERMERROR}:
        supports = (Cause.SPF_FAIL,)
    elif found.result is Spf.NONE:
        supports = (Cause.UNAUTHENTICATED_SENDER,)
    record = f'{found.domain} TXT "{found.record}"' if found.record else ""
    data = {"domain": found.domain, "matched": found.matched, "lookups": str(found.lookups), "result": found.result}
    finding = Finding(
        check="spf",
        id=f"spf.{found.result}",
        subject=found.domain,
        result=result,
        detail=_detail(found, ip),
        supports=supports,
        against=(Cause.SPF_FAIL,) if found.result is Spf.PASS else (),
        source=record or f"{found.domain} TXT",
        record=record,
        asked_at=found.asked_at,
        data=tuple(sorted((name, value) for name, value in data.items() if value)),
    )
    return (finding,), found


async def check_forwarded(
    resolver: Resolver, found: SpfResult, came_from: str, mail_from: str
) -> tuple[Finding, ...]:  # fmt: skip
    """Whether SPF broke by forwarding: the server that handed the message over may send for the domain, this not."""
    if not came_from or found.result not in {Spf.FAIL, Spf.SOFTFAIL}:
        return ()
    before = await check_host(resolver, came_from, mail_from=mail_from)
    if before.result is not Spf.PASS:
        return ()
    detail = (
        f"{came_from}, which handed the message over, may send for {found.domain}; it was forwarded from here with the "
        "MAIL FROM unchanged, and this server may not"
    )
    data = (("came_from", came_from), ("domain", found.domain))
    return (
        Finding(
            "spf", "spf.forwarded", found.domain, Fact.FAIL, detail, (Cause.SPF_FAIL,), (),
            f"{found.domain} TXT", f'{found.domain} TXT "{found.record}"', before.asked_at, data,
        ),
    )  # fmt: skip
