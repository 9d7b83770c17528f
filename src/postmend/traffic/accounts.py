"""Whose mail a message is: a login, a script, a local user, a client that may relay; or it came in for us."""

from postmend.traffic.messages import Message
from postmend.traffic.relays import Peer, Peers
from postmend.traffic.rollup import Rollup

INBOUND, NOTICES, RETURNED = b"inbound", b"notices", b"returned"
_MOST_RELAYED = 5_000


class Accounts:
    """Gives messages their account and source."""

    def __init__(self, rollup: Rollup, peers: Peers) -> None:
        self._rollup = rollup
        self._peers = peers

    def tell(self, root: Message, peer: Peer, recipient: bytes, original: bytes) -> None:
        """Tell it by the message's origin, and by whom it goes to: what comes from outside to here is inbound."""
        domain = (root.mail_from or b"").rpartition(b"@")[2].lower()
        client = self._peers[root.client] if root.client else None
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
            self._relay(client.ip, recipient, original)
        ip = b"" if client is None or root.account == INBOUND else client.ip
        root.source = self._rollup.source(root.account, ip)

    def _relay(self, ip: bytes, recipient: bytes, original: bytes) -> None:
        reached = self._rollup.relayed
        if original or (ip not in reached and len(reached) >= _MOST_RELAYED):
            return
        domains = reached.setdefault(ip, set())
        if len(domains) < 100:
            domains.add(recipient.rpartition(b"@")[2].lower())
