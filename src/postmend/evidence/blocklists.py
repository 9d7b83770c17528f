"""Is an address or a domain on a blocklist (RFC 5782)? Five answers: listed, not listed, refused, broken, unreachable.

Only an answer in 127.0.0.0/8 that the list itself means as a listing is one, and only while the list does not also
list 127.0.0.1, which no sound list does (RFC 5782 section 5). The test points are asked beside the question itself.
"""

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence

from postmend.knowledge.blocklists import Blocklist, blocklists, by_name, ended
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver

# RFC 5782 section 5: must be listed, must not be listed.
_TEST = {"ip4": ("2.0.0.127", "1.0.0.127"), "domain": ("test", "invalid")}
_V6_LISTED = ipaddress.IPv6Address("::ffff:7f00:2").reverse_pointer.removesuffix(".ip6.arpa")
_V6_FREE = ipaddress.IPv6Address("::ffff:7f00:1").reverse_pointer.removesuffix(".ip6.arpa")
_ANSWERS = ipaddress.ip_network("127.0.0.0/8")
_REFUSALS = ipaddress.ip_network("127.255.255.0/24")


def _kind(subject: str) -> tuple[str, str]:
    """The kind of a subject and how it stands before a zone."""
    try:
        ip = ipaddress.ip_address(subject)
    except ValueError:
        return "domain", subject.lower().rstrip(".")
    pointer = ip.reverse_pointer
    return f"ip{ip.version}", pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def lists_for(subject: str, named: Sequence[str], used: Sequence[str]) -> list[tuple[Blocklist, str]]:
    """The lists to ask about a subject with their standing in this case: named by the reply, used by the provider,
    major, minor. Zones that only the reply knows are asked too; those that have ended are not."""  # noqa: D205,D209
    kind, _ = _kind(subject)
    standing: dict[str, tuple[Blocklist, str]] = {}
    for each in blocklists().list:
        if kind in each.kind:
            standing[each.zone] = (each, "used" if each.zone in used else each.standing)
    for name in named:
        known = by_name(name)
        if known is not None:
            if kind in known.kind:
                standing[known.zone] = (known, "named")
        elif "." in name and not ended(name) and kind != "domain":
            zone = name.lower().strip(".")
            standing[zone] = (Blocklist(zone, zone, (kind,), no_test=True), "named")
    rank = {"named": 0, "used": 1, "major": 2, "minor": 3}
    return sorted(standing.values(), key=lambda pair: rank[pair[1]])


def ended_findings(named: Sequence[str]) -> tuple[Finding, ...]:
    """Lists that the reply names and that have ended: whoever asks them refuses for nothing."""
    found = []
    for name in named:
        why = ended(name)
        if why:
            detail = f"the reply names {name}, which {why}: the server that asks it needs its administrator"
            found.append(
                Finding("blocklist", "blocklist.ended", name, Fact.NOT_ASKED, detail, source=f"{name}: not asked")
            )
    return tuple(found)


