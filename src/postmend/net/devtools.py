"""Chromium's DevTools protocol over a pipe: JSON messages, each ended by a NUL octet. Only what a picture needs.

The pipe is file descriptors 3 and 4 of the browser (`--remote-debugging-pipe`): no port that others could use.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

_MOST_OCTETS = 64 << 20  # of one message: a picture in base64
_ABOVE = 10  # file descriptors given to the shell, clear of the two it puts them on


class DevTools:
    """A browser that takes commands; raises EOFError where it ends, ValueError where it refuses a command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader = reader
        self._writer = writer
        self._last = 0

    async def call(self, method: str, session: str = "", **params: object) -> dict[str, Any]:
        """Send a command and wait for its result; events on the way are left out."""
        self._last += 1
        self._writer.write(_packed({"id": self._last, "method": method, "params": params}, session))
        while True:
            said = await self._next()
            if said.get("id") == self._last:
                if "error" in said:
                    raise ValueError(f"{method}: {said['error'].get('message', '')}"[:200])
                result: dict[str, Any] = said["result"]
                return result

    async def event(self, method: str) -> None:
        """Wait for an event."""
        while (await self._next()).get("method") != method:
            pass

    async def _next(self) -> dict[str, Any]:
        said: dict[str, Any] = msgspec.json.decode((await self._reader.readuntil(b"\0"))[:-1])
        return said


def _packed(message: dict[str, object], session: str) -> bytes:
    return msgspec.json.encode(message | ({"sessionId": session} if session else {})) + b"\0"


@asynccontextmanager
async def browse(words: Sequence[str], env: dict[str, str]) -> AsyncIterator[DevTools]:
    """Run a browser while the block runs; all of its processes are gone afterwards."""
    to_read, to_write, theirs = _pipes()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_MOST_OCTETS)
    listening, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(to_read, "rb"))
    writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(to_write, "wb"))
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f'exec "$@" 3</dev/fd/{theirs[0]} 4>/dev/fd/{theirs[1]}', "sh", *words,
            stdin=nothing, stdout=nothing, stderr=nothing, env=env, start_new_session=True, pass_fds=theirs,
        )  # fmt: skip
    finally:
        for each in theirs:
            os.close(each)
    try:
        yield DevTools(reader, writer)
    finally:
        writer.close()
        listening.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _pipes() -> tuple[int, int, tuple[int, int]]:
    """Two pipes: our ends (to read, to write), and the browser's (to read, to write)."""
    commands, answers = os.pipe(), os.pipe()
    theirs = (fcntl.fcntl(commands[0], fcntl.F_DUPFD, _ABOVE), fcntl.fcntl(answers[1], fcntl.F_DUPFD, _ABOVE))
    os.close(commands[0])
    os.close(answers[1])
    return answers[0], commands[1], theirs
