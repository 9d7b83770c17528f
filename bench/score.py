"""`postmend score`: own time a message, and messages a second against the filters' own clients, on the same servers.

The filters are Debian's, started here on loopback; the messages are the tests' (every language, style and fault).
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from bench.timing import Cost, command, costs_in_turn, in_turn, row
from postmend.app.score_filters import AT_ONCE
from postmend.evidence.content.html import read_page
from postmend.evidence.content.look_at import look_at
from postmend.intake.message import read_message
from postmend.net.filters import RSPAMD, SPAMASSASSIN, find_program, start_filter
from tests.score.mails import FAULTS, NOW, good_mails
from tests.score.test_content import GOOD, fits

WORKERS = 2
MANY, FEW = 1000, 200


def messages(count: int) -> list[bytes]:
    """Good messages and such with a fault, each different."""
    made = [mail.written() for _, mail in good_mails()]
    for ident, ways in FAULTS.items():
        if ident not in {"attachment.bomb", "mime.nul"}:
            made += [
                way(mail).written()
                for way in ways
                for name, mail in GOOD.items()
                if name[:2] == "en" and fits(ident, mail)
            ][:2]
    return [made[i % len(made)].replace(b"4711", b"%d" % (10000 + i)) for i in range(count)]


def _own() -> None:
    mails = messages(300)
    page = "".join(
        f'<table width="100%"><tr><td style="color:#333;padding:{i % 9}px"><a href="https://www.example.com/{i}">'
        f"A link</a> and some words beside it, as newsletters have them.</td></tr></table>\n"
        for i in range(300)
    )

    def all_mails() -> None:
        for raw in mails:
            look_at(read_message(raw), NOW)

    unclosed = "<a b='" * 1000
    looked, own, peer = in_turn(all_mails, lambda: read_page(page), lambda: HTMLParser().feed(page))
    own_worst, peer_worst = in_turn(lambda: read_page(unclosed), lambda: _closed(unclosed))
    octets = sum(map(len, mails)) / len(mails)
    row("score: own time a message", f"{looked / len(mails) * 1e3:.1f} ms", f"{octets / 1024:.1f} kB on average")
    row(f"score: HTML of {len(page) >> 10} kB, read whole", f"{own * 1e3:.1f} ms")
    row("score: html.parser, tags only, nothing kept", f"{peer * 1e3:.1f} ms", f"{peer / own:.2f} times ours")
    row("score: 6 kB of tags not closed", f"{own_worst * 1e3:.2f} ms", f"html.parser {peer_worst * 1e3:.0f} ms")


def _closed(page: str) -> None:
    parser = HTMLParser()
    parser.feed(page)
    parser.close()


def _written(folder: Path, count: int) -> Path:
    folder.mkdir()
    for i, raw in enumerate(messages(count)):
        (folder / f"{i:04}.eml").write_bytes(raw)
    return folder


def _spamc(host: str, port: int, folder: Path) -> list[str]:
    """SpamAssassin's client, as many at once as we send."""
    one = f"spamc -d {host} -p {port} -R <@ >/dev/null || :"  # it exits 1 for spam
    return ["sh", "-c", f"ls {folder}/* | xargs -P {AT_ONCE * WORKERS} -I@ sh -c '{one}'"]


def _rspamc(host: str, port: int, folder: Path) -> list[str]:
    return ["rspamc", "-h", f"{host}:{port}", "-n", str(AT_ONCE * WORKERS), "symbols", str(folder)]


def _ours(rspamd: str, spamassassin: str, folder: Path) -> Callable[[], object]:
    postmend = [str(Path(sys.executable).with_name("postmend")), "score", "--offline", "--json"]
    return command([*postmend, "--rspamd", rspamd, "--spamassassin", spamassassin, str(folder)], frozenset({0, 1}))


async def _filters(folder: Path) -> None:
    """Each filter alone against its client, then both at once, which go as fast as the slower one lets them.

    All clients run in turn on the same servers, with as many messages on their way. What a client computes itself is
    taken from the filters where all share the processors: its own time stands beside.
    """
    many, few = _written(folder / "many", MANY), _written(folder / "few", FEW)
    async with start_filter(RSPAMD, [], WORKERS) as fast, start_filter(SPAMASSASSIN, [], WORKERS) as slow:
        rspamd, spamassassin = (f"{host}:{port}" for host, port in (fast, slow))
        quick = await asyncio.to_thread(costs_in_turn, _ours(rspamd, "off", many), command(_rspamc(*fast, many)))
        _row("rspamd alone", "rspamc", MANY, *quick)
        alone, both, peer = await asyncio.to_thread(
            costs_in_turn,
            _ours("off", spamassassin, few),
            _ours(rspamd, spamassassin, few),
            command(_spamc(*slow, few)),
            rounds=3,
        )
        _row("spamassassin alone", "spamc", FEW, alone, peer)
        _row("both at once", "spamc", FEW, both, peer)


def _row(name: str, client: str, count: int, own: Cost, peer: Cost) -> None:
    row(
        f"score: messages/s, {name}",
        f"{count / own.wall_s:,.0f}",
        f"{peer.wall_s / own.wall_s:.2f} times {client}'s {count / peer.wall_s:,.0f};"
        f" own CPU {own.cpu_s / count * 1e3:.1f} ms a message, {client}'s {peer.cpu_s / count * 1e3:.1f}",
    )


def run() -> None:
    """Print the figures."""
    _own()
    if not (find_program(RSPAMD) and find_program(SPAMASSASSIN)):
        row("score: the filters", "not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_filters(Path(folder)))
