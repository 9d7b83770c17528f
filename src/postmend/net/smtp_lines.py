"""What a mail server sends, line by line and reply by reply, over an asyncio transport, with a bounded buffer."""

import asyncio
import contextlib
import socket
from typing import cast

from postmend.net import smtp_wire as wire

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux's; falls back by itself, so set each time
_HIGH = 1 << 16  # octets read ahead before the sender is held back


class TooLongError(Exception):
    """A line or a reply beyond the limits."""


class Lines(asyncio.Protocol):
    """What comes in, line by line, with a bounded buffer."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ended = False
        self.transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what came, and hold the sender back where it is too much."""
        self.buffer += data
        self._acknowledge()
        if len(self.buffer) > _HIGH and self.transport is not None:
            self.transport.pause_reading()
        self._wake()

    def _acknowledge(self) -> None:
        """Without this a server that writes each reply of a pipelined group alone (Nagle) waits 40 ms for our ACK."""
        if _QUICKACK is not None and self.transport is not None:
            with contextlib.suppress(OSError, AttributeError):
                self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        del exc
        self.ended = True
        self._wake()

    def eof_received(self) -> bool:
        """Part of asyncio.Protocol: the other side will send no more."""
        self.ended = True
        self._wake()
        return False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def line(self) -> bytes:
        """One line without its end. Raises TooLongError, or EOFError where the connection has ended."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > wire.MOST_LINE:
                raise TooLongError
            if self.ended:
                raise EOFError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if end > wire.MOST_LINE:
            raise TooLongError
        found = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        if len(self.buffer) <= _HIGH and self.transport is not None and not self.ended:
            self.transport.resume_reading()
        return found

    async def end(self) -> None:
        """Wait until the other side has closed; what it still sends is dropped."""
        while not self.ended:
            self.buffer.clear()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    async def reply(self) -> tuple[int, list[str]]:
        """One whole reply; a bare code or a code that changes from line to line ends it as servers mean it."""
        texts: list[str] = []
        while True:
            code, last, text = wire.read_line(await self.line())
            texts.append(text)
            if last:
                return code, texts
            if len(texts) >= wire.MOST_LINES:
                raise TooLongError
