"""What a log says line by line, put together per message, and handed to the rollup once its account is known.

A content filter (amavis, a second smtpd, a pipe to sendmail) gives a message back under a new queue id: what the first id was handed over
as is no delivery, and what becomes of the second belongs to the account of the first. Lines may come out of order
within some thousands of messages; what is still open at the end of a file goes on in the next, or in another
process's part (`merge`). Memory is bounded by the caps below.
"""

import re
from collections import deque

from postmend.intake.logs import Outcome
from postmend.traffic.accounts import NOTICES, RETURNED
from postmend.traffic.ledger import Ledger
from postmend.traffic.messages import Host, Message, Pending
from postmend.traffic.pipes import Pipes
from postmend.traffic.relays import Peer, Peers
from postmend.traffic.rollup import Rollup

_CHILD = re.compile(
    rb"queued as ([0-9A-Za-z]+)|\bid=(\w{6}-\w{6,11}-\w{2,4})|\b([0-9A-Za-z]{8,20}) Message accepted for delivery"
)
_MOST_CLOSED = 10_000  # messages kept after they left the queue, for lines that come late
_MOST_OPEN = 150_000
_MOST_AWAITED = 100_000
_MOST_PENDING = 5_000  # lines of one message whose origin is not known yet
_MOST_CLIENTS = 5_000  # refused at the door
_DELIVERED, _EXPIRED = Outcome.DELIVERED, Outcome.EXPIRED


