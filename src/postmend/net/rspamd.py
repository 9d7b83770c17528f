"""Rspamd over HTTP: one message to `/checkv2`, its symbols and scores back as a `FilterAnswer`."""

import asyncio
import contextlib

import msgspec

from postmend.model.spam import Answered, Envelope, FilterAnswer, Symbol
from postmend.net.filter_call import Server, call_filter

NAME = "rspamd"
MAX_BYTES = 50 << 20  # Rspamd's own `max_message`
_MAX_ANSWER = 8 << 20
_STOCK_MARKS_AT = 6.0  # `add_header` of the stock actions.conf, where the answer does not tell


class _Symbol(msgspec.Struct):
    name: str = ""
    score: float = 0.0
    description: str = ""
    options: list[str] = []


class _Answer(msgspec.Struct):
    """What of the answer is read (https://docs.rspamd.com/developers/protocol)."""

    score: float
    required_score: float
    action: str
    symbols: dict[str, _Symbol] = {}
    thresholds: dict[str, float] = {}


async def ask_rspamd(server: Server, message: bytes, envelope: Envelope, timeout_s: float) -> FilterAnswer:
    """Have a message scanned by the Rspamd at `server`, all within `timeout_s` seconds."""
    if len(message) > MAX_BYTES:
        problem = f"{len(message):,} bytes; Rspamd takes {MAX_BYTES:,}"
        return FilterAnswer(NAME, Answered.TOO_BIG, problem=problem)
    return await call_filter(NAME, server, _post(server, _request(message, envelope)), _read, timeout_s)


def _request(message: bytes, envelope: Envelope) -> bytes:
    """The request; what comes from outside cannot start a header of its own."""
    fields = [("IP", envelope.ip), ("Helo", envelope.helo), ("From", envelope.mail_from or "")]
    fields += [("Rcpt", each) for each in envelope.rcpt]
    lines = ["POST /checkv2 HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(message)}"]
    lines += [f"{name}: {_line(value)}" for name, value in fields if value]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + message


def _line(value: str) -> str:
    return "".join(c for c in value if c.isprintable())[:1000]


async def _post(server: Server, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server, limit=64 << 10)
    try:
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.") or head[9:12] != b"200":
            raise ValueError(head.split(b"\r\n")[0][:80].decode("latin-1"))
        length = _length(head)
        if length > _MAX_ANSWER:
            raise ValueError(f"an answer of {length:,} bytes")
        return await reader.readexactly(length) if length >= 0 else await _to_the_end(reader)
    except asyncio.LimitOverrunError as error:
        raise ValueError("headers without an end") from error
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return -1


async def _to_the_end(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while len(body) <= _MAX_ANSWER:
        more = await reader.read(64 << 10)
        if not more:
            return body
        body += more
    raise ValueError("an answer without an end")


def _read(body: bytes) -> FilterAnswer:
    answer = msgspec.json.decode(body, type=_Answer)
    symbols = tuple(
        Symbol(name, each.score, each.description, tuple(each.options[:20]))
        for name, each in sorted(answer.symbols.items(), key=lambda pair: -abs(pair[1].score))
    )
    marks_at = answer.thresholds.get("add header", _STOCK_MARKS_AT)
    refuses_at = answer.thresholds.get("reject", answer.required_score)
    return FilterAnswer(
        NAME, Answered.ANSWERED, answer.score, marks_at, refuses_at, answer.action, symbols
    )  # fmt: skip


async def ping_rspamd(server: Server, timeout_s: float) -> bool:
    """Whether an Rspamd worker answers at `server`."""
    try:
        async with asyncio.timeout(timeout_s):
            return b"pong" in await _post(server, b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    except (TimeoutError, OSError, EOFError, ValueError):
        return False
