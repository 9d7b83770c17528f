"""From what the detectors found to alarms a person can act on: evidence in sentences, steps from `trouble.toml`."""

import re
from collections.abc import Iterator, Mapping

from postmend.intake.logs.clock import written, written_day
from postmend.knowledge.blocklists import by_name
from postmend.knowledge.limits import quota_for
from postmend.knowledge.read import read_reply
from postmend.knowledge.steps import StepTemplate
from postmend.knowledge.trouble import troubles
from postmend.model import Cause, Failure, Side, Step
from postmend.remedy.case import Case, fitting
from postmend.traffic.counts import Count, get
from postmend.traffic.culprits import find_culprits, kind_of, on_shared_server
from postmend.traffic.judge import FEWEST, Culprit
from postmend.traffic.onsets import Onset, find_queues, find_refusals, find_warm_ups
from postmend.traffic.relays import network, private_ip
from postmend.traffic.replies import AUTHENTICATION, to_str
from postmend.traffic.report import Alarm, PlanStep, RateOut
from postmend.traffic.rollup import Rollup

_NEAR = 0.8
_RELAY_DOMAINS = 20  # recipient domains that no customer of one server has
_SHOWN = 8

Sources = dict[tuple[bytes, bytes], int]
Data = dict[str, int | float | str | list[str]]


def alarm(
    ident: str, name: str, evidence: list[str], facts: Mapping[str, str], *, began: int | None = None,
    last: int | None = None, data: Data | None = None, cause: Cause | None = None,
) -> Alarm:  # fmt: skip
    """Put one finding into words. `began` and `last` are hours since 1970; `facts` fill the templates.

    Where it is about a cause, the plan goes on with what the sending side does about that.
    """
    text = troubles()[ident]
    said = Case({"name": name, **facts})
    known = {key: value for key, value in said.names.items() if value}
    case, quoted = Case(known), Case({key: _quotable(value) for key, value in known.items()})
    plan = [_step(step, case, quoted) for _, step in fitting(text.step, case)]
    if cause is not None:
        plan += map(_as_here, _mending(cause, name, case))
    return Alarm(
        ident, text.act, name, said.fill(text.title), said.fill(text.meaning),
        None if began is None else written(began * 60), None if last is None else written(last * 60), evidence,
        plan, data or {},
    )  # fmt: skip


def _step(text: StepTemplate, case: Case, quoted: Case) -> PlanStep:
    config = tuple(quoted.fill(line) for line in text.config)
    return PlanStep(case.fill(text.do), config, quoted.fill_known(text.verify) or None, case.fill(text.url) or None)


def _mending(cause: Cause, name: str, case: Case) -> Iterator[Step]:
    """What `explain` tells the sending side to do about a cause; after the first step, where to look the list up."""
    from postmend.remedy.plan import look_up, steps  # late: few reports need it

    first, *more = (step for step in steps(cause, case) if step.who in {Side.SENDER, Side.MESSAGE})
    named, subject = by_name(name), "ip" if cause is Cause.BLOCKLISTED_IP else "from_domain"
    yield first
    if named is not None:
        yield from look_up(named, case.names.get(subject, ""))
    yield from more


def _as_here(step: Step) -> PlanStep:
    return PlanStep(step.do, step.config, step.verify or None, step.url or None)


def _quotable(value: str) -> str:
    """Outside text that may stand in a command: no quotes, no shell, one line."""
    return re.sub(r"[^\w.@:/+=~ -]", "?", value)[:120]


def _percent(count: int, n: int) -> str:
    return f"{count:,} of {n:,} ({count / max(n, 1):.1%})"


