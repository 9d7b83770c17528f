"""A corrected copy of a message: what a program can mend without knowing what the author meant. Pure: bytes to bytes.

Added: Date, Message-ID, MIME-Version, a text part beside HTML. Encoded anew: raw 8-bit fields and texts, texts in a
charset or a transfer encoding that is wrong, lines that are too long. Left out: second fields where one is allowed,
blank folds, control characters, DKIM signatures that no longer hold. The rest of the message stays byte for byte.
"""

import base64
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from postmend.evidence.content.addresses import mailboxes
from postmend.evidence.content.html import read_page
from postmend.evidence.content.page import Page
from postmend.model.message import Field, Message, Part

_ONCE = {
    "date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject",
    "mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id",
}  # fmt: skip
_LINE_OCTETS = 998
_ENCODE_ANEW = {
    "mime.raw_8bit", "mime.unknown_charset", "mime.wrong_charset", "mime.no_charset", "mime.broken_quoted_printable",
    "mime.broken_base64", "mime.unknown_encoding",
}  # fmt: skip
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_STRUCTURED = {"from", "to", "cc", "bcc", "sender", "reply-to"}


@dataclass(slots=True)
class _Work:
    """What is being written, and what was done, one line each."""

    message: Message
    done: list[str] = field(default_factory=list)

    def did(self, what: str) -> None:
        if what not in self.done:
            self.done.append(what)


def correct(message: Message, now: datetime, unique: str) -> tuple[bytes, tuple[str, ...]]:
    """The corrected message with CRLF line ends, and what was changed; `unique` is what its Message-ID begins with."""
    work = _Work(message)
    kids = _children(message)
    root = message.parts[0]
    head = [_mended(each, work) for each in _wanted(message, work)]
    names = {each.key for each in message.fields}
    head += _missing(message, names, now, unique, work)
    mime, body = _with_text(root, kids, work)
    if work.done:
        signed = [line for line in head if line.lower().startswith(b"dkim-signature:")]
        if signed:
            head = [line for line in head if line not in signed]
            work.did("DKIM-Signature left out: it no longer holds; your server signs anew")
    if "mime-version" not in names:
        head.append(b"MIME-Version: 1.0")
        if "content-type" in names or mime:
            work.did("MIME-Version added")
    raw = b"\n".join([*head, *mime]) + b"\n\n" + body
    return re.sub(rb"\r?\n|\r", b"\r\n", raw), tuple(work.done)


def _children(message: Message) -> dict[str, list[Part]]:
    """The parts right below each path."""
    made: dict[str, list[Part]] = {}
    for part in message.parts:
        if part.path:
            made.setdefault(part.path.rpartition(".")[0], []).append(part)
    return made


def _wanted(message: Message, work: _Work) -> list[Field]:
    """The fields that stay, but those of MIME, which are written anew."""
    seen: set[str] = set()
    kept: list[Field] = []
    for each in message.fields:
        if each.key in _ONCE and each.key in seen:
            work.did(f"second {each.name} left out")
            continue
        seen.add(each.key)
        if each.key in {"content-type", "content-transfer-encoding", "content-disposition"}:
            continue
        if each.key == "message-id" and not re.fullmatch(r"<[^\s<>@]+@[^\s<>@]+>", each.value.strip()):
            continue
        kept.append(each)
    return kept


def _missing(message: Message, names: set[str], now: datetime, unique: str, work: _Work) -> list[bytes]:
    made = []
    if "date" not in names:
        made.append(f"Date: {format_datetime(now)}".encode())
        work.did("Date added")
    ident = message.first("message-id").strip()
    if not re.fullmatch(r"<[^\s<>@]+@[^\s<>@]+>", ident):
        domain = next((each.domain for each in mailboxes(message.first("from")) if each.domain), "localhost")
        made.append(f"Message-ID: <{unique}@{domain}>".encode("ascii", "ignore"))
        work.did("Message-ID added" if not ident else "Message-ID written anew")
    return made


def _mended(each: Field, work: _Work) -> bytes:
    """One field, as it is where it is well."""
    raw = b"\n".join(line for line in each.raw.split(b"\n") if line.strip())
    if raw != each.raw:
        work.did(f"{each.name}: blank fold taken out")
    plain = _CONTROL.sub(b"", raw)
    if plain != raw:
        work.did(f"{each.name}: control characters taken out")
    if not plain.isascii():
        work.did(f"{each.name}: encoded (RFC 2047)")
        return _encoded(each)
    if max(map(len, plain.split(b"\n"))) > _LINE_OCTETS:
        work.did(f"{each.name}: folded")
        return _folded(plain)
    return plain


def _encoded(each: Field) -> bytes:
    """A field with what is not ASCII in encoded words; in a list of addresses only the names are touched."""
    value = each.value
    if each.key in _STRUCTURED:
        made = [
            f"{Header(box.name, 'utf-8').encode()} <{box.address}>" if box.name else box.address
            for box in mailboxes(value)
        ]
        value = ",\n ".join(made)
    else:
        value = Header(value, "utf-8", maxlinelen=75, header_name=each.name).encode()
    return f"{each.name}: {value}".encode("ascii", "replace")


