"""The library's functions, as `import postmend` gives them; each that asks the network also as `..._async`."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from postmend.app.classify import classify, classify_async
from postmend.app.explain import explain_bytes, explain_bytes_async
from postmend.app.explain_out import Explained
from postmend.app.report import report
from postmend.app.score_out import Scored
from postmend.app.settings import Settings
from postmend.model import Address, parse_address

if TYPE_CHECKING:
    from postmend.app.checked import Checked
    from postmend.evidence.spf_result import SpfResult
    from postmend.model.verified import Verified

__all__ = [
    "check",
    "check_async",
    "check_spf",
    "check_spf_async",
    "classify",
    "classify_async",
    "explain",
    "explain_async",
    "parse_address",
    "parse_address_async",
    "report",
    "score",
    "score_async",
    "verify",
    "verify_async",
    "verify_many",
]


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _run_to_its_end(wanted: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, _T]:
    """The same function for callers without an event loop."""

    @wraps(wanted)
    def run(*args: _P.args, **options: _P.kwargs) -> _T:
        return asyncio.run(wanted(*args, **options))

    run.__name__ = run.__qualname__ = wanted.__name__.removesuffix("_async")
    return run


async def parse_address_async(text: str) -> Address:
    """`parse_address` for callers that await everything; it asks nobody. Raises ParseError saying why it is none."""
    return parse_address(text)


def _settings(
    offline: bool, resolver: str, ip: str, mail_from: str, helo: str, timeout_s: float, deadline_s: float, smtp: bool
) -> Settings:
    return Settings(
        offline=offline, resolver=resolver, ip=ip, mail_from=mail_from, helo=helo, timeout_s=timeout_s,
        deadline_s=deadline_s, smtp=smtp, local=False,
    )  # fmt: skip


def explain(
    raw: bytes | str,
    *,
    source: str = "-",
    offline: bool = False,
    resolver: str = "",
    ip: str = "",
    mail_from: str = "",
    helo: str = "",
    timeout_s: float = 2.0,
    deadline_s: float = 10.0,
    smtp: bool = True,
) -> list[Explained]:
    """Explain a bounce, an mbox, log lines or a reply: one result a message, as `postmend explain --json` prints it.

    `resolver` is HOST[:PORT], by default the system's; `timeout_s` is for one DNS question, `deadline_s` for all
    evidence on one refusal, both in seconds. With `smtp` the recipient's server may be asked too, up to RCPT TO.
    Raises ParseError where nothing of use is in `raw`.
    """
    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    return explain_bytes(data, source, _settings(offline, resolver, ip, mail_from, helo, timeout_s, deadline_s, smtp))


async def explain_async(
    raw: bytes | str,
    *,
    source: str = "-",
    offline: bool = False,
    resolver: str = "",
    ip: str = "",
    mail_from: str = "",
    helo: str = "",
    timeout_s: float = 2.0,
    deadline_s: float = 10.0,
    smtp: bool = True,
) -> list[Explained]:
    """`explain` for callers that run an event loop of their own."""
    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    settings = _settings(offline, resolver, ip, mail_from, helo, timeout_s, deadline_s, smtp)
    return await explain_bytes_async(data, source, settings)


async def check_spf_async(
    ip: str, mail_from: str = "", helo: str = "", resolver: str = "", timeout_s: float = 2.0
) -> "SpfResult":
    """Evaluate SPF (RFC 7208 section 4) for a client `ip`, the MAIL FROM (empty: null reverse-path) and the HELO name.

    The result has `.result` (none neutral pass fail softfail temperror permerror), `.explanation`, `.trace`.
    `resolver` is HOST[:PORT]; `timeout_s`, in seconds, is for one DNS question. Raises ParseError for a bad `ip`.
    """
    from postmend.evidence.spf import check_host
    from postmend.net.dns import open_resolver

    async with open_resolver(resolver, timeout_s) as asked:
        return await check_host(asked, ip, mail_from=mail_from, helo=helo)


check_spf = _run_to_its_end(check_spf_async)


async def score_async(
    raw: bytes | str,
    *,
    source: str = "-",
    offline: bool = False,
    resolver: str = "",
    ip: str = "",
    mail_from: str = "",
    helo: str = "",
    rcpt: tuple[str, ...] = (),
    rspamd: str = "auto",
    spamassassin: str = "auto",
    timeout_s: float = 2.0,
    filter_timeout_s: float = 15.0,
    deadline_s: float = 10.0,
) -> Scored:
    """Say what a message would be taken for, as `postmend score --json` prints it.

    `rspamd` and `spamassassin` are `auto` (the one running on this machine, else one started for the call), `start`,
    `off` or HOST[:PORT]; times in seconds. Raises ParseError for what is no message.
    """
    from postmend.app.score import ScoreOptions, score_bytes_async

    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    settings = Settings(
        offline=offline, resolver=resolver, ip=ip, mail_from=mail_from, helo=helo, timeout_s=timeout_s,
        deadline_s=deadline_s, rspamd=rspamd, spamassassin=spamassassin, filter_timeout_s=filter_timeout_s,
    )  # fmt: skip
    return await score_bytes_async(data, source, ScoreOptions(settings, rcpt))


score = _run_to_its_end(score_async)


async def check_async(
    target: str,
    *,
    only: Iterable[str] = (),
    selectors: Iterable[str] = (),
    resolver: str = "",
    ip: str = "",
    helo: str = "",
    timeout_s: float = 2.0,
    deadline_s: float = 10.0,
) -> "Checked":
    """Check a domain, host, IP or mail address, as `postmend check --json` prints it: `.bad`, `.findings`, `.plan`.

    `only` are topics, `selectors` DKIM selectors to look at, `ip` and `helo` the sending server; `timeout_s` is for
    one DNS question, `deadline_s` for all. Raises ParseError for what is no target.
    """
    from postmend.app.check import CheckOptions, check_targets

    settings = Settings(resolver=resolver, ip=ip, helo=helo, timeout_s=timeout_s, deadline_s=deadline_s)
    (found,) = await check_targets((target,), CheckOptions(settings, frozenset(only), tuple(selectors)))
    return found


check = _run_to_its_end(check_async)


def _verify_settings(mail_from: str, helo: str, resolver: str, options: dict[str, str | bool | float]) -> Settings:
    from postmend.app.settings import with_verify

    return with_verify(Settings(resolver=resolver), mail_from=mail_from, helo=helo, **options)


async def verify_async(
    address: str, *, mail_from: str = "", helo: str = "", resolver: str = "", **options: str | bool | float
) -> "Verified":
    """Say whether one address is alive (docs/verify.md): `.verdict`, `.reason`, `.address_verdict`, `.evidence`.

    `mail_from` and `helo` are who asks mail hosts; `only_mx=True` asks DNS only. Other options are those of
    `VerifySettings` (`ip`, `source_ip`, `smtp_port`, `self_check`, `patience_s` in seconds, ...). Raises UnfitError
    where the prober is not fit to ask, ParseError where nobody said who asks; what is no address is answered.
    """
    from postmend.app.verify import Verifier

    async with Verifier(_verify_settings(mail_from, helo, resolver, options)) as verifier:
        return await verifier.verify(address)


verify = _run_to_its_end(verify_async)


async def verify_many(
    addresses: Iterable[str] | AsyncIterable[str], *, mail_from: str = "", helo: str = "", resolver: str = "",
    **options: str | bool | float,
) -> "AsyncIterator[Verified]":  # fmt: skip
    """Verify a stream of addresses: an async iterator of answers as they come, each once. Options as `verify_async`.

    `addresses` may be an async iterable, such as rows of a database; it is read no faster than hosts answer.
    """
    from postmend.app.verify import Verifier

    async with Verifier(_verify_settings(mail_from, helo, resolver, options)) as verifier:
        async for found in verifier.verify_many(addresses):
            yield found
