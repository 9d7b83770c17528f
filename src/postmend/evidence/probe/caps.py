"""How many recipients one session with a host may have: what `Limits` allow, and less once the host has shown less."""

from dataclasses import dataclass

from postmend.evidence.probe.limits import Limits


@dataclass(slots=True)
class Count:
    """What a session has had: recipients, refusals, and recipients of the open transaction (-1: a new one is due)."""

    asked: int = 0
    refused: int = 0
    open: int = -1
    begun: bool = False
    utf8: bool = False
    accepted: bool = False


class Caps:
    """Most recipients of a session, of a transaction, and (`window`) of those whose answers are still to come."""

    def __init__(self, limits: Limits) -> None:
        self._refusals = limits.refusals
        self._transaction = limits.recipients
        self.session = limits.recipients
        self.window = limits.refusals

    def spent(self, count: Count) -> bool:
        """Whether the session has had its share."""
        return count.refused >= self._refusals or count.asked >= self.session

    def room(self, count: Count) -> int:
        """How many may be asked now: all of them may be refused without going over a limit."""
        if count.open >= self._transaction:
            count.open = -1
        return min(
            self.session - count.asked, self._refusals - count.refused, self.window,
            self._transaction - max(count.open, 0),
        )  # fmt: skip

    def at_most(self, recipients: int) -> None:
        """Never again more than so many in a session."""
        self.session = max(1, min(self.session, recipients))

    def fewer(self, count: Count) -> None:
        """Fewer recipients: of a transaction first, of a session where a fresh transaction does not help."""
        count.refused += 1
        if count.open > 0:
            self._transaction = min(self._transaction, count.open)
            count.open = self._transaction
        elif count.open == 0:
            self.at_most(count.asked)
        count.asked += 1
