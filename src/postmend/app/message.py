"""What a message tells `check`: signatures, chain, the receiver's own word, and the selectors it was signed with."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postmend.app.inputs import Source, open_bytes
from postmend.intake.original import address_in, first
from postmend.intake.scan import decode_words, normalise, read_headers, split_head
from postmend.model import Finding, ParseError

if TYPE_CHECKING:
    from postmend.app.check_questions import World

_MOST_OCTETS = 64 << 20


@dataclass(frozen=True, slots=True)
class Message:
    """A message under check: `from_domain` is that of its From field, `signers` are domain and selector pairs."""

    raw: bytes
    from_domain: str
    signers: tuple[tuple[str, str], ...]


def read_message(path: str) -> Message:
    """Read a message, or a bounce that holds one; raise ParseError where it is neither."""
    with open_bytes(Source(path, Path(path))) as held:
        raw = bytes(held[: _MOST_OCTETS + 1])
    if len(raw) > _MOST_OCTETS:
        raise ParseError(f"{path}: a message of more than {_MOST_OCTETS >> 20} MiB is not read")
    head, _ = split_head(normalise(raw[: 1 << 20]))
    headers = read_headers(head)
    if not headers:
        raise ParseError(f"{path}: not a mail")
    author = address_in(decode_words(first(dict(reversed(headers)), "from"))).rpartition("@")[2].lower()
    return Message(raw, author, (*_signers(raw), *_returned(raw, path)))


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
    """DKIM, ARC, DMARC alignment, one-click unsubscribe, and the receiver's own Authentication-Results."""
    from postmend.evidence.arc import arc_findings, verify_arc
    from postmend.evidence.authres import authres_findings, receivers_word
    from postmend.evidence.dkim_finding import check_dkim
    from postmend.evidence.dmarc import check_dmarc
    from postmend.evidence.unsubscribe import unsubscribe_findings

    found, results = await check_dkim(world.asker, message.raw, now_s)
    made = [*found, *arc_findings(await verify_arc(world.asker, message.raw))]
    made += authres_findings(receivers_word(message.raw))
    made += unsubscribe_findings(message.raw, results)
    if message.from_domain:
        passed = tuple(each.domain for each in results if each.passed)
        judged = await check_dmarc(world.asker, message.from_domain, dkim_domains=passed)
        made += [each for each in judged if each.id in {"dmarc.pass", "dmarc.fail", "dmarc.not_judged"}]
    return tuple(made)
