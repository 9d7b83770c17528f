"""Is an address or a domain on a blocklist (RFC 5782)? All lists side by side, each told as soon as it has spoken.

A list's test points are asked beside the question itself (the resolver shares the answers over a run), its reason (TXT)
when it lists. A list that refuses, is broken or silent is told once, and with a `Memory` not asked again in this run.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from postmend.evidence.blocklist_finding import Put, listing_finding
from postmend.evidence.blocklist_state import Health, Listing, ListState, judge_answer, judge_health, kind_of_subject
from postmend.knowledge.blocklists import Blocklist, by_name, chosen, ended
from postmend.model import Fact, Finding
from postmend.model.dns import Answer, Resolver

_MUST, _MUST_NOT = "2.0.0.127", "1.0.0.127"  # RFC 5782 section 5
_V6_MUST = ipaddress.IPv6Address("::ffff:7f00:2").reverse_pointer.removesuffix(".ip6.arpa")
_V6_MUST_NOT = ipaddress.IPv6Address("::ffff:7f00:1").reverse_pointer.removesuffix(".ip6.arpa")
_REASON_S = 1.0  # what a reason may come later than the answer
_NOTHING_TOLD = frozenset({ListState.REFUSED, ListState.BROKEN, ListState.UNREACHABLE})


@dataclass(slots=True)
class Memory:
    """What a run has learnt of lists that tell nothing, by zone and kind of subject."""

    useless: dict[tuple[str, str], Listing] = field(default_factory=dict)


def lists_for(
    subject: str,
    named: Sequence[str] = (),
    used: Sequence[str] = (),
    lists: Sequence[Blocklist] | None = None,
    *,
    hints: bool = True,
) -> list[tuple[Blocklist, str]]:
    """The lists to ask about a subject with their standing in this case: named by the reply, used by the provider,
    major, minor, hint. Zones that only the reply knows are asked too; those that have ended are not. `hints=False`
    leaves out the lists by which hardly anybody refuses, unless they are named."""  # noqa: D205,D209
    kind, _ = kind_of_subject(subject)
    known = chosen() if lists is None else lists
    standing: dict[str, tuple[Blocklist, str]] = {
        each.zone: (each, "used" if each.zone in used else each.standing)
        for each in known
        if kind in each.kind and (hints or each.standing != "hint")
    }
    for name in named:
        found = by_name(name, known)
        if found is not None:
            if kind in found.kind:
                standing[found.zone] = (found, "named")
        elif "." in name and not ended(name) and by_name(name) is None:
            zone = name.lower().strip(".")
            standing[zone] = (Blocklist(zone, zone, (kind,), no_test=kind != "domain"), "named")
    rank = {"named": 0, "used": 1, "major": 2, "minor": 3, "hint": 4}
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
    lists: Sequence[Blocklist] | None = None,
    memory: Memory | None = None,
    hints: bool = True,
) -> tuple[Finding, ...]:
    """Ask every list that fits about an IP address or a domain; one Finding a list, weightiest lists first.

    `named` are lists that a reply names, `used` zones that the recipient's provider is known to use, `keys` the
    operator's keys by zone for lists that want one, `lists` those to ask instead of the file's; `hints` as in
    `lists_for`.
    """
    asked = lists_for(subject, named, used, lists, hints=hints)
    found = [_check(resolver, subject, each, how, keys or {}, memory) for each, how in asked]
    return tuple(await asyncio.gather(*found))


async def stream_blocklists(
    resolver: Resolver,
    subject: str,
    *,
    keys: Mapping[str, str] | None = None,
    lists: Sequence[Blocklist] | None = None,
    memory: Memory | None = None,
) -> AsyncIterator[Finding]:
    """`check_blocklists` as an iterator: each Finding when its list has spoken, the silent ones at the deadline.

    The lists' own words (TXT) are not asked for: they come later than the answers.
    """
    asked = lists_for(subject, lists=lists)
    tasks = [
        asyncio.ensure_future(_check(resolver, subject, each, how, keys or {}, memory, 0.0)) for each, how in asked
    ]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for each in tasks:
            each.cancel()


def _points(kind: str, each: Blocklist) -> tuple[str, str]:
    """What stands before the zone: the name that must be listed, and the one that must not."""
    if kind == "domain":
        return each.test or "test", "invalid"
    return (_V6_MUST, _V6_MUST_NOT) if kind == "ip6" else (_MUST, _MUST_NOT)


async def ask_health(resolver: Resolver, kind: str, each: Blocklist, zone: str) -> Health:
    """Ask the test points of a list; `zone` is what is really asked (with a key in it, perhaps)."""
    must, must_not = _points(kind, each)
    return Health(
        *await asyncio.gather(resolver.query(f"{must}.{zone}", "A"), resolver.query(f"{must_not}.{zone}", "A"))
    )


async def _check(
    resolver: Resolver, subject: str, each: Blocklist, how: str, keys: Mapping[str, str], memory: Memory | None,
    reason_s: float = _REASON_S,
) -> Finding:  # fmt: skip
    kind, front = kind_of_subject(subject)
    zone = keys.get(each.zone) or each.zone
    known = memory.useless.get((each.zone, kind)) if memory else None
    if known is not None:
        return listing_finding(each, subject, how, known, Put("", f"{each.zone}: not asked again in this run"))
    (answer, text), health = await asyncio.gather(
        _answer(resolver, f"{front}.{zone}", reason=reason_s > 0), ask_health(resolver, kind, each, zone)
    )
    listing = judge_answer(each, subject, answer, health)
    reason = await _reason(text, reason_s) if text is not None and listing.state is ListState.LISTED else ""
    useless = judge_health(each, health)
    if memory and listing.state in _NOTHING_TOLD and (answer.failed or useless):
        memory.useless[each.zone, kind] = listing
    # A key is nobody's business: what is told is the zone that it stands for.
    asked = f"{front}.{each.zone}"
    record = f"{asked} A {', '.join(answer.records) or answer.rcode}"
    return listing_finding(
        each, subject, how, listing, Put(asked, record, answer.asked_at, reason.replace(zone, each.zone))
    )


async def _answer(resolver: Resolver, name: str, *, reason: bool) -> "tuple[Answer, asyncio.Task[Answer] | None]":
    """The answer, and the list's reason under way where there is something to give a reason for."""
    answer = await resolver.query(name, "A")
    listed = reason and any(text.startswith("127.") for text in answer.records)
    return answer, asyncio.create_task(_query(resolver, name, "TXT")) if listed else None


async def _query(resolver: Resolver, name: str, rdtype: str) -> Answer:
    return await resolver.query(name, rdtype)


async def _reason(text: "asyncio.Task[Answer]", wait_s: float) -> str:
    """The list's own words, if they come in time."""
    await asyncio.wait([text], timeout=wait_s)
    if text.done():
        return text.result().records[0][:300] if text.result().records else ""
    text.cancel()
    return ""
