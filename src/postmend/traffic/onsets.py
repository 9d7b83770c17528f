"""What began at a time: a listing, an authentication that fails, a queue that grows, a warm-up too fast."""

import itertools
from collections import defaultdict
from dataclasses import dataclass

from postmend.model import Cause
from postmend.traffic.counts import Count, get
from postmend.traffic.judge import FEWEST
from postmend.traffic.rollup import Rollup
from postmend.traffic.statistics import onset

_GROWN = 3  # hours in a row
_FASTER = 2.0  # a day's volume against the most of all days before


@dataclass(frozen=True, slots=True)
class Onset:
    """Something that began: what, where (a list, an operator, a domain), the hour, how often since, of how many.

    `began` is None where it has been so since the log begins.
    """

    what: str
    name: str
    began: int | None
    last: int
    hits: int
    exposure: int
    before: float
    after: float


def _totals(rollup: Rollup) -> dict[int, int]:
    return {
        hour: get(cell, Count.DELIVERED) + get(cell, Count.BOUNCED) + get(cell, Count.DEFERRED)
        for hour, cell in rollup.by_hour().items()
    }


def find_refusals(rollup: Rollup) -> list[Onset]:
    """Listings and failing authentication, by the list or operator that says so."""
    series: dict[tuple[Cause, str], dict[int, int]] = defaultdict(dict)
    for (cause, name, hour), count in rollup.named.items():
        series[cause, name][hour] = count
    if not series:
        return []
    totals = _totals(rollup)
    found = [_onset(str(cause), name, hits, totals) for (cause, name), hits in series.items()]
    return sorted((each for each in found if each), key=lambda each: -each.hits)


def _onset(what: str, name: str, hits: dict[int, int], totals: dict[int, int]) -> Onset | None:
    if sum(hits.values()) < 10:
        return None
    hours = sorted(totals.keys() | hits.keys())
    found = onset([hits.get(h, 0) for h in hours], [totals.get(h, 0) for h in hours])
    began = hours[found[0]] if found else None
    since = began if began is not None else hours[0]
    seen = [h for h in hits if h >= since]
    count, exposure = sum(hits[h] for h in seen), sum(totals.get(h, 0) for h in hours if since <= h <= max(seen))
    if exposure < FEWEST or (found is None and count < FEWEST):
        return None
    before, after = (found[1], found[2]) if found else (0.0, count / exposure)
    return Onset(what, name, began, max(seen), count, exposure, before, after)


def find_queues(rollup: Rollup) -> list[Onset]:
    """Destinations that more and more recipients wait for."""
    series: dict[str, dict[int, int]] = defaultdict(dict)
    for (name, hour), more in rollup.queue.items():
        series[name][hour] = more
    found = []
    for name, changes in series.items():
        waiting, run, start = 0, 0, 0
        for hour in sorted(changes):
            waiting += changes[hour]
            if changes[hour] > 0:
                start = hour if run == 0 else start
                run += 1
            elif changes[hour] < 0:
                run = 0
        if waiting >= FEWEST and run >= _GROWN:
            found.append(Onset("queue", name, start, max(changes), waiting, waiting, 0.0, waiting / run))
    return sorted(found, key=lambda each: -each.hits)


def find_warm_ups(rollup: Rollup) -> list[Onset]:
    """MAIL FROM domains that are new here, grow faster than twofold a day, and are being put off for it."""
    days = rollup.senders
    everything = {day for cells in days.values() for day in cells}
    if len(everything) < 5:
        return []
    start = min(everything)
    found = []
    for domain, cells in days.items():
        order = sorted(cells)
        if order[0] < start + 2 or len(order) < 3:
            continue
        volumes = [
            get(cells[d], Count.DELIVERED) + get(cells[d], Count.BOUNCED) + get(cells[d], Count.DEFERRED) for d in order
        ]
        steps = sum(1 for a, b in itertools.pairwise(volumes) if b > _FASTER * a)
        total, blocked = sum(volumes), sum(get(cells[d], Count.BLOCKED) for d in order)
        if steps >= 2 and total >= 1000 and blocked * 20 >= total:
            name = domain.decode("latin-1")
            found.append(Onset("warm_up", name, order[0] * 24, order[-1] * 24, blocked, total, 0.0, blocked / total))
    return found
