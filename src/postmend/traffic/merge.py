"""Two stitchers that read a log's parts side by side made one: what is open at the edge goes on."""

from postmend.traffic.messages import Message
from postmend.traffic.stitch import Stitcher


def merge(mine: Stitcher, other: Stitcher) -> None:
    """Take over what another stitcher has read of the log's next part."""
    numbers = mine.ledger.rollup.merge(other.tables())
    mine.evicted += other.evicted
    for book in (*mine.books.values(), *other.books.values()):
        book.bring_back()
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
    for book in other.books.values():
        for message in book.messages.values():
            if message.root in joined:
                message.root = joined[message.root]
    mine.ledger.post()
    _join(mine, joined)
    _relink(mine, other, joined)
    for book in other.books.values():
        for message in book.messages.values():
            if not message.ready and message not in joined:
                mine.settle(message)


def _join(mine: Stitcher, joined: dict[Message, Message]) -> None:
    """Let each message that both parts had count; one that a filter may have handed in waits for all others."""
    for later, known in joined.items():
        _fill(known, later)
        if known.user and known.name:
            mine.picked(known)
    for known in sorted(joined.values(), key=lambda message: (not message.ready, message.user != b"")):
        if known.ready:
            mine.release(known)
        else:
            mine.settle(known)


def _fill(known: Message, later: Message) -> None:
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


def _relink(mine: Stitcher, other: Stitcher, joined: dict[Message, Message]) -> None:
    """What the other part handed over, or took in again, may belong to a message of ours."""
    for ident, others in other.awaited.items():
        awaited = [(joined.get(message, message), at, recipient, peer) for message, at, recipient, peer in others]
        child = mine.find(ident, awaited[0][0])
        if child is None:
            mine.awaited.setdefault(ident, []).extend(awaited)
        else:
            mine.link(child, awaited[0][0])
    for others in other.pipes.held.values():
        for message, at, recipient, peer in others:
            parent = joined.get(message, message)
            again = mine.pipes.hold((parent, at, recipient, peer))
            if again is not None:
                mine.link(again, parent)
    for message in other.pipes.picked.values():
        mine.picked(joined.get(message, message))