async def check_blocklists(
    resolver: Resolver,
    subject: str,
    *,
    named: Sequence[str] = (),
    used: Sequence[str] = (),
    keys: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Ask every list that fits about an IP address or a domain, side by side; one Finding a list.

    `named` are lists that a reply names, `used` zones that the recipient's provider is known to use, `keys` the
    operator's keys by zone for lists that want one.
    """  # fmt: skip
    asked = lists_for(subject, named, used)
    return tuple(await asyncio.gather(*(_check(resolver, subject, each, how, keys or {}) for each, how in asked)))


async def _check(resolver: Resolver, subject: str, each: Blocklist, how: str, keys: Mapping[str, str]) -> Finding:
    kind, front = _kind(subject)
    zone = keys.get(each.zone) or each.zone
    listed_point, free_point = _TEST.get(kind, (_V6_LISTED, _V6_FREE))
    answer, must, must_not = await asyncio.gather(
        resolver.query(f"{front}.{zone}", "A"),
        resolver.query(f"{listed_point}.{zone}", "A"),
        resolver.query(f"{free_point}.{zone}", "A"),
    )
    ident, result, detail, code = _state(each, subject, answer, must, must_not)
    reason = ""
    if ident in {"blocklist.listed", "blocklist.domain_listed"}:
        text = await resolver.query(f"{front}.{zone}", "TXT")
        reason = text.records[0][:300] if text.records else ""
    return _finding(each, subject, how, answer, ident, result, detail, code, reason, keys.get(each.zone, ""))


def _refused(each: Blocklist, answer: Answer) -> bool:
    return answer.rcode is Rcode.REFUSED or any(
        text in each.refused or ipaddress.ip_address(text) in _REFUSALS for text in answer.records
    )


def _state(each: Blocklist, subject: str, answer: Answer, must: Answer, must_not: Answer) -> tuple[str, Fact, str, str]:
    """Finding id, result, sentence, and the code that counts."""
    name = each.name
    if _refused(each, answer) or (not answer.records and _refused(each, must)):
        needs = f": it needs {each.needs}" if each.needs else ""
        return "blocklist.refused", Fact.REFUSED, f"{name} refuses to answer this resolver{needs}", ""
    if answer.failed:
        return "blocklist.unreachable", Fact.TEMPERROR, f"{name} did not answer ({answer.rcode}): not known", ""
    lies = [text for text in answer.records if ipaddress.ip_address(text) not in _ANSWERS]
    if lies:
        detail = f"{name} answers {lies[0]}, which no list does: its domain is parked or the resolver lies"
        return "blocklist.broken", Fact.TEMPERROR, detail, ""
    codes = [text for text in answer.records if text not in each.harmless]
    if codes and must_not.records and not all(text in each.harmless for text in must_not.records):
        detail = f"{name} lists everything, even 127.0.0.1: it is broken, which says nothing about {subject}"
        return "blocklist.broken", Fact.TEMPERROR, detail, ""
    known = [text for text in codes if each.meaning(text)] or ([] if each.codes else codes)
    if known:
        meaning = "; ".join(dict.fromkeys(each.meaning(text) for text in known if each.meaning(text)))
        ident = "blocklist.domain_listed" if _kind(subject)[0] == "domain" else "blocklist.listed"
        return ident, Fact.FAIL, f"{subject} is listed by {name}" + (f": {meaning}" if meaning else ""), known[0]
    if must.void and not each.no_test:
        return "blocklist.broken", Fact.TEMPERROR, f"{name} does not know its own test address: it has ended", ""
    return "blocklist.not_listed", Fact.PASS, f"{subject} is not listed by {name}", ""


def _finding(
    each: Blocklist, subject: str, how: str, answer: Answer, ident: str, result: Fact, detail: str, code: str,
    reason: str, key: str,
) -> Finding:  # fmt: skip
    cause = Cause.BLOCKLISTED_DOMAIN_OR_URL if ident == "blocklist.domain_listed" else Cause.BLOCKLISTED_IP
    listed = result is Fact.FAIL
    asked = answer.name[: len(answer.name) - len(key)] + each.zone if key else answer.name  # a key is nobody's business
    records = ", ".join(answer.records) or answer.rcode
    data = {
        "zone": each.zone,
        "name": each.name,
        "standing": how,
        "code": code,
        "meaning": each.meaning(code) if code else "",
        "reason": reason,
        "lookup": each.lookup.replace("{subject}", subject),
        "delist": each.delist.replace("{subject}", subject),
        "paid": "yes" if each.paid else "",
        "query": asked if listed else "",
    }
    return Finding(
        check="blocklist",
        id=ident,
        subject=subject,
        result=result,
        detail=detail + (f" ({reason})" if reason else ""),
        supports=(cause,) if listed else (),
        against=(cause,) if ident == "blocklist.not_listed" and how != "minor" else (),
        source=f"{asked} A {records}",
        record=f"{asked} A {records}",
        asked_at=answer.asked_at,
        data=tuple(sorted((name, value) for name, value in data.items() if value)),
    )