def _culprit(found: Culprit) -> Alarm:
    kind, _, name = to_str(found.account).partition(" ")
    evidence = [(f"{_percent(found.bad, found.volume)} recipients since {written(found.began * 60)} were refused; "
                f"of everybody else's in the same hours {found.others:.1%}")]  # fmt: skip
    if found.dead:
        evidence.append(f"{found.dead:,} of the addresses it wrote to do not exist")
    if not found.steady:
        evidence.append(
            f"{found.volume:,} recipients since then; the most in {found.window_h} h before was {found.usual:,}"
        )
    if found.new_ips:
        evidence.append(f"{found.new_ips} client addresses that it was never used from before, in "
                        f"{len(set(map(network, found.ips)))} networks: {', '.join(map(to_str, found.ips[:_SHOWN]))}")  # fmt: skip
    if found.night:
        evidence.append("at hours of the day at which it never sent before")
    if found.steady:
        evidence.append("it has been so for as long as the log goes back")
    evidence.append(f"its share of all refusals of this kind: {found.share:.0%}")
    ident = "compromised_account"
    if kind == "script":
        ident = "script_spam"
    elif on_shared_server(found.account) or found.steady or kind == "client":
        ident = "noisy_neighbour"
    data: Data = {
        "kind": kind, "recipients": found.volume, "refused": found.bad, "unknown": found.dead,
        "share": round(found.share, 3), "client_ips": [to_str(ip) for ip in found.ips],
    }  # fmt: skip
    user, _, domain = name.partition(" ")
    facts = {"user": user if kind == "user" else "", "day": written_day(found.began // 24)}
    shown = name if kind in {"login", "script"} else f"{kind} {user} ({domain})" if domain else f"{kind} {name}"
    return alarm(ident, shown, evidence, facts, began=found.began, last=found.last, data=data)


def _refusal(rollup: Rollup, onset: Onset) -> Alarm:
    from postmend.diagnosis.probes import sending_ip  # late: few reports need it

    cause = Cause(onset.what)
    sample = next((s for s in rollup.samples.values() if s.cause is cause and onset.name in to_str(s.text)), None)
    sample = sample or next((s for s in rollup.samples.values() if s.cause is cause), None)
    text = to_str(sample.text) if sample else ""
    reading = read_reply(text)
    since = f"since {written(onset.began * 60)}" if onset.began is not None else "for as long as the log goes back"
    evidence = [f"{_percent(onset.hits, onset.exposure)} recipients were refused for it {since}"]
    if onset.began is not None:
        evidence.append(f"before: {onset.before:.2%} of recipients")
    if text:
        evidence.append(f"it says: {text[:300]}")
    values = rollup.scopes.get((cause, "identity"), {})
    domain = max(values, key=lambda each: values[each], default="")
    ident = "authentication_began" if cause in AUTHENTICATION else "listing_began"
    data: Data = {"cause": str(cause), "refused": onset.hits, "recipients": onset.exposure}
    facts = {
        "url": next(iter(reading.extracts.urls), ""), "ip": sending_ip(Failure(), reading)[0],
        "mail_from_domain": domain, "from_domain": domain,
    }  # fmt: skip
    return alarm(ident, onset.name, evidence, facts, began=onset.began, last=onset.last, data=data, cause=cause)


def _quotas(rollup: Rollup) -> Iterator[Alarm]:
    for (host, account, day), count in sorted(rollup.limits.items(), key=lambda each: -each[1]):
        name = to_str(account).partition(" ")[2] or to_str(account)
        quota = quota_for(host, name.rpartition("@")[2].lower())
        if quota is None or count < _NEAR * quota.per_day:
            continue
        facts = {"who": quota.who, "limit": f"{quota.per_day:,}", "source": quota.source}
        evidence = [f"{count:,} recipients through {host} on {written_day(day)}; the limit is {quota.per_day:,}"]
        ident = "daily_limit_hit" if count >= quota.per_day else "daily_limit_near"
        data: Data = {"recipients": count, "limit": quota.per_day, "quota": quota.id}
        yield alarm(ident, name, evidence, facts, began=day * 24, last=day * 24 + 23, data=data)


def _told_limits(rollup: Rollup) -> Iterator[Alarm]:
    """A service that says itself that the day's limit is reached."""
    cause = Cause.DAILY_LIMIT_EXCEEDED
    hours = sorted(hour for told, hour in rollup.causes if told is cause)
    if not hours:
        return
    accounts = rollup.scopes.get((cause, "account"), {})
    account = max(accounts, key=lambda each: accounts[each], default="")
    sample = next((to_str(s.text) for s in rollup.samples.values() if s.cause is cause), "")
    count = sum(accounts.values())
    evidence = [f"{count:,} recipients were refused for it", f"it says: {sample[:300]}"]
    facts = {"who": "the sending service", "limit": "a limited number of", "source": "its documents"}
    name = account.partition(" ")[2] or account or "this server"
    yield alarm("daily_limit_hit", name, evidence, facts, began=hours[0], last=hours[-1], data={"refused": count})


def _relays(rollup: Rollup, sources: Sources) -> Iterator[Alarm]:
    volumes: dict[bytes, int] = {}
    for (account, _), cell in sources.items():
        if kind_of(account) == "client":
            ip = account.partition(b" ")[2]
            volumes[ip] = volumes.get(ip, 0) + get(cell, Count.DELIVERED) + get(cell, Count.BOUNCED)
    for ip, volume in sorted(volumes.items(), key=lambda each: -each[1]):
        reached = rollup.relayed.get(ip, set())
        if volume >= FEWEST and len(reached) >= _RELAY_DOMAINS and not private_ip(ip):
            evidence = [f"{volume:,} recipients in {len(reached)} or more outside domains, without a login"]
            yield alarm("open_relay", to_str(ip), evidence, {}, data={"recipients": volume, "domains": len(reached)})


def _backscatter(rollup: Rollup, sources: Sources) -> Iterator[Alarm]:
    hours: dict[int, list[int]] = {}
    total = sum(get(cell, Count.DELIVERED) + get(cell, Count.BOUNCED) for cell in sources.values())
    if not any(account == b"returned" for account, _ in rollup.sources):
        return
    for account, _, hour, cell in rollup.cells():
        if account == b"returned":
            sent = get(cell, Count.DELIVERED) + get(cell, Count.BOUNCED) + get(cell, Count.DEFERRED)
            row = hours.setdefault(hour, [0, 0])
            row[0], row[1] = row[0] + sent, row[1] + sent - get(cell, Count.DELIVERED)
    sent, failed = sum(row[0] for row in hours.values()), sum(row[1] for row in hours.values())
    if sent >= FEWEST and sent * 50 >= total:
        evidence = [f"{_percent(sent, total)} of all recipients got a bounce for mail that came from outside",
                    f"{_percent(failed, sent)} of these bounces could not be delivered: their MAIL FROM was forged"]  # fmt: skip
        yield alarm(
            "backscatter", "this server", evidence, {}, began=min(hours), last=max(hours), data={"bounces": sent}
        )


def _rates(rates: list[RateOut]) -> Iterator[Alarm]:
    for rate in rates:
        if rate.share is None or rate.bad is None or rate.share < rate.bad:
            continue
        facts = {
            "what": rate.title, "who": rate.who or "", "limit": f"{rate.bad:.1%}", "warn": f"{rate.warn or 0:.2%}",
            "recipients": "yes" if rate.id == "recipient_bounces" else "", "senders": "yes" if rate.id == "sender_bounces" else "",
        }  # fmt: skip
        ident = "complaint_rate" if rate.id.startswith("complaints") else "bounce_rate"
        yield alarm(ident, rate.who or "all", [f"{rate.title}: {_percent(rate.count, rate.n)}"], facts,
                    data={"count": rate.count, "n": rate.n, "share": round(rate.share, 4)})  # fmt: skip


def find_alarms(rollup: Rollup, sources: Sources, rates: list[RateOut]) -> list[Alarm]:
    """Everything that the tables give, what needs an act first; `sources` are the sums by account and client IP."""
    found = [_culprit(each) for each in find_culprits(rollup, sources)]
    found += [_refusal(rollup, each) for each in find_refusals(rollup)[:_SHOWN]]
    found += [
        alarm("queue_growing", each.name, [f"{each.hits:,} recipients wait, more in each of the last hours"], {},
              began=each.began, last=each.last, data={"waiting": each.hits})
        for each in find_queues(rollup)[:_SHOWN]
    ]  # fmt: skip
    found += [
        alarm("warm_up_too_fast", each.name, [f"{_percent(each.hits, each.exposure)} recipients were put off or refused for it"],
              {}, began=each.began, last=each.last, data={"refused": each.hits, "recipients": each.exposure})
        for each in find_warm_ups(rollup)[:_SHOWN]
    ]  # fmt: skip
    for more in (
        _quotas(rollup),
        _told_limits(rollup),
        _relays(rollup, sources),
        _backscatter(rollup, sources),
        _rates(rates),
    ):
        found += list(more)[:_SHOWN]
    return sorted(found, key=lambda each: not each.act)
