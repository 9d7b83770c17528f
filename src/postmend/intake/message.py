"""Bytes into a `Message`: fields as written, the MIME tree, texts and attachments decoded. Never raises; all bounded.

`scan.py` reads notices, where being lenient is right; here what is broken is what is asked about, so every fault met
on the way is kept (`faults`), by the ids of `content.toml`.
"""

import binascii
import quopri
import re
from dataclasses import replace

from postmend.intake.scan import content_type, decode_words, may_be_charset, split_head, to_text
from postmend.model.message import Field, Message, Part

MAX_BYTES = 150 << 20
_MAX_PARTS = 1000
_MAX_DEPTH = 50
_MAX_FIELDS = 2000
_MAX_TEXT = 1 << 20  # bytes of a text part that are looked at
_MAX_DATA = 32 << 20  # bytes of attachments, together
_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_PARAM = re.compile(r";\s*([\w!#$%&'*+.^`{|}~-]{1,60})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"?|([^\s;\"]{1,2000}))")
_ENCODINGS = {"7bit", "8bit", "binary", "quoted-printable", "base64", ""}
_BROKEN_QP = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*$)")
_SHIFTED = re.compile(rb"\x1b\$[@B]")  # what ISO-2022-JP begins Japanese with (RFC 1468): in ASCII it means nothing
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
Faults = list[tuple[str, str]]


def read_message(raw: bytes) -> Message:
    """Take a message apart; what stands before the headers (an mbox line, a byte-order mark) is left out and told."""
    faults: Faults = []
    raw = _without_lead(raw[:MAX_BYTES], faults)
    plain = raw.replace(b"\r\n", b"\n")
    head, at = split_head(plain)
    fields = _fields(head, faults)
    parts = _tree(fields, plain[at:], faults)
    named: dict[str, list[Field]] = {}
    for each in fields:
        named.setdefault(each.key, []).append(each)
    return Message(raw, fields, tuple(parts), named, tuple(faults))


def _without_lead(raw: bytes, faults: Faults) -> bytes:
    if raw.startswith(b"\xef\xbb\xbf"):
        faults.append(("header.byte_order_mark", ""))
        raw = raw[3:]
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    return raw.lstrip(b"\r\n")


def _fields(head: bytes, faults: Faults | None = None) -> tuple[Field, ...]:
    found: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n"):
        if line[:1] in {b" ", b"\t"} and found:
            found[-1] = (found[-1][0], found[-1][1] + b"\n" + line)
            continue
        name = _NAME.match(line)
        if name is None:
            if line.strip() and faults is not None:
                faults.append(("header.not_a_field", line[:60].decode("latin-1")))
            continue
        found.append((name[1], line))
        if len(found) > _MAX_FIELDS:
            if faults is not None:
                faults.append(("header.too_many", str(_MAX_FIELDS)))
            break
    return tuple(_field(name.decode("latin-1"), raw) for name, raw in found)


def _field(name: str, raw: bytes) -> Field:
    return Field(name, _value(raw), raw, name.lower())


def _value(raw: bytes) -> str:
    value = raw.partition(b":")[2]
    return to_text(b" ".join(line.strip() for line in value.split(b"\n"))).strip()


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured field, names in lower case, RFC 2231 forms joined."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAM.findall(value):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    return _joined(found) if any("*" in name for name in found) else found


def _joined(found: dict[str, str]) -> dict[str, str]:
    """`filename*0*`, `filename*1` and `filename*` made one (RFC 2231 sections 3 and 4)."""
    from urllib.parse import unquote_to_bytes

    plain = {name: value for name, value in found.items() if "*" not in name}
    for name in sorted(name for name in found if "*" in name):
        base, value = name.partition("*")[0], found[name]
        charset = "utf-8"
        if name.endswith("*") and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        text = to_text(unquote_to_bytes(value), charset) if name.endswith("*") else value
        again = base in plain and not re.search(r"\*0\*?$|^[^*]+\*$", name)
        plain[base] = plain[base] + text if again else text
    return plain


def _tree(fields: tuple[Field, ...], body: bytes, faults: Faults) -> list[Part]:
    """Every node, parents first: a stack of our own, so that depth costs no recursion."""
    parts: list[Part] = []
    waiting = [("", fields, body, 0)]
    budget = _MAX_DATA
    while waiting:
        path, mine, inside, depth = waiting.pop()
        if len(parts) >= _MAX_PARTS:
            faults.append(("mime.too_many_parts", str(_MAX_PARTS)))
            break
        part = _node(path, mine, inside)
        if part.type.startswith("multipart/"):
            children, found = _children(part, depth)
            part = replace(part, faults=part.faults + tuple(found))
            waiting += [
                (f"{path}.{n}".lstrip("."), kid, rest, depth + 1) for n, (kid, rest) in reversed(children)
            ]  # fmt: skip
        else:
            part = _decoded(part, budget)
            budget = max(0, budget - len(part.data))
        parts.append(part)
    return parts


def _node(path: str, fields: tuple[Field, ...], body: bytes) -> Part:
    heads = {each.key: each.value for each in reversed(fields)}
    kind = content_type(heads.get("content-type", ""))
    params = parameters(heads.get("content-type", ""))
    placed = heads.get("content-disposition", "")
    name = parameters(placed).get("filename") or params.get("name", "")
    encoding = heads.get("content-transfer-encoding", "").split(";")[0].strip().lower()
    faults = () if encoding in _ENCODINGS else (("mime.unknown_encoding", encoding[:40]),)
    return Part(
        path, kind, params, fields, encoding, placed.split(";")[0].strip().lower(), decode_words(name), body,
        faults=faults,
    )  # fmt: skip


Child = tuple[int, tuple[tuple[Field, ...], bytes]]


def _children(part: Part, depth: int) -> tuple[list[Child], Faults]:
    faults: Faults = []
    if part.encoding not in {"", "7bit", "8bit", "binary"}:
        faults.append(("mime.encoded_multipart", part.encoding[:40]))
    boundary = part.params.get("boundary", "").rstrip()
    if not boundary:
        return [], [*faults, ("mime.no_boundary", part.type)]
    if depth >= _MAX_DEPTH:
        return [], [*faults, ("mime.too_deep", str(_MAX_DEPTH))]
    mark = b"\n--" + boundary.encode("utf-8", "surrogateescape")
    pieces = (b"\n" + part.body).split(mark, _MAX_PARTS + 1)
    closed = any(piece.startswith(b"--") for piece in pieces[1:])
    if len(pieces) < 2:
        return [], [*faults, ("mime.boundary_not_found", boundary[:70])]
    if not closed:
        faults.append(("mime.not_closed", boundary[:70]))
    children: list[Child] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        inside = piece.partition(b"\n")[2]
        if inside.startswith(b"\n"):
            children.append((len(children) + 1, ((), inside[1:])))
            continue
        head, at = split_head(inside)
        children.append((len(children) + 1, (_fields(head), inside[at:])))
    if not children:
        faults.append(("mime.no_part", part.type))
    return children, faults


def _decoded(part: Part, budget: int) -> Part:
    is_text = part.type in {"text/plain", "text/html", "text/calendar", "text/x-amp-html"}
    most = _MAX_TEXT if is_text else budget
    faults = list(part.faults)
    data = _undo(part, most, faults)
    if not is_text:
        return replace(part, data=data, faults=tuple(faults))
    charset = part.params.get("charset", "")
    text = _characters(data, charset, faults)
    if not part.encoding.startswith(("quoted", "base")) and not data.isascii() and part.encoding in {"", "7bit"}:
        faults.append(("mime.raw_8bit", part.encoding or "7bit"))
    return replace(part, data=data, text=text, faults=tuple(faults))


def _undo(part: Part, most: int, faults: Faults) -> bytes:
    """The transfer encoding undone, at most `most` bytes."""
    if part.encoding == "base64":
        raw = part.body[: most * 3 // 2]
        if _NOT_BASE64.search(raw[:65536]):
            faults.append(("mime.broken_base64", part.type))
        try:
            return binascii.a2b_base64(raw)[:most]
        except binascii.Error:
            if ("mime.broken_base64", part.type) not in faults:
                faults.append(("mime.broken_base64", part.type))
            whole = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
            return binascii.a2b_base64(whole[: len(whole) // 4 * 4])[:most]
    if part.encoding == "quoted-printable":
        raw = part.body[: most * 3]
        if _BROKEN_QP.search(raw):
            faults.append(("mime.broken_quoted_printable", part.type))
        return quopri.decodestring(raw)[:most]
    return part.body[:most]


def _characters(data: bytes, charset: str, faults: Faults) -> str:
    plain = charset.strip().lower()
    if plain and not may_be_charset(plain):
        faults.append(("mime.unknown_charset", charset[:40]))
        return to_text(data)
    if not plain and _SHIFTED.search(data):
        faults.append(("mime.no_charset", ""))
        return to_text(data, "iso-2022-jp")
    try:
        return data.decode(plain or ("ascii" if data.isascii() else "utf-8"))
    except LookupError:
        faults.append(("mime.unknown_charset", charset[:40]))
    except ValueError:  # UnicodeError among them
        faults.append(("mime.wrong_charset", charset[:40]) if plain else ("mime.no_charset", ""))
    return to_text(data, plain)
