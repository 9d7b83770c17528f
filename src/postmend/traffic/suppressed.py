"""Addresses that are no good: those to write to no more, of which a report names the worst."""

from dataclasses import dataclass, field

from postmend.model import Cause

_MOST = 200_000


@dataclass(slots=True)
class Dead:
    """An address that is no good: why, how often it was said, and when for the last time (minutes)."""

    cause: Cause
    count: int
    last: int


@dataclass(slots=True)
class Suppressed:
    """The addresses that are no good; `forgotten` counts those that there was no room for."""

    found: dict[bytes, Dead] = field(default_factory=dict)
    forgotten: int = 0

    def add(self, address: bytes, cause: Cause, at: int, count: int = 1) -> None:
        """Count an address that was said to be no good; the last cause told is what stands."""
        if not address:  # a refusal that names no recipient
            return
        known = self.found.get(address)
        if known is None:
            if len(self.found) >= _MOST:
                self._forget()
            self.found[address] = Dead(cause, count, at)
            return
        known.count += count
        if at >= known.last:
            known.last, known.cause = at, cause

    def _forget(self) -> None:
        """Let go of the half that was written to least, and longest ago."""
        order = sorted(self.found.items(), key=lambda each: (each[1].count, each[1].last))
        self.forgotten += len(order) // 2
        self.found = dict(order[len(order) // 2 :])

    def merge(self, other: "Suppressed") -> None:
        """Add another's counts to these."""
        for address, dead in other.found.items():
            self.add(address, dead.cause, dead.last, dead.count)
        self.forgotten += other.forgotten
