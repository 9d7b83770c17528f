"""A message as DKIM and ARC see it: raw fields and body, and the canonical forms of RFC 6376 section 3.4. Pure bytes.

Line ends are made CRLF first, whatever the file had: that is how the message travelled.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WSP = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb"\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_SIGNATURE_VALUE = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_MOST_FIELDS = 5_000


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case, and all of it as it stands, folds included, without the last CRLF."""

    name: str
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands behind the colon."""
        return self.raw.partition(b":")[2]


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Header fields from the top, and the body with CRLF line ends."""

    fields: tuple[Field, ...]
    body: bytes

    def named(self, name: str) -> tuple[Field, ...]:
        """The fields of one name (lower case), from the top."""
        return tuple(field for field in self.fields if field.name == name)


def split_message(raw: bytes) -> RawMessage:
    """Split a message into fields and body; what is no field is passed over. Never raises."""
    if raw.startswith(b"From "):  # the line that an mbox puts before a message
        raw = raw.partition(b"\n")[2]
    whole = _LINE_END.sub(b"\r\n", raw)
    head, gap, body = (b"", b"\r\n", whole[2:]) if whole.startswith(b"\r\n") else whole.partition(b"\r\n\r\n")
    del gap
    return RawMessage(tuple(_fields(head)), body)


def _fields(head: bytes) -> Iterator[Field]:
    lines: list[bytes] = []
    found = 0
    for line in [*head.split(b"\r\n"), b"end:"]:
        if line[:1] in {b" ", b"\t"} and lines:
            lines.append(line)
            continue
        if lines:
            raw = b"\r\n".join(lines)
            name = _FIELD.match(raw)
            assert name is not None
            yield Field(name[1].decode("ascii").lower(), raw)
            found += 1
        if found >= _MOST_FIELDS:
            return
        lines = [line] if _FIELD.match(line) else []


def canonical_field(field: Field, *, relaxed: bool) -> bytes:
    """A header field in canonical form, without the last CRLF (section 3.4.1, 3.4.2)."""
    if not relaxed:
        return field.raw
    value = _WSP.sub(b" ", field.value.replace(b"\r\n", b"")).strip(b" \t")
    return field.name.encode("ascii") + b":" + value


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """The body in canonical form (section 3.4.3, 3.4.4)."""
    if relaxed:
        body = _WSP.sub(b" ", body).replace(b" \r\n", b"\r\n")
        body = body.removesuffix(b" ")
    end = len(body)
    while body[max(end - 2, 0) : end] == b"\r\n":
        end -= 2
    if not end:
        return b"" if relaxed else b"\r\n"
    return body[:end] + b"\r\n"


def body_hash(body: bytes, *, relaxed: bool, algorithm: str, length: int | None = None) -> bytes:
    """The digest of the canonical body, of its first `length` octets where given (`l=`)."""
    whole = canonical_body(body, relaxed=relaxed)
    return hashlib.new(algorithm, whole if length is None else whole[:length]).digest()


def unsigned(field: Field) -> Field:
    """A signature's own field as it was hashed: the value of `b=` left out (section 3.5)."""
    name, colon, value = field.raw.partition(b":")
    return Field(field.name, name + colon + _SIGNATURE_VALUE.sub(rb"\1", value, count=1))


def chosen(fields: tuple[Field, ...], names: Iterable[str]) -> list[Field]:
    """The fields that `h=` names, of several with one name the lowest first; absent ones give nothing (5.4.2)."""
    left: dict[str, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    return [left[name].pop() for name in names if left.get(name)]


def header_input(fields: Iterable[Field], signature: Field, *, relaxed: bool) -> bytes:
    """What the header hash is made of: the fields, then the signature's own without its value (section 3.7)."""
    lines = [canonical_field(field, relaxed=relaxed) + b"\r\n" for field in fields]
    return b"".join(lines) + canonical_field(unsigned(signature), relaxed=relaxed)
