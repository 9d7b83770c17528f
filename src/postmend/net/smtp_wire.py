"""SMTP on the wire, without I/O: reply lines to values, and command lines that cannot carry anything but a command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from postmend.model import Address, EnhancedStatus, ParseError, Stage, parse_mailbox
from postmend.model.address import ascii_domain

# RFC 5321 section 4.5.3.1.5 allows 512 octets; some servers write longer ones, none this long.
MOST_LINE = 4096
MOST_LINES = 128
_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HELO = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")


def read_line(line: bytes) -> tuple[int, bool, str]:
    """Read one reply line without its end: code, whether it is the last, text; raise ParseError if it is none."""
    found = _REPLY.fullmatch(line.rstrip(b"\r\n"))
    if found is None:
        raise ParseError(f"not an SMTP reply: {line[:60]!r}")
    text = _CONTROL.sub(" ", (found[3] or b"").decode("utf-8", "replace")).strip()
    return int(found[1]), found[2] != b"-", text


def join_reply(code: int, texts: Sequence[str]) -> tuple[EnhancedStatus | None, tuple[str, ...]]:
    """Take the enhanced status (RFC 2034: it opens every line) out of the lines of a reply."""
    first = _STATUS.match(texts[0]) if texts else None
    if first is None or not str(code).startswith(first[1][0]):
        return None, tuple(texts)
    lines = []
    for text in texts:
        again = _STATUS.match(text)
        lines.append(text[again.end() :] if again and again[1] == first[1] else text)
    return EnhancedStatus.parse(first[1]), tuple(lines)


def hello(verb: str, name: str) -> str:
    """EHLO or HELO; raise ParseError for what is no host name or address literal."""
    if not _HELO.fullmatch(name):
        raise ParseError(f"not a name to say {verb} with: {name[:60]!r}")
    return f"{verb} {name}"


def _path(address: Address, *, smtputf8: bool) -> str:
    if address.smtputf8 and not smtputf8:
        raise ParseError("the server does not offer SMTPUTF8, which this address needs (RFC 6531)")
    return f"<{address.local}@{ascii_domain(address)}>"


def _mail_from(address: str, *, smtputf8: bool, for_utf8: bool = False) -> str:
    """MAIL FROM; raise ParseError for what is no address. `for_utf8` asks for SMTPUTF8 where it is offered."""
    path = _path(parse_mailbox(address), smtputf8=smtputf8) if address else "<>"
    wanted = smtputf8 and (for_utf8 or not path.isascii())
    return f"MAIL FROM:{path}" + (" SMTPUTF8" if wanted else "")


def _rcpt_to(address: str, *, smtputf8: bool) -> str:
    """RCPT TO; raise ParseError for what is no address."""
    return f"RCPT TO:{_path(parse_mailbox(address), smtputf8=smtputf8)}"


@dataclass(frozen=True, slots=True)
class Command:
    """A command about to be sent, or `why` it must not be."""

    stage: Stage
    line: str
    why: str = ""


def mail_command(address: str, *, smtputf8: bool, for_utf8: bool) -> Command:
    """MAIL FROM, or why it cannot be sent; `for_utf8` asks for SMTPUTF8 where it is offered."""
    try:
        return Command(Stage.MAIL, _mail_from(address, smtputf8=smtputf8, for_utf8=for_utf8))
    except ParseError as error:
        return Command(Stage.MAIL, "MAIL FROM", str(error))


def rcpt_command(address: str, *, smtputf8: bool) -> Command:
    """RCPT TO, or why it cannot be sent."""
    try:
        return Command(Stage.RCPT, _rcpt_to(address, smtputf8=smtputf8))
    except ParseError as error:
        return Command(Stage.RCPT, "RCPT TO", str(error))


def encode_command(line: str) -> bytes:
    """One command as it goes out; raise ParseError rather than send a second one along (RFC 5321 section 2.3.8)."""
    if _CONTROL.search(line):
        raise ParseError("a command holds no control characters")
    return line.encode() + b"\r\n"
