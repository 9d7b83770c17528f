"""SpamAssassin's spamd protocol (1.5): one message to REPORT, its rules and points back as a `FilterAnswer`.

The protocol has no place for the envelope: SpamAssassin reads it from the message, so whoever asks puts it there
(`intake.envelope`).
"""

import asyncio
import contextlib
import re

from postmend.model.spam import Answered, FilterAnswer, Symbol
from postmend.net.filter_call import Server, call_filter

NAME = "spamassassin"
MAX_BYTES = 500 << 10  # spamc sends nothing above this (`-s`), and neither do mail servers
_MAX_ANSWER = 1 << 20
_HEAD = re.compile(rb"SPAMD/\d\.\d +(\d+) +(\S+)")
_SPAM = re.compile(rb"^Spam: *(True|False|Yes|No) *; *(-?[\d.]+) */ *(-?[\d.]+)", re.IGNORECASE | re.MULTILINE)
# ` pts rule name  description`; a long description goes on below, indented.
_ROW = re.compile(r"^ *(-?\d+(?:\.\d+)?) +([A-Z_][A-Z0-9_]{2,}) +(.*(?:\n {10,}\S.*)*)", re.MULTILINE)


async def ask_spamd(server: Server, message: bytes, timeout_s: float) -> FilterAnswer:
    """Have a message scanned by the spamd at `server`, all within `timeout_s` seconds."""
    if len(message) > MAX_BYTES:
        problem = f"{len(message):,} bytes; spamc hands on at most {MAX_BYTES:,}"
        return FilterAnswer(NAME, Answered.TOO_BIG, problem=problem)
    request = b"REPORT SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(message) + message
    return await call_filter(NAME, server, _exchange(server, request), _read, timeout_s)


async def _exchange(server: Server, request: bytes) -> bytes:
    """Send, and read to the end of the connection, which is how spamd ends an answer."""
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(request)
        await writer.drain()
        writer.write_eof()  # spamd reads lines: it would wait for the end of a last one that has none
        answer = b""
        while more := await reader.read(64 << 10):
            answer += more
            if len(answer) > _MAX_ANSWER:
                raise ValueError("an answer without an end")
        return answer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _read(answer: bytes) -> FilterAnswer:
    head, _, body = answer.partition(b"\r\n\r\n")
    first = _HEAD.match(head)
    found = _SPAM.search(head)
    if first is None or first[1] != b"0" or found is None:
        raise ValueError(head[:80].decode("latin-1").split("\r")[0] or "it said nothing")
    score, required = float(found[2]), float(found[3])
    action = "spam" if found[1].lower() in {b"true", b"yes"} else "no action"
    symbols = [
        Symbol(name, float(points), " ".join(text.split()))
        for points, name, text in _ROW.findall(body.decode("utf-8", "replace").partition("Content analysis")[2])
    ]
    symbols.sort(key=lambda each: -abs(each.score))
    return FilterAnswer(NAME, Answered.ANSWERED, score, required, 0.0, action, tuple(symbols))


async def ping_spamd(server: Server, timeout_s: float) -> bool:
    """Whether a spamd answers at `server`."""
    try:
        async with asyncio.timeout(timeout_s):
            return b"PONG" in await _exchange(server, b"PING SPAMC/1.5\r\n\r\n")
    except (TimeoutError, OSError, EOFError, ValueError):
        return False
