"""Exports of mail services as lines: UTF-16 as UTF-8, and JSON in whatever layout as one event a line.

What is in lines already passes untouched. Bounded: at most one JSON value of 32 MB is held.
"""

import codecs
import itertools
import json
from collections.abc import Iterator

import msgspec

from postmend.intake.logs.events import is_events
from postmend.intake.scan import UTF16

_MOST = 32 << 20  # characters of one value
_BROKEN = 200  # places at which it is gone on after what is broken
_LONG = 100 << 10  # characters above which a value goes on in several lines, one for each object in its lists


def is_export(head: bytes) -> bool:
    """Whether `as_lines` changes a file that begins so."""
    return head.startswith(UTF16) or _is_scattered(head)


def as_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes in lines, whatever form it has."""
    pieces = iter(pieces)
    first = next(pieces, b"").removeprefix(codecs.BOM_UTF8)
    if first.startswith(UTF16):
        pieces = (text.encode() for text in _decoded(itertools.chain((first,), pieces), "utf-16"))
        first = next(pieces, b"")
    pieces = itertools.chain((first,), pieces)
    yield from _events(_decoded(pieces, "utf-8")) if _is_scattered(first) else pieces


def _decoded(pieces: Iterator[bytes], charset: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(charset)("replace")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    yield decoder.decode(b"", final=True)


def _is_scattered(head: bytes) -> bool:
    """Whether it is events, but not one a line: in an array, on several lines, one behind the other."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start.startswith((b"{", b"[")) or not is_events(start):
        return False
    try:
        first = msgspec.json.decode(start.split(b"\n", 1)[0])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return not isinstance(first, dict) and len(start) > _LONG // 2


def _events(texts: Iterator[str]) -> Iterator[bytes]:
    rest, wanted = "", 0
    for text in texts:
        rest += text
        if len(rest) >= wanted:
            lines, at = _values(rest, 0)
            yield from lines
            rest = rest[at:]
            wanted = 2 * len(rest)  # what is not whole yet is tried again when there is twice as much
        if len(rest) > _MOST:
            break
    at = 0
    for _ in range(_BROKEN):
        lines, at = _values(rest, at)
        yield from lines
        if at == len(rest):
            break
        end = rest.find("\n", at) + 1 or len(rest)
        yield rest[at:end].encode()  # it is told as not understood
        at = end
    yield rest[at:].encode()
    yield from (text.encode() for text in texts)


def _values(text: str, at: int) -> tuple[list[bytes], int]:
    """The whole objects from a place on, as lines, and where they end."""
    decoder, lines = json.JSONDecoder(), list[bytes]()
    while (start := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return lines, start
        if at - start > _LONG:
            lines += _apart(value)
        else:
            lines.append(text[start:at].replace("\r", " ").replace("\n", " ").encode() + b"\n")
    return lines, len(text)


def _apart(value: dict[str, object]) -> Iterator[bytes]:
    for many in value.values():
        if isinstance(many, list):
            yield from (json.dumps(each).encode() + b"\n" for each in many)
