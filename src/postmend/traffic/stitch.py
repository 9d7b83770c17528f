"""What a log says line by line, put together per message, and handed to the rollup once its account is known.

A content filter (amavis, a second smtpd) gives a message back under a new queue id: what the first id was handed over
as is no delivery, and what becomes of the second belongs to the account of the first. Lines may come out of order
within some thousands of messages; what is still open at the end of a file goes on in the next, or in another
process's part (`merge`). Memory is bounded by the caps below.
"""

import re
from collections import deque

import msgspec

from postmend.intake.logs import Outcome
from postmend.traffic.counts import UNIT, Count
from postmend.traffic.relays import Peer, Peers
from postmend.traffic.replies import ReplyReader, Said
from postmend.traffic.rollup import Rollup, cell_of

_CHILD = re.compile(
    rb"queued as ([0-9A-Za-z]+)|\bid=(\w{6}-\w{6,11}-\w{2,4})|\b([0-9A-Za-z]{8,20}) Message accepted for delivery"
)
_MOST_CLOSED = 10_000  # messages kept after they left the queue, for lines that come late
_MOST_OPEN = 150_000
_MOST_AWAITED = 100_000
_MOST_PENDING = 5_000  # lines of one message whose origin is not known yet
_MOST_RELAYED = 5_000
_MOST_LOGINS = 50_000
_MESSAGE = UNIT[Count.MESSAGES]
INBOUND, NOTICES, RETURNED = b"inbound", b"notices", b"returned"
_Pending = tuple[int, bytes, Outcome, bytes, bytes, bytes, bytes]
_DELIVERED_CELL = UNIT[Count.DELIVERED]
_DELIVERED, _DEFERRED, _EXPIRED = Outcome.DELIVERED, Outcome.DEFERRED, Outcome.EXPIRED


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
    pending: list[_Pending] | None = None
    waiting: dict[bytes, tuple[Peer, Said]] | None = None
    done: dict[bytes, bool] | None = None
    only: bytes | None = None  # the first that was delivered at once: mostly there is no other


