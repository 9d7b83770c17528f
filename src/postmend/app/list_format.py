"""Lists of addresses, record by record as bytes: CSV, JSON lines, plain lines.

What was there comes out as it was, results behind it. A record is never re-written, so quoting, encodings and line ends
survive; the one exception are cells that a spreadsheet would run as a formula, which get an apostrophe in front.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from postmend.model import ParseError

MOST_LINE = 1 << 24
_MOST_JOINED = 1 << 18  # a quoted field over several lines; what is longer was never closed
BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
NAMES = ("email", "e-mail", "email_address", "emailaddress", "mail", "address", "recipient", "to", "e-mail-adresse")
_DELIMITERS = (b",", b";", b"\t", b"|")
_FORMULA = re.compile(rb"\s*(?:[=@]|[+-].*[(|!])", re.DOTALL)


class Shape(StrEnum):
    """What a list is written in."""

    CSV = "csv"
    JSONL = "jsonl"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Line:
    """One record: `body` without its line end, `end` as it was (may be empty at the end of the file)."""

    body: bytes
    end: bytes


def decode(raw: bytes) -> str:
    """Text of a cell: UTF-8, or else the bytes as Latin-1; lists are often pasted from several sources."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _check_start(start: bytes) -> None:
    """Raise ParseError for text that is written in a way that nothing could be read in."""
    if start[:2] in _UTF16 or start[:1000].count(0) > len(start[:1000]) // 4:
        raise ParseError("the list is UTF-16 text, or no text at all; save it as UTF-8")
    if b"\n" not in start and b"\r" in start.strip():
        raise ParseError("the lines end in a bare CR; save the list with LF or CRLF")


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """Physical lines; raise ParseError for one beyond any list's size, and for UTF-16 and bare CR."""
    number = 0
    while line := file.readline(MOST_LINE + 1):
        number += 1
        if len(line) > MOST_LINE:
            raise ParseError(f"line {number} is longer than {MOST_LINE >> 20} MB: this is no list of addresses")
        if number == 1:
            _check_start(line)
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""
        yield Line(line[: len(line) - len(end)], end)


def _past_quotes(body: bytes, at: int) -> int:
    """Where a quoted field ends that is open at `at` (two quotes stand for one); -1 where it does not."""
    while (quote := body.find(b'"', at)) >= 0 and body[quote + 1 : quote + 2] == b'"':
        at = quote + 2
    return quote + 1 if quote >= 0 else -1


def _inside_quotes(body: bytes, delimiter: bytes, *, inside: bool) -> bool:
    """Whether a line ends inside a quoted field (RFC 4180: a quote opens only at a field's start)."""
    at = 0
    while True:
        if inside or body[at : at + 1] == b'"':
            at, inside = _past_quotes(body, at if inside else at + 1), False
            if at < 0:
                return True
        found = body.find(delimiter, at)
        if found < 0:
            return False
        at = found + 1


def read_records(file: BinaryIO, delimiter: bytes) -> Iterator[Line]:
    """CSV records: lines, joined where a quoted field goes on. A quote that is never closed spoils only its line."""
    lines = read_lines(file)
    waiting: deque[Line] = deque()
    while line := waiting.popleft() if waiting else next(lines, None):
        taken = [line]
        inside = b'"' in line.body and _inside_quotes(line.body, delimiter, inside=False)
        size = len(line.body)
        while inside and size < _MOST_JOINED and (more := waiting.popleft() if waiting else next(lines, None)):
            taken.append(more)
            size += len(more.body)
            inside = _inside_quotes(more.body, delimiter, inside=True)
        if inside:
            waiting.extendleft(reversed(taken[1:]))
            yield line
        else:
            yield Line(b"".join(each.body + each.end for each in taken[:-1]) + taken[-1].body, taken[-1].end)


def split_fields(body: bytes, delimiter: bytes) -> list[bytes]:
    """The fields of a record, still quoted."""
    if b'"' not in body:
        return body.split(delimiter)
    fields: list[bytes] = []
    start = at = 0
    while True:
        if body[at : at + 1] == b'"':
            past = _past_quotes(body, at + 1)
            at = past if past >= 0 else len(body)
        found = body.find(delimiter, at)
        if found < 0:
            return [*fields, body[start:]]
        fields.append(body[start:found])
        start = at = found + 1


def unquoted(field: bytes) -> bytes:
    """A field's value."""
    if len(field) > 1 and field.startswith(b'"') and field.endswith(b'"'):
        return field[1:-1].replace(b'""', b'"')
    return field


def cell(text: str, delimiter: bytes) -> bytes:
    """A value as a cell: quoted where it has to be, never a formula."""
    raw = text.replace("\r", " ").replace("\n", " ").encode()
    if _FORMULA.match(raw):
        raw = b"'" + raw
    if delimiter in raw or b'"' in raw:
        return b'"' + raw.replace(b'"', b'""') + b'"'
    return raw


def defused(fields: list[bytes]) -> list[bytes]:
    """The fields of a row as they were, but for those that a spreadsheet would run."""
    return [
        b"\"'" + unquoted(field).replace(b'"', b'""') + b'"' if _FORMULA.match(unquoted(field)) else field
        for field in fields
    ]


def guess_shape(name: str, head: bytes) -> tuple[Shape, bytes]:
    """What a list is written in, by its name and its first line; and the delimiter of a CSV."""
    first = next((line for line in head.removeprefix(BOM).splitlines() if line.strip()), b"")
    delimiter = max(_DELIMITERS, key=lambda each: len(split_fields(first, each)))
    suffix = name.lower().rpartition(".")[2]
    if suffix in {"jsonl", "ndjson", "json"} or first.lstrip()[:1] == b"{":
        return Shape.JSONL, delimiter
    if suffix in {"csv", "tsv"} or unquoted(first.strip()).decode("latin-1").lower() in NAMES:
        return Shape.CSV, delimiter
    fields = split_fields(first, delimiter)
    several = len(fields) > 1 and (b"@" not in first or any(b"@" in each and b" " not in each for each in fields))
    return (Shape.CSV if several and b'"@' not in first else Shape.LINES), delimiter
