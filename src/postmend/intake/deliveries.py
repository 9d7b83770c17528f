"""Deliveries in a log that tell something about its refusals: who took the same sender's mail, and whether since.

What a gateway took before it first refused a sender says nothing against the refusal: a listing may have come between.
A few deliveries of each sender to each gateway are enough.
"""

from collections import defaultdict

from postmend.model import Action, Failure, Host

_FEW = 5  # of one sender to one gateway
_MOST_PAIRS = 10_000
_HERE = ("127.", "localhost", "::1")  # a filter on this machine has taken it, nobody else


class Deliveries:
    """Deliveries by gateway and sender, in the order of the log; bounded."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Failure]] = defaultdict(dict)
        self._refused: set[tuple[str, str]] = set()

    def took(self, recipient: str, mail_from: str, remote: Host, local: Host, queue_id: str, when: str) -> None:
        """A gateway took a recipient's mail."""
        name = remote.host or remote.ip
        if not name or not mail_from or name.startswith(_HERE):
            return
        pair = _pair(remote, mail_from)
        if pair not in self._kept and len(self._kept) >= _MOST_PAIRS:
            return
        kept = self._kept[pair]
        if len(kept) < _FEW or recipient in kept:
            kept[recipient] = Failure(
                recipient=recipient,
                mail_from=mail_from,
                action=Action.DELIVERED,
                remote=remote,
                local=local,
                queue_id=queue_id,
                when=when,
            )

    def refused(self, mail_from: str, remote: Host) -> None:
        """A gateway refused a sender's mail: what it took before the first time is forgotten."""
        pair = _pair(remote, mail_from)
        if pair not in self._refused and len(self._refused) < _MOST_PAIRS:
            self._refused.add(pair)
            self._kept.pop(pair, None)

    def all(self) -> tuple[Failure, ...]:
        """What was kept."""
        return tuple(each for kept in self._kept.values() for each in kept.values())


def _pair(remote: Host, mail_from: str) -> tuple[str, str]:
    """The hosts of one gateway share the end of their name."""
    name = remote.host or remote.ip
    gateway = ".".join(name.lower().split(".")[-2:]) if remote.host else name
    return gateway, mail_from.rpartition("@")[2].lower()
