"""What is known of the messages that pass, by logging host and queue id."""

from typing import TYPE_CHECKING, Any

import msgspec

from postmend.intake.logs import Outcome
from postmend.traffic.relays import Peer
from postmend.traffic.replies import Said
from postmend.traffic.sheets import Sheet

if TYPE_CHECKING:
    from postmend.traffic.books import Book

Pending = tuple[int, bytes, Outcome, bytes, bytes, bytes, bytes]  # an attempt whose message has no account yet


class Message(msgspec.Struct, gc=False, eq=False):
    """One queue id: what is known of its origin, and its recipients: who waits, and who is done (having waited or not).

    `expired` is the minute at which it was given up.
    """

    host: "Book"
    ident: bytes
    mail_from: bytes | None = None
    client: bytes = b""
    login: bytes = b""
    opened: bool = False
    ready: bool = False
    user: bytes = b""
    name: bytes = b""  # its Message-ID
    script: bytes = b""
    removed: bool = False
    expired: int = -1
    counted: bool = False
    root: "Message | None" = None
    children: "list[Message] | None" = None  # that wait for this one's account
    account: bytes = b""
    source: int = -1
    sheet: Sheet | None = None
    pending: list[Pending] | None = None
    waiting: dict[bytes, tuple[Peer, Said]] | None = None
    done: dict[bytes, bool] | None = None
    only: bytes | None = None  # the first that was delivered at once: mostly there is no other

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: made before its fields are, for messages name each other in circles."""
        return _blank, (), tuple(getattr(self, name) for name in self.__struct_fields__)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(self.__struct_fields__, state, strict=True):
            setattr(self, name, value)


def _blank() -> Message:
    return Message(None, b"")  # type: ignore[arg-type]  # __setstate__ fills it
