"""Encoded words (RFC 2047) and what people see of a header."""

import re
from email.header import decode_header

_WORD = re.compile(r"=\?")


def decoded(value: str) -> str:
    """A header value as a reader shows it; what cannot be decoded stays."""
    if not _WORD.search(value):
        return value
    try:
        pieces = decode_header(value[:8192])
    except (ValueError, UnicodeError):
        return value
    made = ""
    for text, charset in pieces:
        if isinstance(text, str):
            made += text
            continue
        try:
            made += text.decode(charset or "utf-8", "replace")
        except LookupError:
            made += text.decode("latin-1")
    return made
