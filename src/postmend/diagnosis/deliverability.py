"""From what an address says, what DNS said and what the host said to a verdict: pure, one decision after the other.

Undeliverable is only what somebody who must know called dead: the form, DNS, or the host in words that mean it. A
refusal of whoever asks, a silence, a policy are `unknown`.
"""

from dataclasses import dataclass

from postmend.evidence.probe.domain import Facts, Probed
from postmend.evidence.probe.heard import Heard, Kind
from postmend.knowledge.causes import cause_info
from postmend.knowledge.mailboxes import is_parked, is_reserved, mailboxes
from postmend.model import Address, AddressVerdict, Cause, Fact, Finding, SmtpReply
from postmend.model.verified import Deliverability, Reason, Traits, Verified

_KEEP, _RETRY, _SUPPRESS = AddressVerdict.KEEP, AddressVerdict.RETRY, AddressVerdict.SUPPRESS
_DELIVERABLE, _RISKY, _UNKNOWN = Deliverability.DELIVERABLE, Deliverability.RISKY, Deliverability.UNKNOWN
_DEAD = Deliverability.UNDELIVERABLE

VERDICT = {
    Reason.ACCEPTED: (_DELIVERABLE, _KEEP),
    Reason.SYNTAX: (_DEAD, _SUPPRESS),
    Reason.DOMAIN_NOT_FOUND: (_DEAD, _SUPPRESS),
    Reason.NULL_MX: (_DEAD, _SUPPRESS),
    Reason.MX_INVALID: (_DEAD, _RETRY),
    Reason.RESERVED_DOMAIN: (_DEAD, _SUPPRESS),
    Reason.PARKED_DOMAIN: (_RISKY, _RETRY),
    Reason.USER_UNKNOWN: (_DEAD, _SUPPRESS),
    Reason.MAILBOX_DISABLED: (_DEAD, _SUPPRESS),
    Reason.RECIPIENT_MOVED: (_DEAD, _SUPPRESS),
    Reason.MAILBOX_FULL: (_RISKY, _RETRY),
    Reason.CATCH_ALL: (_RISKY, _KEEP),
    Reason.CATCH_ALL_UNKNOWN: (_RISKY, _KEEP),
    Reason.DISPOSABLE: (_RISKY, _KEEP),
    Reason.GREYLISTED: (_UNKNOWN, _RETRY),
    Reason.TRY_LATER: (_UNKNOWN, _RETRY),
    Reason.NO_ANSWER: (_UNKNOWN, _RETRY),
    Reason.REFUSED_US: (_UNKNOWN, _KEEP),
    Reason.REFUSED: (_UNKNOWN, _KEEP),
    Reason.DNS_UNKNOWN: (_UNKNOWN, _RETRY),
    Reason.SMTPUTF8_MISSING: (_UNKNOWN, _KEEP),
    Reason.PROVIDER_ACCEPTS_ALL: (_UNKNOWN, _KEEP),
    Reason.PROVIDER_PUNISHES: (_UNKNOWN, _KEEP),
    Reason.NOT_ASKED: (_UNKNOWN, _KEEP),
}
_OF_DOMAIN = {
    "mx.no_domain": Reason.DOMAIN_NOT_FOUND,
    "mx.nowhere": Reason.DOMAIN_NOT_FOUND,
    "mx.null": Reason.NULL_MX,
    "mx.broken": Reason.MX_INVALID,
    "mx.temperror": Reason.DNS_UNKNOWN,
}
_OF_CAUSE = {
    Cause.USER_UNKNOWN: Reason.USER_UNKNOWN,
    Cause.MAILBOX_DISABLED: Reason.MAILBOX_DISABLED,
    Cause.RECIPIENT_MOVED: Reason.RECIPIENT_MOVED,
}
_OF_KIND = {
    Kind.FULL: Reason.MAILBOX_FULL,
    Kind.US: Reason.REFUSED_US,
    Kind.REFUSED: Reason.REFUSED,
    Kind.SILENT: Reason.NO_ANSWER,
    Kind.CANNOT: Reason.SMTPUTF8_MISSING,
}


@dataclass(frozen=True, slots=True)
class _Found:
    reason: Reason
    catch_all: bool | None = None


def not_an_address(given: str, why: str, suggestion: str) -> Verified:
    """The verdict on what is no address."""
    verdict, kept = VERDICT[Reason.SYNTAX]
    finding = Finding("syntax", "syntax.invalid", given[:320], Fact.FAIL, why, source="RFC 5321 section 4.1.2")
    return Verified(
        given, "", verdict, Reason.SYNTAX, kept, why, Traits(suggestion=suggestion), evidence=(finding,)
    )  # fmt: skip


