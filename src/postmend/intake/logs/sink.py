"""What a log says, as calls: the one interface between formats and whoever counts."""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple, Protocol


class Outcome(IntEnum):
    """How one delivery attempt ended."""

    DELIVERED = 0
    DEFERRED = 1
    BOUNCED = 2
    EXPIRED = 3


class Kept(IntEnum):
    """What became of one line: told to the sink, known and of no interest, another program's, or not understood."""

    USED = 0
    KNOWN = 1
    FOREIGN = 2
    UNKNOWN = 3


class Origin(NamedTuple):
    """Where a message comes from: a `client` (`name[ip]`) with its `login` (SASL, lower case); or it was handed in here.

    That by a local `user` (name or uid), and by `script` where that is told. `mail_from` where the same line tells it.
    """

    client: bytes = b""
    login: bytes = b""
    mail_from: bytes | None = None
    user: bytes = b""
    script: bytes = b""


Handler = Callable[[int, bytes], Kept]  # reads one program's message: minutes since 1970, text


class HostSink(Protocol):
    """Takes what one host's log says of its messages. `ident` is a queue id, `at` minutes since 1970 by the log's clock.

    All texts are bytes as they stand in the log: outside text, nothing in it is to be trusted.
    """

    def begin(self, ident: bytes, origin: Origin) -> None:
        """The message begins."""

    def sender(self, ident: bytes, mail_from: bytes) -> None:
        """The message's MAIL FROM; empty is the null reverse-path."""

    def script(self, ident: bytes, script: bytes) -> None:
        """What called sendmail, told later."""

    def message_id(self, ident: bytes, name: bytes) -> None:
        """The message's Message-ID, which it keeps when a filter hands it in again."""

    def notice(self, ident: bytes, parent: bytes) -> None:
        """The message begins here: a delivery status notification about message `parent`."""

    def attempt(
        self, at: int, ident: bytes, recipient: bytes, outcome: Outcome, relay: bytes, text: bytes,
        status: bytes = b"", original: bytes = b"",
    ) -> None:  # fmt: skip
        """One recipient's delivery attempt.

        `relay` is `host[ip]` or a local transport's name, `text` the reply, `status` the enhanced status code,
        `original` the recipient as it was given, where that differs.
        """

    def expired(self, at: int, ident: bytes) -> None:
        """The message was given up: what of it is still deferred has bounced."""

    def removed(self, ident: bytes) -> None:
        """The message has left the queue."""

    def whole(self, ident: bytes, origin: Origin, at: int, recipient: bytes, relay: bytes, text: bytes) -> None:
        """The message began, was delivered to one recipient at once, and left: `begin`, `attempt` and `removed`."""

    def refusal(
        self, at: int, stage: bytes, client: bytes, helo: bytes, mail_from: bytes, recipient: bytes, text: bytes,
        login: bytes = b"",
    ) -> None:  # fmt: skip
        """A client was refused at this host's own door. `client` is `name[ip]`."""


class Sink(Protocol):
    """Takes what logs say."""

    def host(self, name: bytes) -> HostSink:
        """Whoever takes what the host of this name logs; empty where a log names none."""

    def complaint(self, at: int, recipient: bytes, mail_from: bytes, client: bytes, provider: bytes) -> None:
        """A recipient called a message spam; `client` is the sending IP."""
