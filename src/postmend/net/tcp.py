"""One DNS question over TCP (RFC 7766), for answers that do not fit a datagram."""

import asyncio
import contextlib

from postmend.model.errors import ParseError
from postmend.net.servers import Server
from postmend.net.udp import Question
from postmend.net.wire import Message, decode

_IDENT = 0  # a TCP connection cannot be answered by others


async def ask_tcp(question: Question, server: Server, timeout_s: float) -> Message | None:
    """Ask; None where the server does not take TCP, answers something else, or not within `timeout_s` seconds."""
    with contextlib.suppress(TimeoutError, OSError, ParseError, asyncio.IncompleteReadError):
        async with asyncio.timeout(timeout_s):
            return await _ask(question, server)
    return None


async def _ask(question: Question, server: Server) -> Message | None:
    reader, writer = await asyncio.open_connection(*server)
    try:
        packet = question.packet(_IDENT)
        writer.write(len(packet).to_bytes(2) + packet)
        await writer.drain()
        length = int.from_bytes(await reader.readexactly(2))
        message = decode(await reader.readexactly(length), question.rdtype)
        return message if message.id == _IDENT and question.fits(message) and not message.truncated else None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
