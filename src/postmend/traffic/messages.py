"""What is known of the messages that pass, by logging host and queue id."""

import msgspec

from postmend.intake.logs import Outcome
from postmend.traffic.relays import Peer
from postmend.traffic.replies import Said

Pending = tuple[int, bytes, Outcome, bytes, bytes, bytes, bytes]  # an attempt whose message has no account yet


class Host(msgspec.Struct, gc=False, eq=False):
    """One logging host: its messages by queue id, and its sums by day."""

    messages: "dict[bytes, Message]"
    days: dict[int, int]


class Message(msgspec.Struct, gc=False, eq=False):
    """One queue id: what is known of its origin, and its recipients: who waits, and who is done (having waited or not).

    `expired` is the minute at which it was given up.
    """

    host: Host
    ident: bytes
    mail_from: bytes | None = None
    client: bytes = b""
    login: bytes = b""
    user: bytes = b""
    name: bytes = b""  # its Message-ID
    script: bytes = b""
    opened: bool = False
    ready: bool = False
    removed: bool = False
    expired: int = -1
    counted: bool = False
    root: "Message | None" = None
    children: "list[Message] | None" = None  # that wait for this one's account
    account: bytes = b""
    source: int = -1
    days: dict[int, int] | None = None  # the sums of its MAIL FROM domain
    pending: list[Pending] | None = None
    waiting: dict[bytes, tuple[Peer, Said]] | None = None
    done: dict[bytes, bool] | None = None
    only: bytes | None = None  # the first that was delivered at once: mostly there is no other
