"""The mail server on this very machine, as its own tools describe it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalServer:
    """What runs here. `bind_ip` is empty where it sends from whatever address the system picks.

    `waiting` is the number of messages in the queue, `waiting_for` recipients and why each waits, a few of them.
    """

    program: str
    host: str
    helo: str = ""
    bind_ip: str = ""
    waiting: int = 0
    waiting_for: tuple[tuple[str, str], ...] = ()
