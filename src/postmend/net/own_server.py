"""Asking the mail server on this machine about itself: `postconf` and `postqueue`, or `exim -bP` and `exim -bpc`.

Nothing from outside goes into a command line. A tool that is missing, slow or not allowed to us tells nothing.
"""

import asyncio
import json
import shutil
from collections.abc import Sequence

from postmend.model.local import LocalServer

_PATIENCE_S = 2.0
_MOST_OCTETS = 4 << 20
_MOST_WAITING = 200  # recipients that are kept


async def look(prefix: Sequence[str] = ()) -> LocalServer | None:
    """Describe the mail server here; None where there is none. `prefix` enters another machine (`docker exec NAME`)."""
    if prefix or shutil.which("postconf"):
        found = await _postfix(prefix)
        if found is not None:
            return found
    for name in ("exim4", "exim"):
        if prefix or shutil.which(name):
            found = await _exim(prefix, name)
            if found is not None:
                return found
    return None


async def _postfix(prefix: Sequence[str]) -> LocalServer | None:
    names = ("myhostname", "smtp_helo_name", "smtp_bind_address", "smtp_bind_address6")
    told = await _run((*prefix, "postconf", "-xh", *names))
    values = [line.strip() for line in told.splitlines()]
    if len(values) != len(names):
        return None
    queue = (await _run((*prefix, "postqueue", "-j"))).splitlines()
    waiting = tuple(each for line in queue for each in _waiting(line))[:_MOST_WAITING]
    return LocalServer("Postfix", values[0], values[1], values[2] or values[3], len(queue), waiting)


def _waiting(line: str) -> list[tuple[str, str]]:
    """The recipients of one queued message and why each waits."""
    try:
        recipients = json.loads(line)["recipients"]
        return [(str(each["address"]), str(each.get("delay_reason", ""))) for each in recipients]
    except (ValueError, KeyError, TypeError):
        return []


async def _exim(prefix: Sequence[str], name: str) -> LocalServer | None:
    host = (await _run((*prefix, name, "-bP", "primary_hostname"))).partition("=")[2].strip()
    if not host:
        return None
    count = (await _run((*prefix, name, "-bpc"))).strip()
    return LocalServer("Exim", host, host, "", int(count) if count.isdigit() else 0)


async def _run(words: Sequence[str]) -> str:
    """What a command prints; empty where it fails, is missing, or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return ""
    assert process.stdout is not None
    try:
        raw = await asyncio.wait_for(process.stdout.read(_MOST_OCTETS), _PATIENCE_S)
        code = await asyncio.wait_for(process.wait(), _PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return raw.decode("utf-8", "replace") if code == 0 else ""
