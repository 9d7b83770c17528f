"""What becomes of each recipient of a message whose account is known, counted once, however its lines come."""

from typing import TYPE_CHECKING

from postmend.intake.logs import Origin, Outcome
from postmend.traffic.accounts import Accounts
from postmend.traffic.counts import UNIT, Count, cell_of
from postmend.traffic.messages import Message
from postmend.traffic.relays import Peer, Peers
from postmend.traffic.replies import ReplyReader, Said
from postmend.traffic.rollup import Rollup
from postmend.traffic.sheets import Sheet, Sheets

if TYPE_CHECKING:
    from postmend.traffic.books import Book

_MESSAGE, _DELIVERED_CELL = UNIT[Count.MESSAGES], UNIT[Count.DELIVERED]
_WHOLE = _MESSAGE + _DELIVERED_CELL
_MOST_ORIGINS = 20_000
_MOST_WAITING = 200_000  # operators and hours for which the change of the queue is known
_MOST_LIMITS = 200_000  # accounts and days held against daily limits
_MOST_CLIENTS = 5_000  # refused at the door
_DELIVERED, _DEFERRED, _EXPIRED = Outcome.DELIVERED, Outcome.DEFERRED, Outcome.EXPIRED


class Ledger:
    """Counts into a rollup what happened between `since` and `until` (minutes)."""

    def __init__(self, peers: Peers, since: int | None, until: int | None) -> None:
        self.rollup = Rollup()
        self._domains = self.rollup.domains
        self.replies = ReplyReader()
        self._peers = peers
        self._accounts = Accounts(self.rollup, peers)
        self._sheets = Sheets(self.rollup)
        self._origins: dict[tuple[tuple[bytes | None, ...], bytes], tuple[bytes, int, Sheet]] = {}  # by origin and host
        self._since = -1 if since is None else since
        self._until = 1 << 60 if until is None else until

    def wants(self, at: int) -> bool:
        """Whether a time is inside."""
        return self._since <= at < self._until

    def count(
        self, message: Message, at: int, recipient: bytes, outcome: Outcome, peer: Peer, text: bytes, status: bytes,
        original: bytes,
    ) -> None:  # fmt: skip
        """Take one recipient's attempt."""
        done = message.done
        if done is None:
            done = message.done = {}
        if message.only is not None:
            done[message.only], message.only = False, None
        waited = message.waiting.get(recipient) if message.waiting else None
        if outcome is _DEFERRED:
            said = self.replies(text, peer.host, peer.provider, status, recipient)
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
                self.expire(message, message.expired)
            return
        if outcome is _DELIVERED:
            self.delivered(message, at, recipient, peer, original)
            return
        if waited:
            self.leave(message, at, recipient)
        done[recipient] = waited is not None
        if outcome is _EXPIRED and waited:
            self._refuse(message, at, recipient, outcome, waited[0], waited[1], text, first=False)
        else:
            said = self.replies(text, peer.host, peer.provider, status, recipient)
            self._refuse(message, at, recipient, outcome, peer, said, text, first=not waited)

    def delivered(self, message: Message, at: int, recipient: bytes, peer: Peer, original: bytes) -> None:
        """What happens most often."""
        if message.only is None and message.done is None and message.waiting is None:
            message.only = recipient
        else:
            self._finish(message, at, recipient)
        self._tell(message, at, recipient, _DELIVERED_CELL, peer, original)

    def whole(self, host: "Book", origin: Origin, at: int, recipient: bytes, peer: Peer) -> None:
        """Take a message with a login that was delivered once."""
        known = self._origins.get((origin, host.name))
        if known is None or not known[2].open:
            client, login, mail_from, user, script = origin
            message = Message(host, b"", mail_from, client, login, user=user, script=script)
            self._sheet(message, recipient, peer, b"")
            known = self._origins[origin, host.name]
        if self._since <= at < self._until:
            self._add(known[2], known[0], at // 60, recipient, _WHOLE, peer)

    def _finish(self, message: Message, at: int, recipient: bytes) -> None:
        """One more recipient of a message is done, or one that waited."""
        done = message.done
        if done is None:
            done = message.done = {}
        if message.only is not None:
            done[message.only], message.only = False, None
        done[recipient] = self.leave(message, at, recipient)

    def expire(self, message: Message, at: int) -> None:
        """Everything of the message that still waits has bounced."""
        message.expired = at
        for recipient, (peer, said) in list((message.waiting or {}).items()):
            self.leave(message, at, recipient)
            message.done = message.done or {}
            message.done[recipient] = True
            self._refuse(message, at, recipient, _EXPIRED, peer, said, b"", first=False)

    def _waits(self, at: int, recipient: bytes, peer: Peer, more: int) -> None:
        key = (peer.gateway or recipient.rpartition(b"@")[2].decode("latin-1"), at // 60)
        queue = self.rollup.queue
        if len(queue) >= _MOST_WAITING and key not in queue:
            key = "others", at // 60
        queue[key] = queue.get(key, 0) + more

    def leave(self, message: Message, at: int, recipient: bytes) -> bool:
        """A recipient waits no longer; whether it did."""
        waited = message.waiting.pop(recipient, None) if message.waiting else None
        if waited:
            self._waits(at, recipient, waited[0], -1)
        return waited is not None

    def _refuse(
        self, message: Message, at: int, recipient: bytes, outcome: Outcome, peer: Peer, said: Said, text: bytes, *,
        first: bool,
    ) -> None:  # fmt: skip
        cell = cell_of(outcome, first=first, dead=said.dead, blocked=said.blocked)
        if self._tell(message, at, recipient, cell, peer, b""):
            account = (message.root or message).account
            self.rollup.refused(at, account, message.mail_from or b"", recipient, cell, peer, said, text)

    def _tell(self, message: Message, at: int, recipient: bytes, cell: int, peer: Peer, original: bytes) -> bool:
        sheet = message.sheet
        if sheet is None or not sheet.open:
            sheet = message.sheet = self._sheet(message, recipient, peer, original)
        if not self._since <= at < self._until:
            return False
        root = message.root or message
        if not root.counted:
            root.counted = True
            cell += _MESSAGE
        self._add(sheet, root.account, at // 60, recipient, cell, peer)
        return True

    def _add(self, sheet: Sheet, account: bytes, hour: int, recipient: bytes, cell: int, peer: Peer) -> None:
        sheet.hours[hour] += cell
        domain = recipient[recipient.rfind(b"@") + 1 :]
        try:
            self._domains[domain] += cell
        except KeyError:
            self.rollup.first_of(domain, cell)
        if peer.provider:
            place = (peer.provider, hour)
            self.rollup.providers[place] = self.rollup.providers.get(place, 0) + cell
        if peer.quota:
            limits, key = self.rollup.limits, (peer.quota, account, hour // 24)
            if key in limits or len(limits) < _MOST_LIMITS:
                limits[key] = limits.get(key, 0) + 1

    def _sheet(self, message: Message, recipient: bytes, peer: Peer, original: bytes) -> Sheet:
        """Where a message counts. One of a login or local user is known again by what it has in common with others."""
        root = message.root or message
        if root is not message or root.source >= 0 or not (root.login or root.user):
            if root.source < 0:
                self._accounts.tell(root, peer, recipient, original)
            return self._sheets.of(root.source, message.host.name, message.mail_from or b"")
        key = (message.client, message.login, message.mail_from, message.user, message.script), message.host.name
        known = self._origins.get(key)
        if known is None or not known[2].open:
            self._accounts.tell(message, peer, recipient, original)
            sheet = self._sheets.of(message.source, message.host.name, message.mail_from or b"")
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins.clear()
            known = self._origins[key] = (message.account, message.source, sheet)
        message.account, message.source, sheet = known
        return sheet

    def post(self) -> None:
        """Bring what was counted into the tables."""
        self._sheets.post()

    def door(self, at: int, client: bytes, text: bytes) -> None:
        """Count a refusal at our own door."""
        if not self.wants(at):
            return
        said = self.replies(text, "", "", b"")
        rollup, key = self.rollup, (said.cause, at // 60)
        rollup.door[key] = rollup.door.get(key, 0) + 1
        ip = self._peers[client].ip
        if ip in rollup.door_clients or len(rollup.door_clients) < _MOST_CLIENTS:
            rollup.door_clients[ip] = rollup.door_clients.get(ip, 0) + 1
