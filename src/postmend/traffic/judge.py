"""One account judged: its hours in order, each against its own past and against what befell the others then."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import or_

import msgspec

from postmend.traffic.statistics import surprise

WINDOWS_H = (1, 3, 12)  # a burst; what trickles; what hides
FEWEST = 30  # no rate is judged on less
FEWEST_BAD = 6
SWARM = 8  # client addresses that one person does not have
_DAY = 24
_MOST_IPS = 200  # client addresses that a finding lists
_PRIOR = 60.0  # recipients' worth of trust in what is usual among all
CLEAR = 6.0  # one in a million


class Hour(msgspec.Struct, gc=False):
    """One account's hour: recipients, bad outcomes, dead addresses among them, and recipients by client IP."""

    volume: int
    bad: int
    dead: int
    by_ip: list[tuple[bytes, int]]


@dataclass(frozen=True, slots=True)
class Culprit:
    """An account found guilty: since when, and the signs.

    `began` and `last` are hours; `volume`, `bad`, `dead` count since then; `usual` is the most it sent in as long a
    time before; `others` the others' share of bad outcomes; `steady` where it has been so since the log begins.
    """

    account: bytes
    began: int
    last: int
    window_h: int
    volume: int
    bad: int
    dead: int
    usual: int
    others: float
    new_ips: int
    ips: tuple[bytes, ...]
    night: bool
    steady: bool
    share: float