class Stitcher:
    """A `Sink` for logs. Count between `since` and `until` (minutes) only; read everything."""

    def __init__(self, own: set[bytes], since: int | None = None, until: int | None = None) -> None:
        self.peers = Peers(own)
        self.ledger = Ledger(self.peers, since, until)
        self.rollup = self.ledger.rollup
        self.evicted = 0
        self.pipes = Pipes()
        self.books: dict[bytes, Host] = {}
        self._closed: deque[Message] = deque()
        self.awaited: dict[bytes, list[tuple[Message, int, bytes, Peer]]] = {}

    # --- what the log says ---

    def client(
        self, at: int, host: bytes, ident: bytes, client: bytes, login: bytes, mail_from: bytes | None = None
    ) -> None:  # fmt: skip
        """Take a message's beginning at the door."""
        login = login.lower()
        book = self.books.get(host)
        if book is not None and ident not in book.messages and len(book.messages) < _MOST_OPEN and not self.awaited:
            # What happens most often, without the calls that the rest needs.
            ready = mail_from is not None and login != b""
            message = Message(book, ident, mail_from, client, login, opened=True, ready=ready)
            book.messages[ident] = message
        else:
            message = self._opened(host, ident)
            message.client, message.login = client, login or message.login
            message.mail_from = message.mail_from if mail_from is None else mail_from
        if message.mail_from is not None and not message.ready:
            self.settle(message)

    def sender(self, at: int, host: bytes, ident: bytes, mail_from: bytes) -> None:
        """Take the MAIL FROM; it comes again with each run of the queue."""
        try:
            message = self.books[host].messages[ident]
        except KeyError:
            message = self._new(host, ident)
        if message.mail_from is None:
            message.mail_from = mail_from
            if message.opened and not message.ready:
                if message.login and message.root is None and message.pending is None and message.children is None:
                    message.ready = True
                else:
                    self.settle(message)

    def local(
        self, at: int, host: bytes, ident: bytes, user: bytes, script: bytes, mail_from: bytes | None = None
    ) -> None:  # fmt: skip
        """Take a message's beginning on this host."""
        message = self._opened(host, ident)
        message.user, message.script = user or b"local", script or message.script
        if mail_from is not None:
            message.mail_from = mail_from
        if not message.ready:
            self.settle(message)

    def script(self, at: int, host: bytes, ident: bytes, script: bytes) -> None:
        """Take what called sendmail."""
        self._message(host, ident).script = script

    def message_id(self, at: int, host: bytes, ident: bytes, name: bytes) -> None:
        """Take the Message-ID: a pipe's message comes again under it."""
        try:
            message = self.books[host].messages[ident]
        except KeyError:
            message = self._new(host, ident)
        message.name = name
        if message.user:
            parent = self.pipes.pick(message)
            if parent is not None:
                self.link(message, parent)

    def notice(self, at: int, host: bytes, ident: bytes, parent: bytes) -> None:
        """Take the beginning of a bounce of ours: to one of our own users, or out to where the mail came from."""
        message = self._opened(host, ident)
        about = message.host.messages.get(parent)
        root = (about.root or about) if about else None
        outside = root is not None and root.client and not (root.login or root.user)
        message.mail_from = b""
        message.user = RETURNED if outside and root and not self.peers(root.client).internal else NOTICES
        if not message.ready:
            self.settle(message)

    def attempt(
        self, at: int, host: bytes, ident: bytes, recipient: bytes, outcome: Outcome, relay: bytes, text: bytes,
        status: bytes = b"", original: bytes = b"",
    ) -> None:  # fmt: skip
        """Take one recipient's delivery attempt."""
        try:
            message = self.books[host].messages[ident]
        except KeyError:
            message = self._new(host, ident)
        if message.ready:
            peer = self.peers.known.get(relay) or self.peers(relay)
            if outcome is _DELIVERED and not (peer.internal or peer.local):
                self.ledger.delivered(message, at, recipient, peer, original)
            else:
                self._attempt(message, (at, recipient, outcome, relay, text, status, original))
            return
        if message.pending is None:
            message.pending = []
        if len(message.pending) < _MOST_PENDING:
            message.pending.append((at, recipient, outcome, relay, text, status, original))

    def expired(self, at: int, host: bytes, ident: bytes) -> None:
        """Everything of the message that still waits has bounced."""
        message = self._message(host, ident)
        if message.ready:
            self.ledger.expire(message, at)
        else:
            message.pending = message.pending or []
            message.pending.append((at, b"", _EXPIRED, b"", b"", b"", b""))

    def removed(self, at: int, host: bytes, ident: bytes) -> None:
        """The message left the queue; keep it a while for lines that come late."""
        try:
            message = self.books[host].messages[ident]
        except KeyError:
            message = self._new(host, ident)
        if message.removed:
            return
        message.removed = True
        closed = self._closed
        closed.append(message)
        if len(closed) > _MOST_CLOSED:
            old = closed.popleft()
            if not old.ready:
                self.settle(old, force=True)
            if old.host.messages.get(old.ident) is old:
                del old.host.messages[old.ident]

    def refusal(
        self, at: int, host: bytes, stage: bytes, client: bytes, helo: bytes, mail_from: bytes, recipient: bytes,
        text: bytes, login: bytes = b"",
    ) -> None:  # fmt: skip
        """Count a refusal at our own door."""
        if not self.ledger.wants(at):
            return
        said = self.ledger.replies(text, "", "", b"")
        rollup, key = self.rollup, (said.cause, at // 60)
        rollup.door[key] = rollup.door.get(key, 0) + 1
        peer = self.peers(client)
        if peer.ip in rollup.door_clients or len(rollup.door_clients) < _MOST_CLIENTS:
            rollup.door_clients[peer.ip] = rollup.door_clients.get(peer.ip, 0) + 1

    def complaint(self, at: int, recipient: bytes, mail_from: bytes, client: bytes, provider: bytes) -> None:
        """Count a complaint by From domain and provider."""
        if self.ledger.wants(at):
            key = (at // 1440, mail_from.rpartition(b"@")[2].lower(), provider.decode("latin-1"))
            self.rollup.complaints[key] = self.rollup.complaints.get(key, 0) + 1

    # --- messages ---

    def _message(self, host: bytes, ident: bytes) -> Message:
        try:
            return self.books[host].messages[ident]
        except KeyError:
            return self._new(host, ident)

    def _new(self, host: bytes, ident: bytes) -> Message:
        book = self.books.get(host)
        if book is None:
            book = self.books[host] = Host({}, {})
            self.peers.add(host)
        message = book.messages[ident] = Message(book, ident)
        if len(book.messages) > _MOST_OPEN:
            self._evict(book.messages)
        if ident in self.awaited:
            self.link(message, self.awaited.pop(ident)[0][0])
        return message

    def _opened(self, host: bytes, ident: bytes) -> Message:
        """The message that begins under an id; an id that is used again is another message."""
        message = self._message(host, ident)
        if message.opened and message.removed:
            self.retire(message)
            message = message.host.messages[ident] = Message(message.host, ident)
        message.opened = True
        return message

    def settle(self, message: Message, *, force: bool = False) -> None:
        """Let a message count once its account is known: its own, or that of the message it is a copy of."""
        if force:
            if message.root is not None:
                self.retire(message.root)
        elif not self._known(message):
            return
        message.ready = True
        self.release(message)
        children, message.children = message.children, None
        for child in children or ():
            if not child.ready:
                self.settle(child)

    def release(self, message: Message) -> None:
        """Count what was held back while the message had no account."""
        pending, message.pending = message.pending, None
        for event in pending or ():
            if event[1]:
                self._attempt(message, event)
            else:
                self.ledger.expire(message, event[0])

    def _known(self, message: Message) -> bool:
        if message.mail_from is None or not message.opened:
            return False
        if message.root is not None:
            return message.root.ready
        return not (message.client and not message.login and self.peers(message.client).internal)

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

    def retire(self, message: Message) -> None:
        """Count a message as far as it is known."""
        if not message.ready:
            self.settle(message, force=True)

    def _evict(self, book: dict[bytes, Message]) -> None:
        """Too many messages are open: the oldest tenth counts as it is."""
        for ident in list(book)[: _MOST_OPEN // 10]:
            message = book.pop(ident)
            if not message.removed:
                self.evicted += 1
            self.retire(message)

    # --- what is counted ---

    def _attempt(self, message: Message, event: Pending) -> None:
        at, recipient, outcome, relay, text, status, original = event
        peer = self.peers(relay)
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
            child = book.messages.get(ident)
            if child is not None and child is not parent:
                return child
        return None

    def _final(self, awaited: list[tuple[Message, int, bytes, Peer]]) -> None:
        """Nothing was seen of the message behind a host of our own: then handing it over was the delivery."""
        for message, at, recipient, peer in awaited:
            self.ledger.count(message, at, recipient, _DELIVERED, peer, b"", b"", b"")

    # --- ends and edges ---

    def finish(self) -> None:
        """No more lines will come: count what is still held back."""
        for book in self.books.values():
            for message in book.messages.values():
                self.retire(message)
        for awaited in self.awaited.values():
            self._final(awaited)
        self.awaited.clear()
        self._final(list(self.pipes.over(1 << 60)))

    def tables(self) -> Rollup:
        """The sums so far; what is inside a content filter comes when it is out."""
        self.rollup.hosts = {name: book.days for name, book in self.books.items() if book.days}
        return self.rollup
