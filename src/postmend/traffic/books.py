"""What one host's log says, line by line, put together per message."""

from typing import TYPE_CHECKING

from postmend.intake.logs import Origin, Outcome
from postmend.traffic.accounts import NOTICES, RETURNED
from postmend.traffic.messages import Message

if TYPE_CHECKING:
    from postmend.traffic.stitch import Stitcher

_MOST_OPEN = 100_000
_KEPT = 10_000  # messages of all hosts kept after they left the queue, for lines that come late ...
_FEWEST_KEPT = 1_000  # ... and of one host at least
_MOST_PENDING = 5_000  # lines of one message whose origin is not known yet
_DELIVERED, _EXPIRED = Outcome.DELIVERED, Outcome.EXPIRED


class Book:
    """The messages of one host by queue id; a `HostSink`. `stitcher` knows what they have to do with each other."""

    def __init__(self, name: bytes, stitcher: "Stitcher") -> None:
        self.name = name
        self.messages: dict[bytes, Message] = {}
        self._stitcher = stitcher
        self._ledger = stitcher.ledger
        self._peers = stitcher.peers
        # Origin and recipient of what was told whole, for lines that come late; and of what was before.
        self._gone: dict[bytes, tuple[Origin, bytes]] = {}
        self._gone_before: dict[bytes, tuple[Origin, bytes]] = {}
        self._room = _FEWEST_KEPT  # messages until it is time to sweep

    # --- origins ---

    def begin(self, ident: bytes, origin: Origin) -> None:
        """Take a message's beginning, at the door or on this host."""
        client, login, mail_from, user, script = origin
        if ident in self.messages:
            message = self._opened(ident)
            message.client, message.login = client or message.client, login or message.login
            message.user, message.script = user or message.user, script or message.script
            message.mail_from = message.mail_from if mail_from is None else mail_from
        else:
            ready = login != b"" and mail_from is not None and not self._stitcher.awaited
            message = self._new(Message(self, ident, mail_from, client, login, True, ready, user, b"", script))
        if message.mail_from is not None and not message.ready:
            self._stitcher.settle(message)

    def sender(self, ident: bytes, mail_from: bytes) -> None:
        """Take the MAIL FROM; it comes again with each run of the queue."""
        message = self.messages.get(ident) or self._met(ident)
        if message.mail_from is None:
            message.mail_from = mail_from
            if message.opened and not message.ready:
                self._stitcher.settle(message)

    def script(self, ident: bytes, script: bytes) -> None:
        """Take what called sendmail."""
        message = self.messages.get(ident) or self._met(ident)
        message.script = script

    def message_id(self, ident: bytes, name: bytes) -> None:
        """Take the Message-ID: a pipe's message comes again under it."""
        message = self.messages.get(ident) or self._met(ident)
        message.name = name
        if message.user:
            self._stitcher.picked(message)

    def notice(self, ident: bytes, parent: bytes) -> None:
        """Take the beginning of a bounce of ours: to one of our own users, or out to where the mail came from."""
        message = self._opened(ident)
        about = self.messages.get(parent)
        root = (about.root or about) if about else None
        outside = root is not None and root.client and not (root.login or root.user)
        message.mail_from = b""
        message.user = RETURNED if outside and root and not self._peers[root.client].internal else NOTICES
        if not message.ready:
            self._stitcher.settle(message)

    # --- recipients ---

    def attempt(
        self, at: int, ident: bytes, recipient: bytes, outcome: Outcome, relay: bytes, text: bytes,
        status: bytes = b"", original: bytes = b"",
    ) -> None:  # fmt: skip
        """Take one recipient's delivery attempt."""
        message = self.messages.get(ident) or self._met(ident)
        if message.ready:
            peer = self._peers[relay]
            if outcome is _DELIVERED and not (peer.internal or peer.local):
                self._ledger.delivered(message, at, recipient, peer, original)
            else:
                self._stitcher.attempt(message, (at, recipient, outcome, relay, text, status, original))
            return
        if message.pending is None:
            message.pending = []
        if len(message.pending) < _MOST_PENDING:
            message.pending.append((at, recipient, outcome, relay, text, status, original))

    def expired(self, at: int, ident: bytes) -> None:
        """Everything of the message that still waits has bounced."""
        message = self.messages.get(ident) or self._met(ident)
        if message.ready:
            self._ledger.expire(message, at)
        else:
            message.pending = message.pending or []
            message.pending.append((at, b"", _EXPIRED, b"", b"", b"", b""))

    def removed(self, ident: bytes) -> None:
        """The message left the queue; it is kept a while for lines that come late."""
        message = self.messages.get(ident) or self._met(ident)
        message.removed = True

    def whole(self, ident: bytes, origin: Origin, at: int, recipient: bytes, relay: bytes, text: bytes) -> None:
        """Take a message from its beginning to its end."""
        peer = self._peers[relay]
        known = origin.login or (origin.user and not self._stitcher.unsure)
        if not known or peer.internal or peer.local or ident in self.messages or self._stitcher.awaited:
            self.begin(ident, origin)
            self.attempt(at, ident, recipient, _DELIVERED, relay, text)
            self.removed(ident)
            return
        self._ledger.whole(self, origin, at, recipient, peer)
        self._gone[ident] = origin, recipient
        if len(self._gone) > self._kept():
            self._gone_before, self._gone = self._gone, {}
            self._ledger.post()

    def refusal(
        self, at: int, stage: bytes, client: bytes, helo: bytes, mail_from: bytes, recipient: bytes, text: bytes,
        login: bytes = b"",
    ) -> None:  # fmt: skip
        """Count a refusal at our own door."""
        self._ledger.door(at, client, text)

    # --- messages ---

    def find(self, ident: bytes) -> Message | None:
        """The message of an id, also where it was told whole."""
        found = self.messages.get(ident)
        if found is None and (ident in self._gone or ident in self._gone_before):
            found = self._met(ident)
        return found

    def bring_back(self) -> None:
        """Make messages of what was told whole."""
        for ident in (*self._gone_before, *self._gone):
            self.find(ident)

    def _met(self, ident: bytes) -> Message:
        """A message whose beginning was not seen yet, or that was told whole."""
        gone = self._gone.pop(ident, None) or self._gone_before.pop(ident, None)
        if gone is None:
            return self._new(Message(self, ident))
        (client, login, mail_from, user, script), recipient = gone
        return self._new(
            Message(
                self, ident, mail_from, client, login, opened=True, ready=True, user=user, script=script, removed=True,
                counted=True, only=recipient,
            )
        )  # fmt: skip

    def _new(self, message: Message) -> Message:
        messages = self.messages
        messages[message.ident] = message
        if len(messages) > self._room:
            self._sweep()
        if self._stitcher.awaited:
            self._stitcher.met(message)
        return message

    def _opened(self, ident: bytes) -> Message:
        """The message that begins under an id; an id that is used again is another message."""
        message = self.messages.get(ident) or self._met(ident)
        if message.opened and message.removed:
            self._stitcher.retire(message)
            del self.messages[ident]
            message = self.messages[ident] = Message(self, ident)
        message.opened = True
        return message

    def _kept(self) -> int:
        return max(_KEPT // len(self._stitcher.books), _FEWEST_KEPT)

    def _sweep(self) -> None:
        """Let go of the messages that have left the queue, but for the youngest; of too many, the oldest tenth."""
        messages, kept = self.messages, self._kept()
        for message in list(messages.values())[:-kept]:
            if message.removed:
                if not message.ready:
                    self._stitcher.retire(message)
                del messages[message.ident]
        if len(messages) > _MOST_OPEN:
            for ident in list(messages)[: _MOST_OPEN // 10]:
                self._stitcher.evict(messages.pop(ident))
        self._room = len(messages) + kept
        self._ledger.post()
