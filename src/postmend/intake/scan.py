"""Bytes of a mail into headers, MIME parts and text: a scanner of our own, because hostile mail must cost nothing.

It never raises. Everything is bounded: headers, depth, parts, and how much of a part is decoded.
"""

import base64
import binascii
import codecs
import quopri
import re
from functools import lru_cache
from typing import NamedTuple

MAX_HEADER_BYTES = 256 << 10
MAX_PARTS = 64
MAX_DEPTH = 12
MAX_TEXT = 512 << 10  # of a notice: what it says stands at its beginning, and some name thousands of recipients

Headers = list[tuple[str, str]]
_FIELD = re.compile(r"^([!-9;-~]{1,76})[ \t]*:(.*)", re.MULTILINE)
# A fold; also before a parameter on a line of its own that somebody forgot to indent.
_FOLD = re.compile(r"\n(?:[ \t]+|(?=(?i:boundary|charset|report-type|type|format|name|filename)=))")
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"?|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:+-]{1,40})", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bqBQ])\?([^?\s]{0,2000}|[^?]{0,2000})\?=")
# What is not closed goes to the end: looked for once, and not again from each place.
_TAG = re.compile(
    r"<(?:style|script)\b.*?(?:</(?:style|script)>|\Z)|<!--.*?(?:-->|\Z)"
    r"|<(?P<br>br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/?blockquote)\b[^<>]*>|<[a-z!/][^<>]*>",
    re.IGNORECASE | re.DOTALL,
)


UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what Windows' shell and its exports begin with
_SMALL = 400  # octets of a part's header that is worth remembering
_NOT_ASCII = {"utf-16", "utf-16le", "utf-16be", "utf-7"}
# Codecs of Python that are no charsets of mail; some take time in the square of the length.
_NO_CHARSETS = {"", "punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}


class Part(NamedTuple):
    """A leaf of the MIME tree: content type (lower case, no parameters), its headers, and the undecoded body."""

    type: str
    headers: dict[str, str]
    body: bytes


def normalise(raw: bytes) -> bytes:
    """LF line ends, no byte-order mark, no blank lines before the headers."""
    if raw[:3] == b"\xef\xbb\xbf":
        raw = raw[3:]
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.lstrip(b"\n") if raw[:1] == b"\n" else raw


def split_head(raw: bytes) -> tuple[bytes, int]:
    """The header block and where the body begins; a mail without an empty line is all header."""
    end = raw.find(b"\n\n", 0, MAX_HEADER_BYTES)
    if end < 0:
        return raw[:MAX_HEADER_BYTES], len(raw)
    return raw[:end], end + 2


def read_headers(head: bytes) -> Headers:
    """Name (lower case) and unfolded value of each field; what is no field is passed over."""
    if head.isascii() and b"\x1b" not in head:
        return read_fields(head.decode("ascii"))
    # Each field may be in a charset of its own.
    fields = read_fields(head.decode("latin-1"))
    return [(name, to_text(value.encode("latin-1")).strip()) for name, value in fields]


def read_fields(text: str) -> Headers:
    """`read_headers` of a text that is decoded."""
    return [(name.lower(), value.strip()) for name, value in _FIELD.findall(_FOLD.sub(" ", text))]


def to_text(raw: bytes, charset: str = "") -> str:
    """Decode by the charset named, else UTF-8, else what the bytes look like; never fails, gives no lone surrogates."""
    charset = charset.strip().lower()
    if charset.startswith("utf-16") and b"\0" not in raw[:400]:
        charset = ""  # it says so, and is not
    if raw.isascii() and b"\x1b" not in raw and charset not in _NOT_ASCII:
        return raw.decode("ascii")
    if not may_be_charset(charset):
        charset = ""
    for name in (_guess(raw), charset, "utf-8"):
        if name:
            try:
                return _whole(raw.decode(name))
            except (UnicodeError, LookupError):
                continue
    try:
        return _whole(raw.decode(charset or "latin-1", "replace"))
    except (UnicodeError, LookupError):
        return raw.decode("latin-1")


def may_be_charset(name: str) -> bool:
    """Whether a name in lower case may go to Python's codecs, which raise for a NUL and know more than charsets."""
    return name.isprintable() and re.sub(r"[\s-]", "_", name) not in _NO_CHARSETS


def _whole(text: str) -> str:
    """A text without halves of surrogate pairs, which no encoding can write again."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _guess(raw: bytes) -> str:
    if b"\x1b$" in raw or b"\x1b(J" in raw:
        return "iso2022_jp_ext"
    return ""


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words; what is broken stays as it is."""
    if "=?" not in value:
        return value

    def word(found: re.Match[str]) -> str:
        charset, how, data = found.groups()
        try:
            if how in "bB":
                raw = base64.b64decode(data + "=" * (-len(data) % 4))
            else:
                raw = quopri.decodestring(data.replace("_", " ").encode("latin-1", "replace"))
        except (binascii.Error, ValueError):
            return found[0]
        return to_text(raw, charset)

    return _ENCODED_WORD.sub(word, re.sub(r"(\?=)\s+(=\?)", r"\1\2", value))


def content_type(value: str) -> str:
    """The media type of a Content-Type in lower case; text/plain where none is given or it is no type."""
    kind = value.split(";", 1)[0].strip().lower().split(" ", 1)[0]
    return kind if "/" in kind else "text/plain"


def parts(headers: dict[str, str], body: bytes) -> list[Part]:
    """Every leaf in order, at most MAX_PARTS; a message inside is a leaf of type message/rfc822, not entered."""
    found: list[Part] = []
    _walk(headers, body, 0, found)
    return found


def _walk(headers: dict[str, str], body: bytes, depth: int, found: list[Part]) -> None:
    value = headers.get("content-type", "")
    kind = content_type(value)
    named = _BOUNDARY.search(value) if depth < MAX_DEPTH and not kind.startswith(("text/", "message/")) else None
    if named is None:
        found.append(Part(kind, headers, body))
        return
    boundary = b"--" + (named[1] or named[2]).strip().encode("latin-1", "replace")
    start = 0 if body.startswith(boundary) else body.find(b"\n" + boundary) + 1
    if start == 0 and not body.startswith(boundary):
        found.append(Part("text/plain", headers, body))  # no part at all: what is there may still be the notice
        return
    if b"@" in body[:start]:
        found.append(Part("text/plain", {}, body[:start]))  # what stands there is mostly but a word on MIME
    while start >= 0 and len(found) < MAX_PARTS:
        line_end = body.find(b"\n", start)
        if line_end < 0 or body.startswith(b"--", start + len(boundary)):
            return
        nxt = body.find(b"\n" + boundary, line_end)
        inner = body[line_end + 1 : max(nxt, line_end + 1) if nxt >= 0 else len(body)]  # two boundaries may adjoin
        _walk(*_part_of(inner), depth + 1, found)
        start = nxt + 1 if nxt >= 0 else -1


def _part_of(inner: bytes) -> tuple[dict[str, str], bytes]:
    """A part's headers and body; without either an empty line or a field it is all body."""
    if inner.startswith(b"\n"):
        return {}, inner[1:]
    head, at = split_head(inner)
    headers = _known_head(head) if len(head) < _SMALL else dict(reversed(read_headers(head)))
    return headers, inner[at:] if headers else inner


@lru_cache(maxsize=256)
def _known_head(head: bytes) -> dict[str, str]:
    """The fields of a part, remembered: a program writes the same lines above each. Not to be changed."""
    return dict(reversed(read_headers(head)))


def part_bytes(part: Part, most: int) -> bytes:
    """The octets of a part, transfer encoding undone: at least its first `most`."""
    how = part.headers.get("content-transfer-encoding", "").strip().lower()
    if how == "base64":
        return _unbase64(part.body[: most * 2])
    if how == "quoted-printable":
        return quopri.decodestring(part.body[: most * 2])
    return part.body


def part_text(part: Part, most: int = MAX_TEXT) -> str:
    """The text of a part: transfer encoding and charset undone, HTML made plain, at most `most` octets of it."""
    raw = part_bytes(part, most)
    charset = _CHARSET.search(part.headers.get("content-type", ""))
    text = to_text(raw[:most], charset[1] if charset else "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.type == "text/html" or (part.type == "text/plain" and "<html" in text[:500].lower()):
        text = html_to_text(text)
    return text


def _unbase64(raw: bytes) -> bytes:
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        whole = clean if len(clean) % 4 != 1 else clean[:-1]
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    except binascii.Error:
        return raw


def html_to_text(text: str) -> str:
    """Tags out, blocks on lines of their own, entities decoded. No parser: hostile HTML may not blow one up."""
    import html

    plain = _TAG.sub(lambda found: "\n" if found["br"] else " ", text[:MAX_TEXT])
    plain = html.unescape(plain).replace("\xa0", " ")
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", "\n".join(" ".join(line.split()) for line in plain.split("\n")))
