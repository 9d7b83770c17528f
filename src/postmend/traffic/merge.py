"""Two stitchers that read a log's parts side by side made one: what is open at the edge goes on."""

from postmend.traffic.messages import Message
from postmend.traffic.stitch import Stitcher


def merge(mine: Stitcher, other: Stitcher) -> None:
    """Take over what another stitcher has read of the log's next part."""
    numbers = mine.ledger.rollup.merge(other.tables())
    mine.evicted += other.evicted
    joined: dict[Message, Message] = {}
    for host, theirs in other.books.items():
        book = mine.host(host)
        for ident, message in theirs.messages.items():
            message.host, message.sheet = book, None
            message.source = numbers[message.source] if message.source >= 0 else -1
            known = book.messages.get(ident)
            if known is None or (known.removed and known.opened and message.opened):
                if known is not None:
                    mine.retire(known)
                book.messages[ident] = message
                mine.met(message)
            else:
                joined[message] = known
    _rejoin(mine, other, joined)


def _rejoin(mine: Stitcher, other: Stitcher, joined: dict[Message, Message]) -> None:
    """Everything of the other that hangs on a message which both had hangs on ours from now on."""
    for book in other.books.values():
        for message in book.messages.values():
            if message.root in joined:
                message.root = joined[message.root]
    for later, known in joined.items():
        _join(mine, known, later)
    for ident, others in other.awaited.items():
        awaited = [(joined.get(message, message), at, recipient, peer) for message, at, recipient, peer in others]
        child = mine.find(ident, awaited[0][0])
        if child is None:
            mine.awaited.setdefault(ident, []).extend(awaited)
        else:
            mine.link(child, awaited[0][0])
    for others in other.pipes.held.values():
        for message, at, recipient, peer in others:
            mine.pipes.hold((joined.get(message, message), at, recipient, peer))
    for message in other.pipes.picked.values():
        mine.picked(joined.get(message, message))


def _join(mine: Stitcher, known: Message, later: Message) -> None:
    """Two parts of one message: the origin from whichever has it, and all that was held back."""
    for name in ("client", "login", "user", "script", "name"):
        if not getattr(known, name):
            setattr(known, name, getattr(later, name))
    if known.mail_from is None:
        known.mail_from = later.mail_from
    known.opened |= later.opened
    known.removed |= later.removed
    known.children = (known.children or []) + (later.children or []) or None
    known.pending = (known.pending or []) + (later.pending or []) or None
    if known.ready:
        mine.release(known)
    else:
        mine.settle(known)
