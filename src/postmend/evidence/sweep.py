"""Many subjects on many lists: one question each, no test point and no reason asked twice, bounded memory.

A list's test points are asked first; one that refuses, is broken or silent is told once and left out, and one that
begins to refuse under way is left out from there. For thousands of addresses (a /24, a fleet, an address book).
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from postmend.evidence.blocklist_state import Health, Listing, ListState, judge_answer, judge_health, kind_of_subject
from postmend.evidence.blocklists import ask_health
from postmend.knowledge.blocklists import Blocklist
from postmend.model import Fact, Finding
from postmend.model.dns import Resolver

_AT_ONCE = 1000
_NEIGHBOURS_V6 = 16  # on either side: nobody can ask a whole /64


@dataclass(frozen=True, slots=True)
class Swept:
    """One subject on one list; an empty subject says why the whole list was left out."""

    subject: str
    zone: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class _Sound:
    each: Blocklist
    kind: str
    zone: str
    health: Health


async def sweep(
    resolver: Resolver,
    subjects: Iterable[str],
    lists: Sequence[Blocklist],
    keys: Mapping[str, str] | None = None,
    at_once: int = _AT_ONCE,
) -> AsyncIterator[Swept]:
    """Yield the state of every subject on every list that fits it, as the answers come in; `at_once` questions."""
    kinds = sorted({kind for each in lists for kind in each.kind})
    asked = [
        (each, kind, (keys or {}).get(each.zone) or each.zone) for each in lists for kind in kinds if kind in each.kind
    ]
    healths = await asyncio.gather(*(ask_health(resolver, kind, each, zone) for each, kind, zone in asked))
    sound: dict[str, list[_Sound]] = {}
    for (each, kind, zone), health in zip(asked, healths, strict=True):
        useless = judge_health(each, health) or _silent(each, health)
        if useless:
            yield Swept("", each.zone, useless)
        else:
            sound.setdefault(kind, []).append(_Sound(each, kind, zone, health))
    async with aclosing(_ask_all(resolver, _questions(subjects, sound), at_once)) as found:
        async for swept in found:
            yield swept


def _free(one: _Sound, subject: str) -> Listing:
    return Listing(ListState.NOT_LISTED, f"{subject} is not listed by {one.each.name}")


def _silent(each: Blocklist, health: Health) -> Listing | None:
    if health.must.failed and health.must_not.failed:
        return Listing(ListState.UNREACHABLE, f"{each.name} did not answer ({health.must.rcode}): not known")
    return None


def _questions(subjects: Iterable[str], sound: Mapping[str, list[_Sound]]) -> Iterator[tuple[str, str, _Sound]]:
    for subject in subjects:
        kind, front = kind_of_subject(subject)
        for one in sound.get(kind, ()):
            yield subject, front, one


async def _ask_all(
    resolver: Resolver, questions: Iterator[tuple[str, str, _Sound]], at_once: int
) -> AsyncGenerator[Swept, None]:
    """A fixed number of workers, each taking the next question; what they find is handed over in heaps."""
    found: list[Swept] = []
    news = asyncio.Event()
    refusing: set[str] = set()

    async def work() -> None:
        for subject, front, one in questions:
            if one.zone in refusing:
                continue
            answer = await resolver.query(f"{front}.{one.zone}", "A")
            listing = _free(one, subject) if answer.void else judge_answer(one.each, subject, answer, one.health)
            if listing.state is ListState.REFUSED:
                if one.zone in refusing:
                    continue
                refusing.add(one.zone)
            told = "" if listing.state is ListState.REFUSED else subject
            found.append(Swept(told, one.each.zone, listing))
            news.set()

    workers = [asyncio.ensure_future(work()) for _ in range(at_once)]
    for worker in workers:
        worker.add_done_callback(lambda _: news.set())
    try:
        while found or not all(worker.done() for worker in workers):
            await news.wait()
            news.clear()
            heap, found[:] = list(found), []
            for swept in heap:
                yield swept
        for worker in workers:
            worker.result()
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def neighbours(ip: str) -> tuple[str, tuple[str, ...]]:
    """The network around an address and the addresses to ask about: a whole /24, or the nearest of a /64."""
    address = ipaddress.ip_address(ip)
    if address.version == 4:
        network = ipaddress.ip_network((address, 24), strict=False)
        return str(network), tuple(str(each) for each in network)
    wide = ipaddress.ip_network((address, 64), strict=False)
    low = max(int(address) - _NEIGHBOURS_V6, int(wide[0]))
    high = min(int(address) + _NEIGHBOURS_V6, int(wide[-1]))
    return str(wide), tuple(str(ipaddress.ip_address(number)) for number in range(low, high + 1))


async def check_neighbours(
    resolver: Resolver, ip: str, lists: Sequence[Blocklist], keys: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Ask the major lists about the addresses around `ip`; one Finding, `noisy_neighbour` where others are listed."""
    network, addresses = neighbours(ip)
    major = [each for each in lists if each.standing == "major" and each.use == "block"]
    listed: Counter[str] = Counter()
    bad: set[str] = set()
    asked: set[str] = set()
    async for swept in sweep(resolver, [each for each in addresses if each != ip], major, keys):
        if swept.subject and swept.listing.state in {ListState.LISTED, ListState.NOT_LISTED}:
            asked.add(swept.zone)
        if swept.subject and swept.listing.state is ListState.LISTED:
            listed[swept.zone] += 1
            bad.add(swept.subject)
    source = f"{len(addresses) - 1} addresses of {network} on {', '.join(sorted(asked)) or 'no list that answers'}"
    if not asked:
        return (_told("neighbours.unknown", ip, Fact.TEMPERROR, f"the neighbours of {ip}: no list answered", source),)
    if not bad:
        return (
            _told("neighbours.clean", ip, Fact.PASS, f"none of the neighbours of {ip} in {network} is listed", source),
        )
    counts = ", ".join(f"{count} by {zone}" for zone, count in listed.most_common())
    detail = f"{len(bad)} of the {len(addresses) - 1} addresses around {ip} in {network} are listed: {counts}"
    return (_told("noisy_neighbour", ip, Fact.NONE, detail, source),)


def _told(ident: str, ip: str, result: Fact, detail: str, source: str) -> Finding:
    return Finding("neighbours", ident, ip, result, detail, (), (), source, source)
