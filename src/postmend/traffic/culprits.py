"""Who causes the trouble: accounts whose mail changed for the worse, against their own past and against their peers.

No single sign convicts. A newsletter is a sudden volume, a traveller a new address, an old list a number of unknown
recipients, a listed server refuses everybody's mail. What gives a hijacked account away is several of them at once.
Everything is relative: to the account's own hours before, to what befell all the others in the same hours.
"""

from array import array
from collections import defaultdict

from postmend.traffic.counts import UNIT, Count, get, unpack
from postmend.traffic.judge import CLEAR, FEWEST, FEWEST_BAD, SWARM, Culprit, Hour, Judge
from postmend.traffic.rollup import Rollup
from postmend.traffic.room import HOUR_BITS, HOUR_MASK
from postmend.traffic.statistics import onset, surprise

_NOBODY = frozenset({b"inbound", b"notices", b"returned", b"others"})
_SHARED = ("domain", "user", "script")  # kinds of accounts that live on a shared server
_ALL_WELL = UNIT[Count.BOUNCED]  # a cell below has nothing but deliveries
_STEADY_SHARE = 0.4  # of all the trouble
_STEADY_TIMES = 4.0  # the peers' rate


def _volume_bad(cell: int) -> tuple[int, int, int]:
    """Recipients, bad outcomes, and those of them that are dead addresses."""
    if cell < _ALL_WELL:
        return get(cell, Count.DELIVERED), 0, 0
    _, delivered, bounced, _, deferred, _, dead, blocked = unpack(cell)
    volume = delivered + bounced + deferred
    return volume, min(dead + blocked, volume), dead


def _keys(rollup: Rollup, wanted: set[bytes]) -> dict[bytes, "array[int]"]:
    """Where the hours of these accounts stand in the base table, eight bytes each."""
    found = {name: array("Q") for name in wanted}
    sources = [found.get(account) for account, _ in rollup.sources]
    for key in rollup.hours:
        keys = sources[key >> HOUR_BITS]
        if keys is not None:
            keys.append(key)
    return found


def _hours(rollup: Rollup, keys: "array[int]") -> dict[int, Hour]:
    """One account's hours: made for one at a time, for those of all take more memory than all the rest of a report."""
    hours: dict[int, Hour] = {}
    for key in keys:
        volume, bad, dead = _volume_bad(rollup.hours[key])
        hour, ip = key & HOUR_MASK, rollup.sources[key >> HOUR_BITS][1]
        row = hours.get(hour)
        if row is None:
            hours[hour] = Hour(volume, bad, dead, [(ip, volume)] if ip else [])
        else:
            row.volume += volume
            row.bad += bad
            row.dead += dead
            if ip:
                row.by_ip.append((ip, volume))
    return hours


def find_culprits(rollup: Rollup, sources: dict[tuple[bytes, bytes], int]) -> list[Culprit]:
    """Judge every account of the base table, whose sums by source are `sources`; the worst first."""
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (account, _), cell in sources.items():
        if account not in _NOBODY:
            volume, bad, _ = _volume_bad(cell)
            row = sums[account]
            row[0], row[1], row[2] = row[0] + volume, row[1] + bad, row[2] + 1
    suspects = {name for name, (_, bad, ips) in sums.items() if bad >= FEWEST_BAD or ips >= SWARM}
    keys = _keys(rollup, suspects)
    totals = {hour: _volume_bad(cell)[:2] for hour, cell in rollup.by_hour(_NOBODY).items()}
    usual = _usual_share(sums)
    log = range(min(totals, default=0), max(totals, default=-1) + 1)
    steady = _steady(sums)
    found = []
    for name in suspects:
        hours = _hours(rollup, keys.pop(name))
        culprit = Judge(name, hours, totals, usual).verdict()
        if culprit is None and name in steady:
            culprit = _all_along(name, hours, log, *steady[name])
        if culprit is not None:
            found.append(culprit)
    return sorted(found, key=lambda c: (-c.bad, c.account))


def _usual_share(sums: dict[bytes, list[int]]) -> float:
    """The share of bad outcomes that is usual: the middle one of the accounts that send enough to tell."""
    shares = sorted(bad / volume for volume, bad, _ in sums.values() if volume >= FEWEST)
    return shares[len(shares) // 2] if shares else 0.02


def _steady(sums: dict[bytes, list[int]]) -> dict[bytes, tuple[float, float]]:
    """Accounts that have caused most of the trouble of a shared server: the others' rate, and their share of it all."""
    volume, bad = sum(row[0] for row in sums.values()), sum(row[1] for row in sums.values())
    found: dict[bytes, tuple[float, float]] = {}
    if len(sums) < 3 or bad < FEWEST:
        return found
    for name, (own_volume, own_bad, _) in sums.items():
        if own_volume < 100 or own_bad < bad * _STEADY_SHARE:
            continue
        rest = (bad - own_bad + 1) / max(volume - own_volume, 1)
        if surprise(own_bad, own_volume, max(_STEADY_TIMES * rest, 0.1)) >= CLEAR:
            found[name] = (rest, own_bad / bad)
    return found


def _all_along(name: bytes, hours: dict[int, Hour], log: range, rest: float, share: float) -> Culprit:
    """What an account has done since its trouble rose, or since the log begins (`log` are its hours)."""
    rose = onset([hours[h].bad if h in hours else 0 for h in log], [1] * len(log))
    began = log[rose[0]] if rose else min(hours)
    rows = [row for hour, row in hours.items() if hour >= began]
    before = max((row.volume for hour, row in hours.items() if hour < began), default=0)
    return Culprit(
        name, began, max(hours), 1, sum(r.volume for r in rows), sum(r.bad for r in rows), sum(r.dead for r in rows),
        before, rest, 0, (), night=False, steady=rose is None, share=share,
    )  # fmt: skip


def kind_of(account: bytes) -> str:
    """`login`, `user`, `script`, `domain` or `client`."""
    return account.partition(b" ")[0].decode("latin-1")


def on_shared_server(account: bytes) -> bool:
    """Whether it is a site or script among others on one server, not somebody who logs in."""
    return kind_of(account) in _SHARED
