"""What findings mean together: who never sends needs no DKIM, an enforced policy makes certificates count. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from postmend.evidence.spf_record import parse_spf
from postmend.model import Fact, Finding, ParseError

# What a domain that does not exist cannot publish either: saying so adds nothing.
_OF_A_DOMAIN = {"spf_record", "dkim_key", "dmarc", "bimi", "dnssec", "mta_sts", "tlsrpt", "smtp"}
_NEEDLESS = {"dkim_key.none_at_all", "dkim_key.selector_unknown"}


@dataclass(frozen=True, slots=True)
class Posture:
    """Whether a domain sends and takes mail by what it publishes; None where that is not known."""

    sends: bool | None
    receives: bool | None


def _sends(findings: Sequence[Finding]) -> bool | None:
    texts = [f.record.partition('"')[2].rpartition('"')[0] for f in findings if f.id == "spf_record.ok"]
    if not texts:
        return None
    try:
        record = parse_spf(texts[0])
    except ParseError:
        return None
    return bool(record.redirect) or any(mechanism.qualifier != "-" for mechanism in record.mechanisms)


def posture_of(findings: Sequence[Finding]) -> Posture:
    """What a domain does, by its SPF and MX."""
    ids = {finding.id for finding in findings}
    receives = False if ids & {"mx.null", "mx.nowhere"} else True if "mx.ok" in ids else None
    return Posture(_sends(findings), receives)


def together(findings: Sequence[Finding], kind: str) -> tuple[Finding, ...]:
    """The findings on a target of `kind` (domain, host, ip, address), each seen in the light of the others."""
    if any(f.id == "mx.no_domain" for f in findings):
        findings = [f for f in findings if f.check not in _OF_A_DOMAIN or f.result is Fact.PASS]
    posture = posture_of(findings)
    enforced = any(f.id == "mta_sts.ok" and f.get("mode") == "enforce" for f in findings)
    return tuple(made for finding in findings for made in _seen(finding, posture, kind, enforced=enforced))


def _seen(finding: Finding, posture: Posture, kind: str, *, enforced: bool) -> Iterator[Finding]:
    if finding.id in _NEEDLESS and posture.sends is False:
        return
    if finding.id == "mx.null" and kind == "domain":
        if posture.sends:
            detail = f"{finding.detail}, but its SPF record lets servers send: many refuse mail that cannot be answered"
            yield replace(finding, id="mx.null_but_sends", detail=detail)
        else:
            yield replace(finding, id="mx.none_on_purpose", result=Fact.PASS, supports=())
    elif finding.id == "mx.nowhere" and kind == "domain" and posture.sends is False:
        detail = f"{finding.detail}; it sends none either, so a null MX would say that plainly"
        yield replace(finding, id="mx.nowhere_on_purpose", result=Fact.NONE, detail=detail, supports=())
    elif finding.id == "spf_record.none" and posture.receives is False:
        detail = f"{finding.detail}; as it takes no mail it seems to send none: v=spf1 -all says that"
        yield replace(finding, id="spf_record.none_parked", result=Fact.NONE, detail=detail, supports=())
    elif finding.id == "tls.certificate_invalid" and enforced:
        yield replace(finding, id="tls.certificate_refused", result=Fact.FAIL)
    else:
        yield finding
