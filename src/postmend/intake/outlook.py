"""Outlook's `.msg` (MS-OXMSG, in a compound file), through python-oxmsg: the extra `outlook`."""

import io

from postmend.model import ParseError

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_outlook(raw: bytes) -> bool:
    """Whether it is a compound file, as `.msg` is."""
    return raw.startswith(_MAGIC)


def read_outlook(raw: bytes, source: str) -> bytes:
    """Return the message as RFC 5322 text: its headers where Outlook kept them, and its body.

    Raises ParseError where it is no message or the extra is not installed.
    """
    try:
        from oxmsg import Message
    except ImportError as error:
        raise ParseError(f"{source}: Outlook .msg needs the extra: pip install 'postmend[outlook]'") from error
    try:
        message = Message.load(io.BytesIO(raw))
        head = dict(message.message_headers)
        body, html = message.body or "", message.html_body or ""
        subject, sender = message.subject or "", message.sender or ""
    except Exception as error:  # a parser of hostile compound files may raise anything
        raise ParseError(f"{source}: not a readable Outlook message ({type(error).__name__})") from error
    lines = {name.lower(): f"{name}: {value}" for name, value in head.items() if name.lower() not in _ABOUT_BODY}
    lines.setdefault("from", f"From: {_line(sender)}")
    lines.setdefault("subject", f"Subject: {_line(subject)}")
    kind = "text/html" if html and not body.strip() else "text/plain"
    text = html if kind == "text/html" else body
    block = "\n".join(lines.values()).replace("\r\n", "\n")
    return f"{block}\nContent-Type: {kind}; charset=utf-8\n\n{text}".encode("utf-8", "replace")


# The body that Outlook kept is already decoded.
_ABOUT_BODY = {"content-type", "content-transfer-encoding", "mime-version"}


def _line(text: str) -> str:
    return " ".join(text.split())
