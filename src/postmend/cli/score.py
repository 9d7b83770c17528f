"""`postmend score`: will it be taken for spam?"""

import asyncio
import sys

import click

from postmend.app.inputs import find_sources, open_bytes
from postmend.app.score import ScoreOptions, open_scorer
from postmend.app.settings import load_settings
from postmend.cli.options import common, write_json
from postmend.cli.render import Paper
from postmend.cli.score_report import report


@click.command("score")
@click.argument("paths", metavar="[FILE|DIR|-]...", nargs=-1)
@click.option("--ip", metavar="ADDRESS", help="The address it is or will be sent from.")
@click.option("--helo", metavar="NAME", help="The HELO name of the sending server.")
@click.option("--mail-from", metavar="ADDRESS", help="The envelope's MAIL FROM.")
@click.option("--rcpt", metavar="ADDRESS", multiple=True, help="The envelope's RCPT TO; may be repeated.")
@click.option("--rspamd", metavar="WHERE", default="auto", help="HOST[:PORT], start, off or auto.")
@click.option("--spamassassin", metavar="WHERE", default="auto", help="HOST[:PORT], start, off or auto.")
@click.option("--filter-timeout", "filter_timeout_s", type=click.FloatRange(0.1, 600), default=15.0,
              help="Seconds a filter may take for a message (15).")  # fmt: skip
@click.option("--offline", is_flag=True, help="Ask no name server.")
@common
def command(
    paths: tuple[str, ...], ip: str | None, helo: str | None, mail_from: str | None, rcpt: tuple[str, ...],
    rspamd: str, spamassassin: str, filter_timeout_s: float, offline: bool,
    as_json: bool, resolver: str | None, config_path: str | None,
) -> None:  # fmt: skip
    """Say whether messages will be taken for spam, and what to change."""
    settings = load_settings(config_path, offline=offline, resolver=resolver, ip=ip, helo=helo, mail_from=mail_from)
    options = ScoreOptions(settings, rspamd, spamassassin, filter_timeout_s, rcpt)
    sys.exit(asyncio.run(_score(paths, options, as_json=as_json)))


async def _score(paths: tuple[str, ...], options: ScoreOptions, *, as_json: bool) -> int:
    paper = Paper.of_stdout()
    bad = False
    async with open_scorer(options) as scorer:
        for source in find_sources(paths):
            with open_bytes(source) as raw:
                made = await scorer.score(bytes(raw), source.name)
            bad = bad or made.taken != "fine"
            if as_json:
                write_json(made)
            else:
                click.echo("\n".join(report(made, paper)))
    return int(bad)
