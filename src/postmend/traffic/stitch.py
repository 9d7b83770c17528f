"""What a log says line by line, put together per message, and handed to the rollup once its account is known.

A content filter (amavis, a second smtpd, a pipe to sendmail) gives a message back under a new queue id: what the first id was handed over
as is no delivery, and what becomes of the second belongs to the account of the first. Lines may come out of order
within some thousands of messages; what is still open at the end of a file goes on in the next, or in another
process's part (`merge`). Memory is bounded by the caps below.
"""

import re

from postmend.intake.logs import Outcome
from postmend.traffic.books import Book
from postmend.traffic.ledger import Ledger
from postmend.traffic.messages import Message, Pending
from postmend.traffic.pipes import Pipes
from postmend.traffic.relays import Peer, Peers
from postmend.traffic.rollup import Rollup

_CHILD = re.compile(
    rb"queued as ([0-9A-Za-z]+)|\bid=(\w{6}-\w{6,11}-\w{2,4})|\b([0-9A-Za-z]{8,20}) Message accepted for delivery"
)
_MOST_AWAITED = 100_000
_MOST_UNSURE = 2_000
_MOST_HOSTS = 10_000
_OTHERS = b"others"
_DELIVERED = Outcome.DELIVERED


class Stitcher:
    """A `Sink` for logs. Count between `since` and `until` (minutes) only; read everything.

    `goes_on`: what is read is a log's later part, and will be merged with the one before.
    """

    def __init__(
        self, own: set[bytes], since: int | None = None, until: int | None = None, *, goes_on: bool = False
    ) -> None:  # fmt: skip
        self.peers = Peers(own)
        self.ledger = Ledger(self.peers, since, until)
        self.evicted = 0
        self.unsure = _MOST_UNSURE if goes_on else 0  # messages that may be copies of some in the part before
        self.pipes = Pipes()
        self.books: dict[bytes, Book] = {}
        self.awaited: dict[bytes, list[tuple[Message, int, bytes, Peer]]] = {}

    def host(self, name: bytes) -> Book:
        """The book of a logging host."""
        book = self.books.get(name)
        if book is None:
            if len(self.books) >= _MOST_HOSTS and name != _OTHERS:
                return self.host(_OTHERS)
            book = self.books[name] = Book(name, self)
            self.peers.add(name)
        return book

    def complaint(self, at: int, recipient: bytes, mail_from: bytes, client: bytes, provider: bytes) -> None:
        """Count a complaint by From domain and provider."""
        if self.ledger.wants(at):
            key = (at // 1440, mail_from.rpartition(b"@")[2].lower(), provider.decode("latin-1"))
            complaints = self.ledger.rollup.complaints
            complaints[key] = complaints.get(key, 0) + 1

    # --- when a message counts ---

    def settle(self, message: Message) -> None:
        """Let a message count once its account is known: its own, or that of the message it is a copy of."""
        if message.mail_from is None or not message.opened:
            return
        if message.root is not None:
            known = message.root.ready
        elif message.user and self.unsure:
            self.unsure -= 1  # a filter's copy may be of a message in the part before
            return
        else:
            known = bool(message.login) or not message.client or not self.peers[message.client].internal
        if known:
            self._ready(message)

    def _ready(self, message: Message) -> None:
        message.ready = True
        if message.pending is not None:
            self.release(message)
        if message.children is not None:
            children, message.children = message.children, None
            for child in children:
                if not child.ready:
                    self.settle(child)

    def release(self, message: Message) -> None:
        """Count what was held back while the message had no account."""
        pending, message.pending = message.pending, None
        for event in pending or ():
            if event[1]:
                self.attempt(message, event)
            else:
                self.ledger.expire(message, event[0])

    def link(self, child: Message, parent: Message) -> None:
        """Make a message a copy of another: what becomes of it belongs to the other's account."""
        root = parent.root or parent
        if child is not root and child.root is None:
            child.root = root
            if child.ready:
                return
            if root.ready:
                self.settle(child)
            elif root.children is None:
                root.children = [child]
            else:
                root.children.append(child)

    def met(self, message: Message) -> None:
        """A new message may be one that another was handed over as."""
        handed = self.awaited.pop(message.ident, None)
        if handed:
            self.link(message, handed[0][0])

    def picked(self, message: Message) -> None:
        """A message that was handed in here may be one that a pipe has taken away."""
        parent = self.pipes.pick(message)
        if parent is not None:
            self.link(message, parent)

    # --- when it is let go ---

    def retire(self, message: Message) -> None:
        """Count a message as far as it is known."""
        if not message.ready:
            if message.root is not None:
                self.retire(message.root)
            self._ready(message)

    def evict(self, message: Message) -> None:
        """Too many messages are open: this one counts as it is."""
        if not message.removed:
            self.evicted += 1
        self.retire(message)

    # --- what is counted ---

    def attempt(self, message: Message, event: Pending) -> None:
        """Count one recipient's attempt, unless it only passed the message on."""
        at, recipient, outcome, relay, text, status, original = event
        peer = self.peers[relay]
        if outcome is _DELIVERED:
            if peer.local and message.name and text.startswith(b"delivered via "):
                self._piped(message, at, recipient, peer)
                return
            if peer.internal and not peer.local and self._handed_over(message, at, recipient, peer, text):
                return
        self.ledger.count(message, at, recipient, outcome, peer, text, status, original)

    def _piped(self, message: Message, at: int, recipient: bytes, peer: Peer) -> None:
        self._final(list(self.pipes.over(at)))
        self.ledger.leave(message, at, recipient)
        again = self.pipes.hold((message, at, recipient, peer))
        if again is not None:
            self.link(again, message)

    def _handed_over(self, message: Message, at: int, recipient: bytes, peer: Peer, text: bytes) -> bool:
        """Whether a delivery to a host of our own only passed the message on, under an id that these logs know."""
        found = _CHILD.search(text)
        if found is None:
            return False
        self.ledger.leave(message, at, recipient)
        ident = found[found.lastindex or 1]
        child = self.find(ident, message)
        if child is not None:
            self.link(child, message)
            return True
        self.awaited.setdefault(ident, []).append((message, at, recipient, peer))
        if len(self.awaited) > _MOST_AWAITED:
            self._final(self.awaited.pop(next(iter(self.awaited))))
        return True

    def find(self, ident: bytes, parent: Message) -> Message | None:
        """The message that a host of our own took over from another."""
        for book in self.books.values():
            child = book.find(ident)
            if child is not None and child is not parent:
                return child
        return None

    def _final(self, awaited: list[tuple[Message, int, bytes, Peer]]) -> None:
        """Nothing was seen of the message behind a host of our own: then handing it over was the delivery."""
        for message, at, recipient, peer in awaited:
            self.ledger.count(message, at, recipient, _DELIVERED, peer, b"", b"", b"")

    # --- ends and edges ---

    def finish(self) -> None:
        """No more lines will come: count what is still held back, and let go of the messages."""
        for book in self.books.values():
            for message in book.messages.values():
                self.retire(message)
        for awaited in self.awaited.values():
            self._final(awaited)
        self.awaited.clear()
        self._final(list(self.pipes.over(1 << 60)))
        self.books.clear()

    def tables(self) -> Rollup:
        """The sums so far; what is inside a content filter comes when it is out."""
        self.ledger.post()
        return self.ledger.rollup
