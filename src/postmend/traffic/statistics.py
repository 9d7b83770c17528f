"""The little statistics that the detectors need: how surprising a share is, and where a rate began to be another."""

import math
from collections.abc import Sequence


def surprise(hits: int, trials: int, share: float) -> float:
    """How improbable `hits` or more of `trials` are at `share`, as -log10 (Chernoff's bound); 0 where not above it."""
    if trials <= 0 or hits <= trials * share:
        return 0.0
    share = min(max(share, 1e-6), 1 - 1e-6)
    seen = hits / trials
    nats = seen * math.log(seen / share)
    if seen < 1:
        nats += (1 - seen) * math.log((1 - seen) / (1 - share))
    return trials * nats / math.log(10)


def onset(hits: Sequence[int], exposure: Sequence[int]) -> tuple[int, float, float] | None:
    """Where the rate of hits rose, by the likelihood of two Poisson rates: index, rate before, rate after.

    None where no split tells the two parts apart by ten to one in rate and a thousand to one in likelihood.
    """
    total, whole = sum(hits), sum(exposure)
    if total == 0 or whole == 0:
        return None
    best: tuple[float, int] | None = None
    before, seen = 0, 0
    for i, (hit, exposed) in enumerate(zip(hits, exposure, strict=True)):
        if i and seen and whole > seen and before / seen < (total - before) / (whole - seen):
            gain = _log_rate(before, seen) + _log_rate(total - before, whole - seen) - _log_rate(total, whole)
            if best is None or gain > best[0]:
                best = (gain, i)
        before, seen = before + hit, seen + exposed
    if best is None or best[0] < math.log(1000):
        return None
    split = best[1]
    earlier = sum(hits[:split]) / max(sum(exposure[:split]), 1)
    later = sum(hits[split:]) / max(sum(exposure[split:]), 1)
    return (split, earlier, later) if later > 10 * earlier else None


def _log_rate(hits: int, exposure: int) -> float:
    return hits * math.log(hits / exposure) if hits else 0.0