def judge(given: str, address: Address, traits: Traits, probed: Probed, *, asked_at: str) -> Verified:
    """The verdict on an address from its traits and what was asked; `asked_at` is RFC 3339 in UTC."""
    found = _reason(probed, traits)
    verdict, kept = VERDICT[found.reason]
    heard, facts = probed.heard, probed.facts
    exchange = heard.exchange if heard else None
    return Verified(
        address=given,
        normal=f"{address.local}@{facts.domain}",
        verdict=verdict,
        reason=found.reason,
        address_verdict=kept,
        detail=_detail(found.reason, heard, facts),
        traits=traits,
        cause=heard.cause if heard and heard.kind not in {Kind.ACCEPTED, Kind.SILENT, Kind.CANNOT} else "",
        catch_all=found.catch_all,
        provider=facts.provider,
        mx=facts.mx,
        host=heard.host if heard else "",
        ip=heard.ip if heard else "",
        reply=SmtpReply(exchange.code, exchange.enhanced, exchange.text) if exchange and exchange.code else None,
        evidence=(*facts.findings, *_findings(probed)),
        asked_at=(exchange.at if exchange else "") or asked_at,
    )


def _reason(probed: Probed, traits: Traits) -> _Found:
    facts, heard = probed.facts, probed.heard
    if heard is None:
        return _Found(_unasked(facts, traits))
    absent = probed.absent
    catch_all = (
        None if absent is None or absent.kind in {Kind.LATER, Kind.SILENT, Kind.US} else absent.kind is Kind.ACCEPTED
    )
    if heard.kind is Kind.ACCEPTED:
        if traits.disposable:
            return _Found(Reason.DISPOSABLE, catch_all)
        if is_parked(facts.mx):
            return _Found(Reason.PARKED_DOMAIN, catch_all)
        if catch_all is None:
            return _Found(Reason.CATCH_ALL_UNKNOWN)
        return _Found(Reason.CATCH_ALL if catch_all else Reason.ACCEPTED, catch_all)
    if heard.kind is Kind.DEAD:
        return _Found(_OF_CAUSE[heard.cause], catch_all)
    if heard.kind is Kind.LATER:
        return _Found(Reason.GREYLISTED if heard.cause is Cause.GREYLISTED else Reason.TRY_LATER, catch_all)
    return _Found(_OF_KIND[heard.kind], catch_all)


def _unasked(facts: Facts, traits: Traits) -> Reason:
    """DNS alone: what it rules out, else why nobody was asked."""
    found = next((reason for each in facts.findings if (reason := _OF_DOMAIN.get(each.id))), None)
    if found is Reason.DOMAIN_NOT_FOUND and is_reserved(facts.domain):
        return Reason.RESERVED_DOMAIN
    if found is not None:
        return found
    if is_parked(facts.mx):
        return Reason.PARKED_DOMAIN
    if traits.disposable:
        return Reason.DISPOSABLE
    if facts.care is not None:
        return Reason.PROVIDER_ACCEPTS_ALL if facts.care.accepts_all else Reason.PROVIDER_PUNISHES
    return Reason.NOT_ASKED


def _detail(reason: Reason, heard: Heard | None, facts: Facts) -> str:
    words = mailboxes().reason[reason]
    if reason is Reason.REFUSED_US and heard is not None and heard.cause is not Cause.UNKNOWN:
        words += f": {cause_info(heard.cause).title[0].lower()}{cause_info(heard.cause).title[1:]}"
    if reason is Reason.NO_ANSWER and heard is not None:
        words += f": {heard.exchange.detail}"
    if facts.care is not None and heard is None:
        words += f" ({facts.care.why})"
    return words


def _findings(probed: Probed) -> tuple[Finding, ...]:
    made = []
    if probed.absent is not None:
        made.append(_finding(probed.absent, "absent", "an address that surely does not exist"))
    if probed.heard is not None and probed.heard is not probed.absent:
        made.append(_finding(probed.heard, "mailbox", "the address"))
    return tuple(made)


_FACT = {
    Kind.ACCEPTED: Fact.PASS,
    Kind.DEAD: Fact.FAIL,
    Kind.FULL: Fact.FAIL,
    Kind.US: Fact.REFUSED,
    Kind.REFUSED: Fact.REFUSED,
}


def _finding(heard: Heard, check: str, what: str) -> Finding:
    exchange = heard.exchange
    where = f"{heard.host} [{heard.ip}]"
    said = f"at {exchange.stage.upper()}: {exchange.text}"
    return Finding(
        check=check,
        id=f"{check}.{heard.kind}",
        subject=what,
        result=_FACT.get(heard.kind, Fact.TEMPERROR),
        detail=f"{where} was asked for {what} and said {said}",
        supports=() if heard.kind in {Kind.ACCEPTED, Kind.SILENT, Kind.CANNOT} else (heard.cause,),
        source=f"{where} {exchange.sent}",
        record=exchange.text,
        asked_at=exchange.at,
    )
