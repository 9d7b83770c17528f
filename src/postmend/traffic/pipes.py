"""Simple content filters: a pipe takes a message away, and sendmail hands it in again under the same Message-ID.

Whether a pipe was a filter or a mailbox program shows only when the message comes again, so a delivery by pipe waits
for that a few minutes of log time.
"""

from collections.abc import Iterator

from postmend.traffic.messages import Message
from postmend.traffic.relays import Peer

_WAITS_MIN = 10
_MOST_PICKED = 10_000
Handed = tuple[Message, int, bytes, Peer]  # message, minute, recipient, the pipe


class Pipes:
    """Deliveries by pipe that wait, and messages that were handed in here lately, by Message-ID."""

    def __init__(self) -> None:
        self.held: dict[bytes, list[Handed]] = {}
        self.picked: dict[bytes, Message] = {}

    def hold(self, handed: Handed) -> Message | None:
        """Let a delivery wait; or the message that it has become, where that is known."""
        name = handed[0].name
        again = self.picked.get(name)
        if again is not None and again is not handed[0]:
            return again
        self.held.setdefault(name, []).append(handed)
        return None

    def pick(self, message: Message) -> Message | None:
        """Take note of a message that was handed in here; the one that it is a copy of, where there is one."""
        if len(self.picked) >= _MOST_PICKED:
            del self.picked[next(iter(self.picked))]
        self.picked[message.name] = message
        waiting = self.held.pop(message.name, None)
        return waiting[0][0] if waiting else None

    def over(self, at: int) -> Iterator[Handed]:
        """Deliveries that have waited long enough: by pipe into a mailbox or program."""
        while self.held:
            name, waiting = next(iter(self.held.items()))
            if waiting[0][1] + _WAITS_MIN >= at:
                return
            yield from self.held.pop(name)