def _folded(raw: bytes) -> bytes:
    """Folded at spaces; a word longer than a line is cut, for nothing else fits."""
    lines, now = [], b""
    for word in re.findall(rb"\s*\S{1,900}", raw.replace(b"\n", b"")):
        if now and len(now) + len(word) > 78:
            lines.append(now)
            now = b" " + word.lstrip()
        else:
            now += word
    return b"\n".join([*lines, now])


Written = tuple[list[bytes], bytes]  # MIME fields without the last line end, body


def _with_text(root: Part, kids: dict[str, list[Part]], work: _Work) -> Written:
    """The whole body; HTML without text gets a text part, and the two go into an alternative."""
    pages = work.message.texts("text/html")
    texts = [part for part in work.message.texts("text/plain") if part.text.strip()]
    if not pages or texts:
        return _node(root, kids, work, {})
    work.did("text/plain part made from the HTML")
    text = _text_leaf(_as_text(read_page(pages[0].text)), "text/plain")
    blank = {part.path for part in work.message.texts("text/plain")}
    return _node(root, kids, work, {pages[0].path: text}, blank)


def _node(
    part: Part, kids: dict[str, list[Part]], work: _Work, texts: dict[str, Written], drop: set[str] | None = None
) -> Written:
    """One node written; before the HTML part at a path of `texts` its text is put."""
    if part.type.startswith("multipart/") and part.path in kids:
        boundary = part.params.get("boundary", "") or "=_postmend"
        inside = [kid for kid in kids[part.path] if kid.path not in (drop or set())]
        if part.type == "multipart/alternative":
            inside = _ordered(inside, work)
        alternative = part.type == "multipart/alternative"
        made: list[Written] = []
        for kid in inside:
            if alternative and kid.path in texts:
                made.append(texts[kid.path])
                made.append(_node(kid, kids, work, {}, drop))
            else:
                made.append(_node(kid, kids, work, texts, drop))
        if any(ident == "mime.not_closed" for ident, _ in part.faults):
            work.did("the last boundary added")
        return _multipart(part.type, boundary, made)
    leaf = _leaf(part, work)
    if part.path in texts:
        return _multipart("multipart/alternative", f"=_postmend_{part.path or '0'}", [texts[part.path], leaf])
    return leaf


def _ordered(parts: list[Part], work: _Work) -> list[Part]:
    kinds = [part.type for part in parts]
    if "text/plain" in kinds and "text/html" in kinds and kinds.index("text/html") < kinds.index("text/plain"):
        work.did("text/plain put before the HTML")
        return sorted(parts, key=lambda part: part.type != "text/plain")
    return parts


def _multipart(kind: str, boundary: str, parts: list[Written]) -> Written:
    mark = b"--" + boundary.encode("utf-8", "replace")
    pieces = [mark + b"\n" + b"\n".join(head) + b"\n\n" + body.rstrip(b"\n") + b"\n" for head, body in parts]
    return [f'Content-Type: {kind};\n boundary="{boundary}"'.encode("utf-8", "replace")], b"".join(
        pieces
    ) + mark + b"--\n"


def _leaf(part: Part, work: _Work) -> Written:
    faults = {ident for ident, _ in part.faults}
    long = any(len(line) > _LINE_OCTETS for line in part.body.split(b"\n"))
    if part.type in {"text/plain", "text/html"} and not part.attached and (faults & _ENCODE_ANEW or long):
        work.did(f"{part.type} encoded anew in UTF-8")
        return _text_leaf(part.text, part.type)
    heads = [each.raw for each in part.fields if each.key.startswith("content-")]
    if (
        long
        and part.encoding in {"", "7bit", "8bit", "binary"}
        and not part.type.startswith(("message/", "multipart/"))
    ):
        work.did(f"{part.type} encoded in base64: its lines were too long")
        heads = [each.raw for each in part.fields if each.key.startswith("content-") and "encoding" not in each.key]
        return [*heads, b"Content-Transfer-Encoding: base64"], base64.encodebytes(part.body)
    return heads, part.body


def _text_leaf(text: str, kind: str) -> Written:
    data = text.encode("utf-8", "replace")
    dense = sum(c > 127 for c in data) > len(data) // 3
    encode: Callable[[bytes], bytes] = base64.encodebytes if dense else quopri.encodestring
    how = "base64" if dense else "quoted-printable"
    heads = [f"Content-Type: {kind}; charset=utf-8".encode(), f"Content-Transfer-Encoding: {how}".encode()]
    return heads, encode(data)


def _as_text(page: Page) -> str:
    """The words that are seen, and below them where the links lead."""
    lines = [" ".join(line.split()) for line in page.text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    told: dict[str, str] = {}
    for link in page.links:
        if link.target.lower().startswith(("http://", "https://", "mailto:")):
            told.setdefault(link.target, " ".join(link.text.split()))
    links = [f"{words}: {target}" if words and words != target else target for target, words in told.items()]
    return "\n".join([text, "", *links]).strip() + "\n"
