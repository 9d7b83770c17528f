"""The MIME structure (RFC 2045 to 2049): sound, decodable, a text beside the HTML that says the same, not too big."""

import re
from collections.abc import Iterator
from itertools import pairwise

from postmend.evidence.content.page import Page
from postmend.evidence.content.tell import found
from postmend.model import Finding
from postmend.model.message import Message, Part

_LINE_OCTETS = 998
GMAIL_CLIPS_AT = 102 << 10  # octets of HTML: the rest is behind "View entire message", the tracking pixel with it
_BIG = 25 * 1000 * 1000  # Gmail's and Outlook.com's limit; most others take 10 to 25 MB
_LARGE = 10 * 1000 * 1000
_ALIKE = 0.35  # share of the shorter side's words found in the other: newsletters' texts shorten links and menus
_WORD = re.compile(r"[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+|\[[^\[\]]{0,80}\]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def check_structure(message: Message, page: Page | None) -> tuple[Finding, ...]:
    """Findings `mime.*` and `text.*`. `page` is the HTML that is read, None where there is none."""
    return (
        *_faults(message),
        *_declared(message),
        *_lines(message),
        *_size(message),
        *_alternatives(message, page),
    )


def _faults(message: Message) -> Iterator[Finding]:
    told: set[str] = set()
    for part in message.parts:
        for ident, about in part.faults:
            if ident not in told:
                told.add(ident)
                yield found(ident, about, part=part.path or "the message")
    for ident, about in message.faults:
        if ident.startswith("mime."):
            yield found(ident, about, part="the message")


def _declared(message: Message) -> Iterator[Finding]:
    kind = message.first("content-type")
    if (kind or message.first("content-transfer-encoding")) and not message.first("mime-version"):
        yield found("mime.no_version")
    if kind and not re.match(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(?:;|\(|$)", kind.strip()):
        yield found("mime.bad_type", kind)


def _lines(message: Message) -> Iterator[Finding]:
    head_end = max(message.raw.find(b"\n\n"), message.raw.find(b"\r\n\r\n"))
    body = message.raw[head_end if head_end >= 0 else len(message.raw) :]
    if b"\0" in body:
        yield found("mime.nul")
    pairs, feeds, returns = body.count(b"\r\n"), body.count(b"\n"), body.count(b"\r")
    if returns > pairs or 0 < pairs < feeds:
        yield found("mime.bare_line_end")
    if _has_long_line(body):
        yield found("mime.line_too_long")


def _has_long_line(body: bytes) -> bool:
    """From line end to line end in strides of a whole line: a pattern would look at every octet many times."""
    at, stride = 0, _LINE_OCTETS + 2
    while at + stride < len(body):
        end = body.rfind(b"\n", at, at + stride)
        if end < 0:
            return True
        at = end + 1
    return False


def _size(message: Message) -> Iterator[Finding]:
    octets = len(message.raw)
    if octets > _BIG:
        yield found("mime.too_big", megabytes=f"{octets / 1e6:.0f}")
    elif octets > _LARGE:
        yield found("mime.large", megabytes=f"{octets / 1e6:.0f}")
    for part in message.texts("text/html"):
        if len(part.data) > GMAIL_CLIPS_AT:
            yield found("html.clipped", kilobytes=f"{len(part.data) / 1024:.0f}")
            break


def _alternatives(message: Message, page: Page | None) -> Iterator[Finding]:
    plain = [part for part in message.texts("text/plain") if part.text.strip()]
    if page is None:
        if not plain and not any(part.attached or part.type == "text/calendar" for part in message.parts):
            yield found("text.empty")
        return
    if not message.texts("text/plain"):
        yield found("text.missing")
        return
    text = " ".join(part.text for part in plain)
    if not text.strip():
        yield found("text.blank")
    elif not _alike(text, page.text):
        yield found("text.unlike_html")
    yield from _order(message)


def _order(message: Message) -> Iterator[Finding]:
    """The last alternative is the one shown (RFC 2046 section 5.1.4): the plain text goes first."""
    for part in message.parts:
        if part.type == "multipart/alternative":
            kinds = [kid.type for kid in _kids(message, part)]
            if "text/plain" in kinds and "text/html" in kinds and kinds.index("text/html") < kinds.index("text/plain"):
                yield found("mime.wrong_order")
                return


def _kids(message: Message, part: Part) -> list[Part]:
    depth = part.path.count(".") + 1 if part.path else 0
    head = f"{part.path}." if part.path else ""
    return [kid for kid in message.parts if kid.path and kid.path.startswith(head) and kid.path.count(".") == depth]


def _words(text: str) -> set[str]:
    """Words, or pairs of characters in scripts that are written without spaces."""
    plain = _URL.sub(" ", text[:200_000]).lower()
    words = set(_WORD.findall(plain))
    signs = _CJK.findall(plain)
    return words | {a + b for a, b in pairwise(signs)}


def _alike(text: str, html: str) -> bool:
    one, other = _words(text), _words(html)
    less = min(len(one), len(other))
    if less < 3:  # nothing to compare: a picture, or a single line on either side
        return max(len(one), len(other)) < 25
    return len(one & other) / less >= _ALIKE
