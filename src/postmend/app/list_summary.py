"""What a list came to: shares of each verdict, the worst domains, and what it means for the bounce rate."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from postmend.model.verified import Deliverability, Reason

_WORST = 10
_MOST_REMEMBERED = 1_000_000  # different texts that are no addresses


class Summary(msgspec.Struct):
    """The sum. `addresses` counts each once; `worst` is domain, undeliverable, all of it.

    `bounce_rate` is the share that would bounce if all were sent to, `bounce_rate_after` without those that are
    undeliverable; both take the unknown ones to be as the known. Where nobody was found alive (`--only-mx` asks no
    mailbox) that would be a guess: then `bounce_rate` counts the undeliverable alone, and `bounce_rate_after` is 0.
    """

    rows: int
    addresses: int
    verdicts: dict[str, int]
    reasons: dict[str, int]
    worst: list[tuple[str, int, int]]
    bounce_rate: float
    bounce_rate_after: float


class Told(msgspec.Struct):
    """The part of a stored answer that is counted."""

    verdict: str
    reason: str


@dataclass(slots=True)
class ListCount:
    """Counts while a list is written."""

    rows: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    invalid: set[int] = field(default_factory=set)

    def add(self, answer: Told, domain: str) -> None:
        """Count one address."""
        self.verdicts[answer.verdict] += 1
        self.reasons[answer.reason] += 1
        self.domains[domain] += 1
        if answer.verdict == Deliverability.UNDELIVERABLE:
            self.dead[domain] += 1

    def add_invalid(self, given: str) -> None:
        """Count a text that is no address, once."""
        if hash(given) not in self.invalid and len(self.invalid) < _MOST_REMEMBERED:
            self.invalid.add(hash(given))
            self.verdicts[Deliverability.UNDELIVERABLE] += 1
            self.reasons[Reason.SYNTAX] += 1

    def summary(self) -> Summary:
        """The sum."""
        total, dead = sum(self.verdicts.values()), self.verdicts[Deliverability.UNDELIVERABLE]
        unknown = self.verdicts[Deliverability.UNKNOWN]
        alive, left = total - unknown - dead, total - dead
        rate = dead / (total - unknown if alive else max(total, 1))
        return Summary(
            rows=self.rows,
            addresses=total,
            verdicts={each: self.verdicts[each] for each in Deliverability},
            reasons=dict(self.reasons.most_common()),
            worst=[(domain, count, self.domains[domain]) for domain, count in self.dead.most_common(_WORST)],
            bounce_rate=round(rate, 4),
            bounce_rate_after=round(rate * unknown / left, 4) if alive else 0.0,
        )
