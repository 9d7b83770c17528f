"""`postmend check`: is it fit for mail, and what is wrong with it?"""

import asyncio
import sys
from collections.abc import Iterator

import click

from postmend.app.check import TOPICS, Checked, check_targets
from postmend.app.settings import load_settings
from postmend.cli.options import common, recorded, write_json
from postmend.cli.render import Paper, mark_line
from postmend.model import ParseError

_KINDS = {"domain": "a domain", "host": "a host", "ip": "an IP address", "address": "a mail address"}


@click.command("check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--only", metavar="TOPICS", help=f"Only these, with commas: {', '.join(TOPICS)}.")
@click.option("--deadline", "deadline_s", type=click.FloatRange(0.1, 600), help="Seconds for all of it (10).")
@click.option("--neighbours", is_flag=True, help="Ask the big blocklists about the addresses around too (a /24).")
@recorded
@common
def command(
    targets: tuple[str, ...],
    only: str | None,
    deadline_s: float | None,
    neighbours: bool,
    record: str | None,
    replay: str | None,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Check whether domains, hosts, IP addresses or mail addresses are fit for mail.

    Exits 1 when something is found that gets mail refused.
    """
    topics = frozenset(each.strip() for each in (only or "").split(",") if each.strip())
    if topics - set(TOPICS):
        raise ParseError(f"--only: no such topic: {', '.join(sorted(topics - set(TOPICS)))}")
    settings = load_settings(
        config_path, resolver=resolver, deadline_s=deadline_s, neighbours=neighbours, record=record, replay=replay
    )
    checked = asyncio.run(check_targets(targets, settings, topics))
    paper = Paper.of_stdout()
    for each in checked:
        if as_json:
            write_json(each)
        else:
            click.echo("\n".join(_report(each, paper)) + "\n")
    sys.exit(1 if any(each.bad for each in checked) else 0)


def _report(checked: Checked, paper: Paper) -> Iterator[str]:
    yield paper.head(f"{checked.target}: {_KINDS[checked.kind]}")
    order = {"fail": 0, "permerror": 0, "none": 1, "temperror": 2, "refused": 2, "not_asked": 2, "pass": 3}
    clean = [f for f in checked.findings if f.id == "blocklist.not_listed"]
    for finding in sorted((f for f in checked.findings if f not in clean), key=lambda f: order[f.result]):
        yield from mark_line(paper, finding.result, finding.detail, finding.source)
    if clean:
        names = ", ".join(f.data.get("zone", f.source) for f in clean)
        yield from mark_line(paper, "pass", f"not on {len(clean)} lists: {names}", "")
    for line in checked.not_asked:
        yield from mark_line(paper, "temperror", line, "")
