"""From the tables to the report: totals, rates, periods, causes with scope and trend, groups, suppression list."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from postmend.intake.logs.clock import written, written_day
from postmend.knowledge.causes import cause_info
from postmend.knowledge.limits import limits
from postmend.knowledge.providers import provider_info
from postmend.model import Cause
from postmend.traffic.alarms import Sources, find_alarms
from postmend.traffic.counts import unpack, weight_of
from postmend.traffic.judge import FEWEST
from postmend.traffic.received import Received
from postmend.traffic.replies import side_of, to_str
from postmend.traffic.report import (
    VERSION,
    CauseOut,
    Counts,
    DeadOut,
    Group,
    Inputs,
    Period,
    RateOut,
    Report,
    Scope,
)
from postmend.traffic.rollup import Rollup

_Key = TypeVar("_Key")
_MOST_GROUPS = 200
_MOST_DEAD = 5000
_TOP = 5
_MOST_HOURS = 24 * 400
_DIMENSIONS = ("recipient", "domain", "gateway", "provider", "identity", "account")


def counts_of(cell: int, refused: int = 0, complaints: int = 0) -> Counts:
    """A cell as values."""
    messages, delivered, bounced, expired, deferred, deferrals, dead, blocked = unpack(cell)
    return Counts(
        messages,
        delivered + bounced,
        delivered,
        bounced,
        expired,
        deferred,
        deferrals,
        dead,
        blocked,
        refused,
        complaints,
    )


def _periods(rollup: Rollup, cells: dict[int, int], length: int) -> list[Period]:
    """The periods of so many hours, whose sums are `cells`."""
    refused: dict[int, int] = defaultdict(int)
    complaints: dict[int, int] = defaultdict(int)
    for (_, hour), count in rollup.door.items():
        refused[hour // length] += count
    if length == 24:
        for (day, _, _), count in rollup.complaints.items():
            complaints[day] += count
    everything = cells.keys() | refused.keys() | complaints.keys()
    if not everything:
        return []
    first, last = min(everything), max(everything)
    if last - first > _MOST_HOURS:  # a stamp far off: only what is there
        order: Iterable[int] = sorted(everything)[-_MOST_HOURS:]
    else:
        order = range(first, last + 1)
    name = written_day if length == 24 else lambda hour: written(hour * 60)
    return [Period(name(i), counts_of(cells.get(i, 0), refused.get(i, 0), complaints.get(i, 0))) for i in order]


def _groups(cells: dict[_Key, int], named: Callable[[_Key], tuple[str, str]], trouble: int) -> list[Group]:
    """Those with the most trouble and those with the most mail, the worst first; `named` gives kind and name."""
    half = _MOST_GROUPS // 2
    worst = heapq.nlargest(half, cells, key=lambda each: weight_of(cells[each]))
    busiest = heapq.nlargest(half, cells, key=lambda each: weight_of(cells[each])[1])
    made = []
    for each in {*worst, *busiest}:
        counts, (kind, name) = counts_of(cells[each]), named(each)
        made.append(Group(name, kind, counts, round((counts.dead + counts.blocked) / max(trouble, 1), 4)))
    return sorted(made, key=lambda group: (-(group.counts.dead + group.counts.blocked), -group.counts.sent, group.name))


def _account(account: bytes) -> tuple[str, str]:
    kind, _, name = to_str(account).partition(" ")
    return kind, name or kind


def _by(rollup: Rollup, sources: Sources, trouble: int) -> dict[str, list[Group]]:
    """One table after the other, for each may be large."""
    accounts: dict[bytes, int] = defaultdict(int)
    clients: dict[bytes, int] = defaultdict(int)
    for (account, ip), cell in sources.items():
        accounts[account] += cell
        if ip:
            clients[ip] += cell
    providers: dict[str, int] = defaultdict(int)
    for (provider, _), cell in rollup.providers.items():
        providers[provider_info(provider).name] += cell
    return {
        "account": _groups(accounts, _account, trouble),
        "client": _groups(clients, lambda ip: ("ip", to_str(ip)), trouble),
        "sender": _groups(_days(rollup.senders), lambda name: ("domain", to_str(name) or "<>"), trouble),
        "domain": _groups(rollup.domains, lambda name: ("domain", to_str(name)), trouble),
        "provider": _groups(providers, lambda name: ("provider", name), trouble),
        "host": _groups(_days(rollup.hosts), lambda name: ("host", to_str(name)), trouble),
    }


def _days(table: dict[bytes, dict[int, int]]) -> dict[bytes, int]:
    return {name: sum(days.values()) for name, days in table.items()}


def _scope(rollup: Rollup, cause: Cause) -> Scope:
    tables = {name: rollup.scopes.get((cause, name), {}) for name in _DIMENSIONS}
    top = {
        name: sorted(((v, n) for v, n in values.items() if v), key=lambda each: (-each[1], each[0]))[:_TOP]
        for name, values in tables.items()
        if name != "recipient"
    }
    ident, subject = "many", None
    for name in ("recipient", "domain", "gateway", "provider", "identity"):
        values = tables[name]
        if len(values) == 1:
            value = next(iter(values))
            if value:
                ident, subject = f"one_{name}", value
                break
    return Scope(ident, subject, len(tables["recipient"]), len(tables["domain"]), top)


def _causes(rollup: Rollup, days: list[Period]) -> list[CauseOut]:
    cells: dict[Cause, int] = defaultdict(int)
    trend: dict[Cause, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (cause, hour), cell in rollup.causes.items():
        cells[cause] += cell
        counts = counts_of(cell)
        trend[cause][written_day(hour // 24)] += counts.bounced + counts.deferred
    total = sum(c.bounced + c.deferred for c in map(counts_of, cells.values()))
    samples: dict[Cause, tuple[int, bytes]] = {}
    for sample in rollup.samples.values():
        if sample.count > samples.get(sample.cause, (0, b""))[0]:
            samples[sample.cause] = (sample.count, sample.text)
    made = []
    for cause, cell in cells.items():
        counts = counts_of(cell)
        said = to_str(samples[cause][1]) if cause in samples else None
        made.append(
            CauseOut(
                cause,
                cause_info(cause).title,
                side_of(cause),
                counts.bounced,
                counts.deferred,
                counts.deferrals,
                round((counts.bounced + counts.deferred) / max(total, 1), 4),
                _scope(rollup, cause),
                [trend[cause].get(day.at, 0) for day in days],
                said,
            )
        )
    return sorted(made, key=lambda each: (-(each.bounced + each.deferred), each.id))


def _rate(ident: str, title: str, count: int, n: int, warn: float, bad: float, who: str) -> RateOut:
    return RateOut(ident, title, count, n, round(count / n, 5) if n >= FEWEST else None, warn, bad, who)


def _rates(totals: Counts, causes: list[CauseOut], rollup: Rollup, by: dict[str, list[Group]]) -> list[RateOut]:
    bounces = {rate.what + rate.who: rate for rate in limits().rate if rate.what == "bounces"}
    strict = min(bounces.values(), key=lambda rate: rate.bad)
    sides = {side: sum(c.bounced for c in causes if c.side == side) for side in ("recipient", "sender", "network")}
    made = [
        _rate("recipient_bounces", "bounces on the recipients' side", sides["recipient"], totals.sent, strict.warn, strict.bad, strict.who),
        _rate("sender_bounces", "bounces on the sender's side", sides["sender"], totals.sent, strict.warn, strict.bad, strict.who),
    ]  # fmt: skip
    if sides["network"]:
        made.append(RateOut("network_bounces", "bounces of the network", sides["network"], totals.sent,
                            round(sides["network"] / totals.sent, 5) if totals.sent >= FEWEST else None))  # fmt: skip
    complaints: dict[str, int] = defaultdict(int)
    for (_, _, provider), count in rollup.complaints.items():
        complaints[provider] += count
    if complaints:
        sent = {group.name: group.counts.delivered for group in by["provider"]}
        for rate in limits().rate:
            if rate.what == "complaints" and rate.provider:
                n = sent.get(provider_info(rate.provider).name, 0)
                count = complaints.get(rate.provider, 0)
                if count or n:
                    title = f"complaints told by {rate.who}"
                    made.append(_rate(f"complaints.{rate.id}", title, count, n, rate.warn, rate.bad, rate.who))
        strict = min((r for r in limits().rate if r.what == "complaints"), key=lambda rate: rate.bad)
        made.append(
            _rate(
                "complaints",
                "complaints",
                sum(complaints.values()),
                totals.delivered,
                strict.warn,
                0.003,
                "Gmail, Yahoo",
            )
        )
    return [rate for rate in made if rate.count or rate.n]


def build(rollup: Rollup, inputs: Inputs, received: Received) -> Report:
    """Make the report."""
    sources, hours = rollup.by_source(), rollup.by_hour()
    cell = sum(hours.values())
    totals = counts_of(cell, sum(rollup.door.values()), sum(rollup.complaints.values()))
    by = _by(rollup, sources, totals.dead + totals.blocked)
    days = _periods(rollup, rollup.by_day(), 24)
    causes = _causes(rollup, days)
    rates = _rates(totals, causes, rollup, by)
    dead = sorted(rollup.dead.found.items(), key=lambda each: (-each[1].count, each[0]))
    met = hours.keys() | {hour for _, hour in rollup.door}
    waiting: dict[str, int] = defaultdict(int)
    for (name, _), more in rollup.queue.items():
        waiting[name] += more
    return Report(
        version=VERSION,
        first=written(min(met) * 60) if met else None,
        last=written(max(met) * 60 + 59) if met else None,
        inputs=inputs,
        totals=totals,
        rates=rates,
        days=days,
        hours=_periods(rollup, hours, 1),
        causes=causes,
        by=by,
        suppress=[DeadOut(to_str(address), d.cause, d.count, written(d.last)) for address, d in dead[:_MOST_DEAD]],
        suppress_more=max(len(dead) - _MOST_DEAD, 0) + rollup.dead.forgotten,
        findings=sorted(find_alarms(rollup, sources, rates) + received.alarms(), key=lambda each: not each.act),
        dmarc=received.domains(),
        tls=received.tls_domains(),
        waiting=sorted(((name, n) for name, n in waiting.items() if n > 0), key=lambda each: -each[1])[:50],
    )
