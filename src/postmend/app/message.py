"""What a message tells `check`: signatures, chain, the receiver's own word, and the selectors it was signed with."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from postmend.app.inputs import Source, open_bytes
from postmend.intake.scan import normalise, read_headers, split_head
from postmend.model import Finding, ParseError

if TYPE_CHECKING:
    from postmend.app.check_world import World

_OF_MAILS = {"from", "received", "date", "message-id", "return-path"}
_JUDGED = {"dkim", "arc", "spf", "list"}
_ALIGNED = {"dmarc.pass", "dmarc.fail", "dmarc.not_judged"}
_MOST_OCTETS = 64 << 20


@dataclass(frozen=True, slots=True)
class Message:
    """A message under check; `signers` are domain and selector pairs."""

    raw: bytes
    signers: tuple[tuple[str, str], ...]


def read_message(path: str) -> Message:
    """Read a message, or a bounce that holds one; raise ParseError where it is neither."""
    with open_bytes(Source(path, Path(path))) as held:
        raw = bytes(held[: _MOST_OCTETS + 1])
    if len(raw) > _MOST_OCTETS:
        raise ParseError(f"{path}: a message of more than {_MOST_OCTETS >> 20} MiB is not read")
    head, _ = split_head(normalise(raw[: 1 << 20]))
    if not {name for name, _ in read_headers(head)} & _OF_MAILS:
        raise ParseError(f"{path}: not a mail")
    return Message(raw, (*_signers(raw), *_returned(raw, path)))


def _signers(raw: bytes) -> tuple[tuple[str, str], ...]:
    from postmend.evidence.canonical import split_message
    from postmend.evidence.dkim_signature import field_tags

    found: list[tuple[str, str]] = []
    for each in split_message(raw).named("dkim-signature")[:20]:
        try:
            tags = field_tags(each)
        except ParseError:
            continue
        if tags.get("d") and tags.get("s"):
            found.append((tags["d"].lower(), tags["s"]))
    return tuple(dict.fromkeys(found))


def _returned(raw: bytes, path: str) -> tuple[tuple[str, str], ...]:
    """The signer of the message that a bounce brought back."""
    from postmend.intake import read_any

    try:
        original = next(iter(read_any(raw, path))).original
    except (ParseError, StopIteration):
        return ()
    pair = (original.dkim_domain, original.dkim_selector)
    return (pair,) if all(pair) else ()


async def message_findings(world: "World", message: Message, now_s: int) -> tuple[Finding, ...]:
    """DKIM, ARC, SPF and DMARC, one-click unsubscribe, and the receiver's own Authentication-Results."""
    from postmend.app.score_asked import Asked
    from postmend.app.score_world import ask_world
    from postmend.evidence.authres import authres_findings, receivers_word
    from postmend.evidence.content.look_at import look_at
    from postmend.intake.envelope import envelope_of, moment_of
    from postmend.intake.message import read_message as take_apart

    settings = world.settings
    taken = take_apart(message.raw)
    looked = look_at(taken, moment_of(taken, datetime.fromtimestamp(now_s, UTC)))
    envelope = envelope_of(
        taken, ip=settings.ip, helo=settings.helo, mail_from=settings.mail_from or None, rcpt=()
    )  # fmt: skip
    async with Asked() as asked:
        told = await ask_world(world.asker, taken, looked, envelope, settings, asked)
    made = [each for each in told.findings if each.check in _JUDGED or each.id in _ALIGNED]
    return (*made, *authres_findings(receivers_word(message.raw)))
