"""`postmend check`: is it fit for mail, and what is wrong with it?"""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from postmend.app.settings import load_settings
from postmend.app.targets import TOPICS
from postmend.cli.options import common, recorded, write_json
from postmend.cli.paper import Paper, complain
from postmend.cli.progress import Progress
from postmend.model import ParseError

if TYPE_CHECKING:
    from postmend.app.checked import Checked


@click.command("check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--only", metavar="TOPICS", help=f"Only these, with commas: {', '.join(TOPICS)}.")
@click.option("--selector", "selectors", metavar="NAME", multiple=True, help="A DKIM selector to check; several times.")
@click.option("--message", metavar="FILE", help="A message from there, or a bounce: its signatures and selectors.")
@click.option("--ip", metavar="ADDRESS", help="The IP address that sends: may it, and is it fit to?")
@click.option("--helo", metavar="NAME", help="The name that it greets with.")
@click.option("--relay", metavar="ADDRESS", help="Try whether the servers relay to this address of yours.")
@click.option("--neighbours", is_flag=True, help="Ask the big blocklists about the addresses around too (a /24).")
@click.option("--save", is_flag=True, help="Keep the result, for --since.")
@click.option("--since", metavar="WHEN", help="What has changed since a saved one: last, 7d, 2026-11-01.")
@click.option("--full", is_flag=True, help="Every finding, and what it rests on.")
@click.option(
    "--deadline", "deadline_s", type=click.FloatRange(0.1, 600), metavar="SECONDS", help="Seconds for all of it (10)."
)
@recorded
@common
def command(
    targets: tuple[str, ...],
    only: str | None,
    selectors: tuple[str, ...],
    message: str | None,
    ip: str | None,
    helo: str | None,
    relay: str | None,
    neighbours: bool,
    save: bool,
    since: str | None,
    full: bool,
    deadline_s: float | None,
    record: str | None,
    replay: str | None,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Check whether domains, hosts, IP addresses or mail addresses are fit for mail.

    Exits 1 when something is found that gets mail refused.
    """
    from postmend.app.check import CheckOptions, check_targets

    topics = frozenset(each.strip() for each in (only or "").split(",") if each.strip())
    if topics - set(TOPICS):
        raise ParseError(f"--only: no such topic: {', '.join(sorted(topics - set(TOPICS)))}")
    settings = load_settings(
        config_path, resolver=resolver, deadline_s=deadline_s, neighbours=neighbours, record=record, replay=replay,
        ip=ip, helo=helo,
    )  # fmt: skip
    progress = Progress()
    options = CheckOptions(settings, topics, selectors, message or "", relay or "", progress.tell)
    try:
        checked = asyncio.run(check_targets(targets, options))
    finally:
        progress.clear()
    _compare(checked, since, save=save)
    _print(checked, as_json=as_json, full=full)
    sys.exit(1 if any(each.bad for each in checked) else 0)


def _compare(checked: "list[Checked]", since: str | None, *, save: bool) -> None:
    if since is None and not save:
        return
    from postmend.app.snapshots import compare_and_save

    for line in compare_and_save(checked, since, save=save):
        complain(line)


def _print(checked: "list[Checked]", *, as_json: bool, full: bool) -> None:
    if as_json:
        for each in checked:
            write_json(each)
        return
    from postmend.cli.check_text import check_report

    paper = Paper.of_stdout()
    for each in checked:
        click.echo("\n".join(check_report(each, paper, full=full)) + "\n")
