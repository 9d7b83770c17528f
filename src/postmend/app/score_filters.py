"""The filters of a run: those that are running, those that are started for it, and what is said of the others."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from postmend.intake.envelope import with_trace
from postmend.model import ParseError
from postmend.model.message import Message
from postmend.model.spam import Answered, Envelope, FilterAnswer
from postmend.net.filters import RSPAMD, SPAMASSASSIN, Server, find_program, start_filter
from postmend.net.rspamd import ask_rspamd, ping_rspamd
from postmend.net.spamd import ask_spamd, ping_spamd

_USUAL = {RSPAMD: ("127.0.0.1", 11333), SPAMASSASSIN: ("127.0.0.1", 783)}
_PACKAGE = {RSPAMD: "rspamd", SPAMASSASSIN: "spamd"}
_PING_S = 1.0
AT_ONCE = 4  # messages on their way to one filter, a worker of it


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that can be asked at `server`, or why it cannot (`problem`)."""

    name: str
    server: Server | None
    problem: str = ""
    started: bool = False


def _parse_where(text: str, name: str) -> str | Server:
    """Read what an option says: `off`, `start`, `auto` (empty), or HOST[:PORT]."""
    from postmend.net.servers import parse_resolver

    if text in {"", "auto", "off", "start"}:
        return text or "auto"
    try:
        host, port = parse_resolver(text)
    except ParseError as error:
        raise ParseError(f"--{name} {text!r}: off, start or an IP address with :PORT is expected") from error
    return host, port if port != 53 or text.endswith(":53") else _USUAL[name][1]


async def open_filters(
    wanted: dict[str, str], resolvers: list[Server], workers: int, stack: AsyncExitStack, say: Callable[[str], None]
) -> list[Filter]:
    """Find or start each filter, side by side; `stack` stops them. A filter that does not come up is told, no more."""
    places = {name: _parse_where(text, name) for name, text in wanted.items()}
    return list(
        await asyncio.gather(*(_open(name, where, resolvers, workers, stack, say) for name, where in places.items()))
    )


async def _open(
    name: str, where: str | Server, resolvers: list[Server], workers: int, stack: AsyncExitStack,
    say: Callable[[str], None],
) -> Filter:  # fmt: skip
    if where == "off":
        return Filter(name, None, "off")
    if isinstance(where, tuple):
        return Filter(name, where)
    if where == "auto" and await (ping_rspamd if name == RSPAMD else ping_spamd)(_USUAL[name], _PING_S):
        return Filter(name, _USUAL[name])
    if not find_program(name):
        return Filter(name, None, f"not installed (Debian's package {_PACKAGE[name]})")
    say(f"starting {name}")
    try:
        server = await stack.enter_async_context(start_filter(name, resolvers, workers))
    except OSError as error:
        return Filter(name, None, str(error))
    return Filter(name, server, started=True)


async def ask_filter(
    each: Filter, message: Message, envelope: Envelope, moment: datetime, timeout_s: float
) -> FilterAnswer:
    """One filter's answer on one message."""
    if each.server is None:
        return FilterAnswer(each.name, Answered.ABSENT, problem=each.problem)
    if each.name == RSPAMD:
        return await ask_rspamd(each.server, message.raw, envelope, timeout_s)
    return await ask_spamd(each.server, with_trace(message, envelope, moment), timeout_s)
