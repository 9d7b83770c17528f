"""`postmend score`: own time a message, and messages a second against the filters' own clients, on the same servers.

The filters are Debian's, started here on loopback; the messages are the tests' (every language, style and fault).
"""

import asyncio
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

from bench.timing import command, in_turn, row
from postmend.evidence.content.html import read_page
from postmend.evidence.content.look_at import look_at
from postmend.intake.message import read_message
from postmend.net.filters import RSPAMD, SPAMASSASSIN, find_program, start_filter
from tests.score.mails import FAULTS, NOW, good_mails
from tests.score.test_content import GOOD, fits

WORKERS = 2
MANY, FEW = 1000, 100


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
    """SpamAssassin's client, as many at once as the server has children, and as many waiting."""
    one = f"spamc -d {host} -p {port} -R <@ >/dev/null || :"  # it exits 1 for spam
    return ["sh", "-c", f"ls {folder}/* | xargs -P {2 * WORKERS} -I@ sh -c '{one}'"]


async def _filters(folder: Path) -> None:
    """Each filter alone against its client, then both at once, which go as fast as the slower one lets them."""
    many, few = _written(folder / "many", MANY), _written(folder / "few", FEW)
    postmend = [str(Path(sys.executable).with_name("postmend")), "score", "--offline", "--json"]
    async with start_filter(RSPAMD, [], WORKERS) as fast, start_filter(SPAMASSASSIN, [], WORKERS) as slow:
        where = {RSPAMD: f"{fast[0]}:{fast[1]}", SPAMASSASSIN: f"{slow[0]}:{slow[1]}"}
        sides = (
            (MANY, many, where[RSPAMD], "off"), (FEW, few, "off", where[SPAMASSASSIN]),
            (FEW, few, where[RSPAMD], where[SPAMASSASSIN]),
        )  # fmt: skip
        ours = [
            command([*postmend, "--rspamd", rspamd, "--spamassassin", spamassassin, str(path)], frozenset({0, 1}))
            for _, path, rspamd, spamassassin in sides
        ]
        rspamc = command(["rspamc", "-h", where[RSPAMD], "-n", str(4 * WORKERS), "symbols", str(many)])
        taken = await asyncio.to_thread(in_turn, *ours, rspamc, command(_spamc(*slow, few)))
    peers = (taken[3], taken[4], taken[4])
    names = ("rspamd alone", "spamassassin alone", "both at once")
    for name, (count, *_), own, peer in zip(names, sides, taken, peers, strict=False):
        client = "rspamc" if name == names[0] else "spamc"
        row(
            f"score: messages/s, {name}",
            f"{count / own:,.0f}",
            f"{peer / own:.2f} times {client}'s {count / peer:,.0f}",
        )


def run() -> None:
    """Print the figures."""
    _own()
    if not (find_program(RSPAMD) and find_program(SPAMASSASSIN)):
        row("score: the filters", "not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_filters(Path(folder)))