class Stitcher:
    """A `Sink` for logs. Count between `since` and `until` (minutes) only; read everything."""

    def __init__(self, own: set[bytes], since: int | None = None, until: int | None = None) -> None:
        self.rollup = Rollup()
        self.replies = ReplyReader()
        self.evicted = 0
        self._since = -1 if since is None else since
        self._until = 1 << 60 if until is None else until
        self._peers = Peers(own)
        self._logins: dict[tuple[bytes, bytes], tuple[bytes, int]] = {}  # with the client: account, source
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
            self._settle(message)

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
                    self._settle(message)

    def local(
        self, at: int, host: bytes, ident: bytes, user: bytes, script: bytes, mail_from: bytes | None = None
    ) -> None:  # fmt: skip
        """Take a message's beginning on this host."""
        message = self._opened(host, ident)
        message.user, message.script = user or b"local", script or message.script
        if mail_from is not None:
            message.mail_from = mail_from
        if not message.ready:
            self._settle(message)

    def script(self, at: int, host: bytes, ident: bytes, script: bytes) -> None:
        """Take what called sendmail."""
        self._message(host, ident).script = script

    def notice(self, at: int, host: bytes, ident: bytes, parent: bytes) -> None:
        """Take the beginning of a bounce of ours: to one of our own users, or out to where the mail came from."""
        message = self._opened(host, ident)
        about = message.host.messages.get(parent)
        root = (about.root or about) if about else None
        outside = root is not None and root.client and not (root.login or root.user)
        message.mail_from = b""
        message.user = RETURNED if outside and root and not self._peers(root.client).internal else NOTICES
        if not message.ready:
            self._settle(message)

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
            peer = self._peers.known.get(relay) or self._peers(relay)
            if outcome is _DELIVERED and (not peer.internal or peer.local):
                self._delivered(message, at, recipient, peer, original)
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
            self._expire(message, at)
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
                self._settle(old, force=True)
            if old.host.messages.get(old.ident) is old:
                del old.host.messages[old.ident]

    def refusal(
        self, at: int, host: bytes, stage: bytes, client: bytes, helo: bytes, mail_from: bytes, recipient: bytes,
        text: bytes, login: bytes = b"",
    ) -> None:  # fmt: skip
        """Count a refusal at our own door."""
        if not self._since <= at < self._until:
            return
        said = self.replies(text, "", "", b"")
        rollup, key = self.rollup, (said.cause, at // 60)
        rollup.door[key] = rollup.door.get(key, 0) + 1
        peer = self._peers(client)
        if peer.ip in rollup.door_clients or len(rollup.door_clients) < _MOST_RELAYED:
            rollup.door_clients[peer.ip] = rollup.door_clients.get(peer.ip, 0) + 1

    def complaint(self, at: int, recipient: bytes, mail_from: bytes, client: bytes, provider: bytes) -> None:
        """Count a complaint by From domain and provider."""
        if self._since <= at < self._until:
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
            self._peers.add(host)
        message = book.messages[ident] = Message(book, ident)
        if len(book.messages) > _MOST_OPEN:
            self._evict(book.messages)
        if ident in self.awaited:
            self._link(message, self.awaited.pop(ident)[0][0])
        return message

    def _opened(self, host: bytes, ident: bytes) -> Message:
        """The message that begins under an id; an id that is used again is another message."""
        message = self._message(host, ident)
        if message.opened and message.removed:
            self._retire(message)
            message = message.host.messages[ident] = Message(message.host, ident)
        message.opened = True
        return message

    def _settle(self, message: Message, *, force: bool = False) -> None:
        """Let a message count once its account is known: its own, or that of the message it is a copy of."""
        if force:
            if message.root is not None:
                self._retire(message.root)
        elif not self._known(message):
            return
        message.ready = True
        pending, message.pending = message.pending, None
        for event in pending or ():
            if event[1]:
                self._attempt(message, event)
            else:
                self._expire(message, event[0])
        children, message.children = message.children, None
        for child in children or ():
            if not child.ready:
                self._settle(child)

    def _known(self, message: Message) -> bool:
        if message.mail_from is None or not message.opened:
            return False
        if message.root is not None:
            return message.root.ready
        return not (message.client and not message.login and self._peers(message.client).internal)

    def _link(self, child: Message, parent: Message) -> None:
        root = parent.root or parent
        if child is not root and child.root is None:
            child.root = root
            if child.ready:
                return
            if root.ready:
                self._settle(child)
            elif root.children is None:
                root.children = [child]
            else:
                root.children.append(child)

    def _retire(self, message: Message) -> None:
        if not message.ready:
            self._settle(message, force=True)

    def _evict(self, book: dict[bytes, Message]) -> None:
        """Too many messages are open: the oldest tenth counts as it is."""
        for ident in list(book)[: _MOST_OPEN // 10]:
            message = book.pop(ident)
            if not message.removed:
                self.evicted += 1
            self._retire(message)

    # --- what is counted ---

    def _attempt(self, message: Message, event: _Pending) -> None:
        at, recipient, outcome, relay, text, status, original = event
        peer = self._peers(relay)
        if (
            outcome is _DELIVERED
            and peer.internal
            and not peer.local
            and self._handed_over(message, at, recipient, peer, text)
        ):
            return
        self._count(message, at, recipient, outcome, peer, text, status, original)

    def _handed_over(self, message: Message, at: int, recipient: bytes, peer: Peer, text: bytes) -> bool:
        """Whether a delivery to a host of our own only passed the message on, under an id that these logs know."""
        found = _CHILD.search(text)
        if found is None:
            return False
        self._leave(message, at, recipient)
        ident = found[found.lastindex or 1]
        child = self._find(ident, message)
        if child is not None:
            self._link(child, message)
            return True
        self.awaited.setdefault(ident, []).append((message, at, recipient, peer))
        if len(self.awaited) > _MOST_AWAITED:
            self._final(self.awaited.pop(next(iter(self.awaited))))
        return True

    def _find(self, ident: bytes, parent: Message) -> Message | None:
        for book in self.books.values():
            child = book.messages.get(ident)
            if child is not None and child is not parent:
                return child
        return None

    def _final(self, awaited: list[tuple[Message, int, bytes, Peer]]) -> None:
        """Nothing was seen of the message behind a host of our own: then handing it over was the delivery."""
        for message, at, recipient, peer in awaited:
            self._count(message, at, recipient, _DELIVERED, peer, b"", b"", b"")

    def _count(
        self, message: Message, at: int, recipient: bytes, outcome: Outcome, peer: Peer, text: bytes, status: bytes,
        original: bytes,
    ) -> None:  # fmt: skip
        done = message.done
        if done is None:
            done = message.done = {}
        if message.only is not None:
            done[message.only], message.only = False, None
        waited = message.waiting.get(recipient) if message.waiting else None
        if outcome is _DEFERRED:
            said = self.replies(text, peer.host, peer.provider, status)
            late = done.get(recipient)  # a line that comes after the one that ended it
            if late is None:
                if message.waiting is None:
                    message.waiting = {}
                message.waiting[recipient] = (peer, said)
                if not waited:
                    self._waits(at, recipient, peer, 1)
            else:
                done[recipient] = True
            self._refuse(message, at, recipient, outcome, peer, said, text, first=not waited and not late)
            if message.expired >= 0 and late is None:
                self._expire(message, message.expired)
            return
        if outcome is _DELIVERED:
            self._delivered(message, at, recipient, peer, original)
            return
        if waited:
            self._leave(message, at, recipient)
        done[recipient] = waited is not None
        if outcome is _EXPIRED and waited:
            self._refuse(message, at, recipient, outcome, waited[0], waited[1], text, first=False)
        else:
            said = self.replies(text, peer.host, peer.provider, status)
            self._refuse(message, at, recipient, outcome, peer, said, text, first=not waited)

    def _delivered(self, message: Message, at: int, recipient: bytes, peer: Peer, original: bytes) -> None:
        """What happens most often."""
        waited = bool(message.waiting) and recipient in message.waiting  # type: ignore[operator]
        if waited:
            self._leave(message, at, recipient)
        if message.done is not None:
            message.done[recipient] = waited
        elif message.only is None and not waited:
            message.only = recipient
        else:
            message.done = {recipient: waited}
        self._tell(message, at, recipient, _DELIVERED_CELL, peer, original)

    def _expire(self, message: Message, at: int) -> None:
        message.expired = at
        for recipient, (peer, said) in list((message.waiting or {}).items()):
            self._leave(message, at, recipient)
            message.done = message.done or {}
            message.done[recipient] = True
            self._refuse(message, at, recipient, _EXPIRED, peer, said, b"", first=False)

    def _waits(self, at: int, recipient: bytes, peer: Peer, more: int) -> None:
        key = (peer.gateway or recipient.rpartition(b"@")[2].decode("latin-1"), at // 60)
        self.rollup.queue[key] = self.rollup.queue.get(key, 0) + more

    def _leave(self, message: Message, at: int, recipient: bytes) -> None:
        waited = message.waiting.pop(recipient, None) if message.waiting else None
        if waited:
            self._waits(at, recipient, waited[0], -1)

    def _refuse(
        self, message: Message, at: int, recipient: bytes, outcome: Outcome, peer: Peer, said: Said, text: bytes, *,
        first: bool,
    ) -> None:  # fmt: skip
        cell = cell_of(outcome, first=first, dead=said.dead, blocked=said.blocked)
        if self._tell(message, at, recipient, cell, peer, b""):
            account = (message.root or message).account
            self.rollup.refused(at, account, message.mail_from or b"", recipient, cell, peer, said, text)

    def _tell(self, message: Message, at: int, recipient: bytes, cell: int, peer: Peer, original: bytes) -> bool:
        root = message.root or message
        if root.source < 0:
            self._account(root, peer, recipient, original)
        if not self._since <= at < self._until:
            return False
        if not root.counted:
            root.counted = True
            cell += _MESSAGE
        days = message.days
        if days is None:
            days = message.days = self.rollup.sender_days(message.mail_from or b"")
        day = at // 1440
        days[day] = days.get(day, 0) + cell
        host = message.host.days
        host[day] = host.get(day, 0) + cell
        self.rollup.final(at // 60, root.source, recipient, cell, peer)
        if peer.quota:
            key = (peer.quota, root.account, day)
            self.rollup.limits[key] = self.rollup.limits.get(key, 0) + 1
        return True

    def _account(self, root: Message, peer: Peer, recipient: bytes, original: bytes) -> None:
        """Whose mail it is: a login, a script, a local user, a client that may relay; or it came in for us."""
        if root.login:
            known = self._logins.get((root.login, root.client))
            if known is not None:
                root.account, root.source = known
                return
        domain = (root.mail_from or b"").rpartition(b"@")[2].lower()
        client = self._peers(root.client) if root.client else None
        if root.login:
            root.account = b"login " + root.login
        elif root.user in {NOTICES, RETURNED}:
            root.account = root.user
        elif root.script:
            root.account = b"script " + root.script
        elif root.user:
            root.account = b"user %s %s" % (root.user, domain)
        elif client is None or client.internal:
            root.account = b"domain " + domain
        elif peer.local or peer.internal:
            root.account = INBOUND
        else:
            root.account = b"client " + client.ip
            self._relays(client.ip, recipient, original)
        ip = b"" if client is None or root.account == INBOUND else client.ip
        root.source = self.rollup.source(root.account, ip)
        if root.login:
            if len(self._logins) > _MOST_LOGINS:
                self._logins.clear()
            self._logins[root.login, root.client] = (root.account, root.source)

    def _relays(self, ip: bytes, recipient: bytes, original: bytes) -> None:
        reached = self.rollup.relayed
        if original or (ip not in reached and len(reached) >= _MOST_RELAYED):
            return
        domains = reached.setdefault(ip, set())
        if len(domains) < 100:
            domains.add(recipient.rpartition(b"@")[2].lower())

    # --- ends and edges ---

    def finish(self) -> None:
        """No more lines will come: count what is still held back."""
        for book in self.books.values():
            for message in book.messages.values():
                self._retire(message)
        for awaited in self.awaited.values():
            self._final(awaited)
        self.awaited.clear()

    def tables(self) -> Rollup:
        """The sums so far; what is inside a content filter comes when it is out."""
        self.rollup.hosts = {name: book.days for name, book in self.books.items() if book.days}
        return self.rollup

    def merge(self, other: "Stitcher") -> None:
        """Take over what another stitcher has read of the log's next part."""
        numbers = self.rollup.merge(other.rollup)
        self.evicted += other.evicted
        joined: dict[Message, Message] = {}
        for host, book in other.books.items():
            host_book = self.books.setdefault(host, Host({}, {}))
            for day, cell in book.days.items():
                host_book.days[day] = host_book.days.get(day, 0) + cell
            mine = host_book.messages
            for ident, message in book.messages.items():
                message.host, message.days = host_book, None
                message.source = numbers[message.source] if message.source >= 0 else -1
                known = mine.get(ident)
                if known is None or (known.removed and known.opened and message.opened):
                    if known is not None:
                        self._retire(known)
                    mine[ident] = message
                    if ident in self.awaited:
                        self._link(message, self.awaited.pop(ident)[0][0])
                else:
                    joined[message] = known
        self._rejoin(other, joined)

    def _rejoin(self, other: "Stitcher", joined: dict[Message, Message]) -> None:
        """Everything of the other that hangs on a message which both had hangs on ours from now on."""
        for book in other.books.values():
            for message in book.messages.values():
                if message.root in joined:
                    message.root = joined[message.root]
        for later, known in joined.items():
            self._join(known, later)
        for ident, others in other.awaited.items():
            awaited = [(joined.get(message, message), at, recipient, peer) for message, at, recipient, peer in others]
            child = self._find(ident, awaited[0][0])
            if child is None:
                self.awaited.setdefault(ident, []).extend(awaited)
            else:
                self._link(child, awaited[0][0])

    def _join(self, known: Message, later: Message) -> None:
        """Two parts of one message: the origin from whichever has it, and all that was held back."""
        for name in ("client", "login", "user", "script"):
            if not getattr(known, name):
                setattr(known, name, getattr(later, name))
        if known.mail_from is None:
            known.mail_from = later.mail_from
        known.opened |= later.opened
        known.removed |= later.removed
        known.children = (known.children or []) + (later.children or []) or None
        held = later.pending or []
        if known.ready:
            for event in held:
                if event[1]:
                    self._attempt(known, event)
                else:
                    self._expire(known, event[0])
        else:
            known.pending = (known.pending or []) + held
            self._settle(known)
