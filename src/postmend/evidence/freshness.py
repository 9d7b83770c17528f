"""Is what the resolver says what the zone's own servers say now? Caches keep old answers until their time is over.

`dns.fresh` (they agree), `dns.stale` (the zone was changed; says until when resolvers may keep the old answer),
`dns.servers_differ` (the zone's servers disagree among themselves), `dns.lame` (a server that does not know its zone).
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from postmend.model import Fact, Finding
from postmend.model.dns import Answer, Asker


async def check_freshness(asker: Asker, name: str, rdtype: str) -> tuple[Finding, ...]:
    """Compare the resolver's answer with those of the zone's own servers; no Finding where these cannot be asked."""
    cached, direct = await asyncio.gather(asker.query(name, rdtype), asker.authoritative(name, rdtype))
    return tuple(_compare(cached, direct))


def _said(answer: Answer) -> tuple[str, ...]:
    return tuple(sorted(record.lower() if answer.type != "TXT" else record for record in answer.records))


def _compare(cached: Answer, direct: tuple[Answer, ...]) -> Iterator[Finding]:
    subject = f"{cached.name} {cached.type}"
    lame = [each for each in direct if not each.authoritative and each.rcode.value not in {"timeout", "truncated"}]
    if lame:
        detail = f"{lame[0].server} is named as a server of the zone and does not know {cached.name} ({lame[0].rcode})"
        yield _finding("dns.lame", Fact.NONE, f"lame delegation: {detail}", lame[0])
    own = [each for each in direct if each.authoritative and not each.failed]
    if not own:
        return
    if len({_said(each) for each in own}) > 1:
        told = "; ".join(f"{each.server}: {_short(each)}" for each in own)
        yield _finding("dns.servers_differ", Fact.NONE, f"the servers of {subject} disagree: {told}", own[0])
    elif cached.failed or _said(own[0]) == _said(cached):
        if not cached.failed:
            yield _finding("dns.fresh", Fact.PASS, f"{subject}: the resolver says what the zone says", own[0])
    else:
        yield _stale(cached, own[0])


def _stale(cached: Answer, own: Answer) -> Finding:
    until = _until(cached)
    detail = (
        f"{cached.name} {cached.type} was changed: its own server says {_short(own)}, the resolver still says "
        f"{_short(cached)}; resolvers may keep the old answer until {until or 'its TTL is over'}"
    )
    return _finding("dns.stale", Fact.NONE, detail, own, (("now", " / ".join(own.records)), ("until", until)))


def _until(cached: Answer) -> str:
    if not cached.asked_at or not cached.ttl_s:
        return ""
    end = datetime.fromisoformat(cached.asked_at) + timedelta(seconds=cached.ttl_s)
    return end.strftime("%Y-%m-%d %H:%M UTC")


def _short(answer: Answer) -> str:
    text = " / ".join(answer.records) or ("no such name" if answer.rcode == "nxdomain" else "no record")
    return text if len(text) <= 120 else text[:116] + " ..."


def _finding(ident: str, result: Fact, detail: str, answer: Answer, data: tuple[tuple[str, str], ...] = ()) -> Finding:
    record = f"{answer.name} {answer.type} {_short(answer)} (of {answer.server})"
    return Finding("dns", ident, answer.name, result, detail, (), (), record, record, answer.asked_at, data)