class Judge:
    """Goes through one account's hours in order, knowing at each only what lies before it."""

    def __init__(
        self, account: bytes, hours: dict[int, Hour], totals: dict[int, tuple[int, int]], usual: float
    ) -> None:  # fmt: skip
        self._account = account
        self._hours = hours
        self._order = sorted(hours)
        rows = [hours[hour] for hour in self._order]
        self._volumes = [0, *accumulate(row.volume for row in rows)]  # before each hour
        self._bads = [0, *accumulate(row.bad for row in rows)]
        self._ips = [0, *accumulate(len(row.by_ip) for row in rows)]
        # Up to each hour: on how many days there was mail, and at which hours of the day, a bit each.
        new = (before // _DAY != hour // _DAY for before, hour in pairwise([-1, *self._order]))
        self._days = [0, *accumulate(new)]
        self._clocks = [0, *accumulate((1 << hour % _DAY for hour in self._order), or_)]
        self._totals = totals
        self._usual = usual
        self._most: dict[int, list[int]] = {}
        self._seen_ips: dict[bytes, int] = {}
        for hour, row in zip(self._order, rows, strict=True):
            for ip, _ in row.by_ip:
                self._seen_ips.setdefault(ip, hour)

    def verdict(self) -> Culprit | None:
        """The first hour at which the account is found guilty."""
        order, volumes, bads, ips = self._order, self._volumes, self._bads, self._ips
        if bads[-1] < FEWEST_BAD and len(self._seen_ips) < SWARM:
            return None
        first = 0
        for position, hour in enumerate(order):
            while order[first] <= hour - WINDOWS_H[-1]:
                first += 1
            after = position + 1
            if volumes[after] - volumes[first] < FEWEST:
                continue  # what the longest window lacks, the others lack
            if bads[after] - bads[first] < FEWEST_BAD and ips[after] - ips[first] < SWARM:
                continue
            for window in WINDOWS_H:
                found = self._look(position, hour, window)
                if found:
                    return found
        return None

    def _look(self, position: int, hour: int, window: int) -> Culprit | None:
        first = bisect_right(self._order, hour - window, 0, position)
        volume = self._volumes[position + 1] - self._volumes[first]
        bad = self._bads[position + 1] - self._bads[first]
        if volume < FEWEST:
            return None
        inside = self._order[first : position + 1]
        fresh, fresh_share = self._fresh(inside, volume)
        if bad < FEWEST_BAD and fresh < SWARM:
            return None
        most = self._most_before(first, window)
        times = volume / (most + 5)
        others = self._others(inside)
        clear = self._clear(bad, volume, first, others, fresh_share)
        night = self._night(inside, first)
        if not _guilty(clear, times, fresh, fresh_share, night=night, bad_share=bad / volume):
            return None
        return self._culprit(inside[0], hour, window, most, others, fresh, night=night)

    def _fresh(self, inside: list[int], volume: int) -> tuple[int, float]:
        """Client IPs that this account was never seen with before, and their share of the window's mail."""
        start = inside[0]
        if start == self._order[0] or inside[-1] - self._order[0] < _DAY // 2:  # nothing to be new against
            many = {ip for h in inside for ip, _ in self._hours[h].by_ip}
            return (len(many), 1.0) if len(many) >= SWARM else (0, 0.0)
        amounts: dict[bytes, int] = defaultdict(int)
        for h in inside:
            for ip, n in self._hours[h].by_ip:
                if self._seen_ips[ip] >= start:
                    amounts[ip] += n
        return len(amounts), sum(amounts.values()) / volume

    def _most_before(self, first: int, window: int) -> int:
        """The most that the account sent in any window of this length before its hour number `first`."""
        most = self._most.get(window)
        if most is None:
            most, left = [0], 0
            for position, hour in enumerate(self._order):
                while self._order[left] <= hour - window:
                    left += 1
                most.append(max(most[-1], self._volumes[position + 1] - self._volumes[left]))
            self._most[window] = most
        return most[first]

    def _others(self, inside: list[int]) -> float:
        """The share of bad outcomes of all other accounts in the same hours."""
        volume = sum(self._totals[h][0] - self._hours[h].volume for h in inside)
        bad = sum(self._totals[h][1] - self._hours[h].bad for h in inside)
        return (bad + self._usual * _PRIOR) / (volume + _PRIOR)

    def _clear(self, bad: int, volume: int, first: int, others: float, fresh_share: float) -> float:
        """How far the bad outcomes lie above what the account's past and the others explain."""
        past_volume, past_bad = self._volumes[first], self._bads[first]
        own = (past_bad + self._usual * _PRIOR) / (past_volume + _PRIOR)
        floor = 0.04 if fresh_share > 0.5 else 0.1  # an old list bounces a tenth; SES acts there
        return surprise(bad, volume, max(1.5 * own, own + 0.03, 1.5 * others, others + 0.03, floor))

    def _night(self, inside: list[int], first: int) -> bool:
        """Whether the account was never active at these hours of the day, though there are days to know it by."""
        if self._days[first] < 3:
            return False
        active = self._clocks[first]
        active |= active << _DAY | active << 2 * _DAY  # three days in a row; the middle one is asked
        near = active | active << 1 | active >> 1
        return not any(near >> (_DAY + h % _DAY) & 1 for h in inside)

    def _culprit(
        self, start: int, hour: int, window: int, most: int, others: float, fresh: int, *, night: bool
    ) -> Culprit:  # fmt: skip
        began = self._began(min(start, hour - _DAY), hour)
        since = [h for h in self._order if h >= began]
        rows = [self._hours[h] for h in since]
        worst = [h for h in since if self._hours[h].bad]
        last = worst[-1] if worst else since[-1]
        rows = [self._hours[h] for h in since if h <= last]
        bad = sum(row.bad for row in rows)
        everybody = sum(self._totals[h][1] for h in self._totals if began <= h <= last)
        amounts: dict[bytes, int] = defaultdict(int)
        for row in rows:
            for ip, n in row.by_ip:
                amounts[ip] += n
        return Culprit(
            self._account, began, last, window, sum(row.volume for row in rows), bad, sum(row.dead for row in rows),
            most, others, fresh, tuple(sorted(amounts, key=lambda ip: (-amounts[ip], ip))[:_MOST_IPS]), night,
            steady=False, share=bad / max(everybody, 1),
        )  # fmt: skip

    def _began(self, start: int, hour: int) -> int:
        """The hour from which on the window is out of the ordinary: where the sum of what exceeds the middle is lowest.

        Suspicious is what was refused or came from new addresses; a hand's breadth is taken off each hour, so that
        a single bad address in a quiet hour before is no beginning.
        """
        inside = [h for h in self._order if start <= h <= hour]
        suspicious = {}
        for h in inside:
            fresh = sum(n for ip, n in self._hours[h].by_ip if self._seen_ips[ip] >= start)
            suspicious[h] = max(self._hours[h].bad, fresh)
        whole, volume = sum(suspicious.values()), sum(self._hours[h].volume for h in inside)
        share, slack = 0.5 * whole / volume, 0.15 * max(suspicious.values())
        began, lowest, total = inside[0], 0.0, 0.0
        for h, following in zip(inside, [*inside[1:], hour], strict=True):
            total += suspicious[h] - share * self._hours[h].volume - slack
            if total < lowest and h != hour:
                began, lowest = following, total
        return began


def _guilty(
    clear: float, times: float, fresh: int, fresh_share: float, *, night: bool, bad_share: float
) -> bool:  # fmt: skip
    """Weigh the signs: bad outcomes, sudden volume, new client addresses, an hour that it never wrote at."""
    points = 0.0
    points += 3 if clear >= 2 * CLEAR else 2 if clear >= CLEAR else 1 if clear >= CLEAR / 2 else 0
    points += 2 if times >= 6 else 1 if times >= 2.5 else 0
    if fresh_share > 0.5:
        points += 2 if fresh >= 6 else 1
    points += 1 if night else 0
    points += 1 if bad_share >= 0.3 else 0
    if clear < CLEAR / 2:  # nothing came back yet: only a swarm of addresses convicts
        return fresh >= 12 and fresh_share > 0.7 and times >= 6 and night
    return points >= 4
