"""`postmend explain`: the main job."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

import click

from postmend.app.explain import Explanation, Options, explain_sources
from postmend.app.inputs import walk_sources
from postmend.app.settings import load_settings
from postmend.cli.explain_text import report, short_line, totals
from postmend.cli.options import Unreadable, common, recorded, write_json
from postmend.cli.paper import Paper
from postmend.cli.progress import counting
from postmend.model import ParseError

_LONG = 5  # up to this many inputs get a whole report each


@click.command("explain")
@click.argument("paths", metavar="[FILE|DIR|-]...", nargs=-1)
@click.option("--text", metavar="TEXT", help="The reply itself, instead of a file.")
@click.option("--offline", is_flag=True, help="Ask nobody: the verdict from the text alone.")
@click.option("--ip", metavar="ADDRESS", help="The sending IP address, where the input does not tell.")
@click.option("--mail-from", metavar="ADDRESS", help="The envelope's MAIL FROM.")
@click.option("--helo", metavar="NAME", help="The HELO name of the sending server.")
@click.option("--message", metavar="FILE", help="The message that was refused: its From, DKIM and Received tell more.")
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(0.1, 600),
    metavar="SECONDS",
    help="Seconds for all evidence on one refusal (10).",
)
@click.option("--no-smtp", is_flag=True, help="Do not ask the recipient's server whether it takes the address.")
@click.option("--no-local", is_flag=True, help="Do not look at the mail server on this machine.")
@click.option("--full", is_flag=True, help="A whole report on each of many inputs, not a line.")
@recorded
@common
def command(
    paths: tuple[str, ...],
    text: str | None,
    offline: bool,
    ip: str | None,
    mail_from: str | None,
    helo: str | None,
    message: str | None,
    deadline_s: float | None,
    no_smtp: bool,
    no_local: bool,
    full: bool,
    record: str | None,
    replay: str | None,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Say why mail was refused, prove it, and how to mend it.

    Takes a bounce (.eml, .msg), an mbox, a Maildir, a folder, log lines, what `mailq` shows, a sending service's events
    (JSON), or text pasted on standard input.
    """
    settings = load_settings(
        config_path, offline=offline, resolver=resolver, ip=ip, mail_from=mail_from, helo=helo, deadline_s=deadline_s,
        smtp=False if no_smtp else None, local=False if no_local else None,
        record=record, replay=replay,
    )  # fmt: skip
    if text is None and not paths and sys.stdin.isatty():
        click.echo("Paste the bounce or the reply, then press Ctrl-D.", err=True)
    unreadable = Unreadable()
    # A few are looked at ahead, to know whether there are many; of a million files no list is made.
    sources = iter(()) if text is not None else walk_sources(paths)
    first = list(islice(sources, _LONG + 1))
    results = explain_sources(Options(settings, chain(first, sources), text, message), unreadable)
    many = len(first)
    results = counting(results, "inputs")
    found = _print_json(results) if as_json else _print_report(results, full=full, many=many)
    unreadable.tell(of_many=many > 1 or found > 0)
    if not found:
        if unreadable.count:
            sys.exit(2)
        raise ParseError("nothing to explain: no mail was found in the input")


def _print_json(results: Iterator[Explanation]) -> int:
    from postmend.app.explain_out import explained_out

    found = 0
    for found, result in enumerate(results, 1):  # noqa: B007  the count is wanted
        write_json(explained_out(result.intake, result.diagnoses))
    return found


def _print_report(results: Iterator[Explanation], *, full: bool, many: int) -> int:
    """Whole reports for a few inputs; a line each and the sum for many (an mbox shows itself only while it is read)."""
    paper = Paper.of_stdout()
    causes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    scopes: Counter[str] = Counter()
    held: list[Explanation] = []
    short = many > _LONG and not full
    for result in results:
        kinds[result.intake.kind] += 1
        causes.update(diagnosis.cause for diagnosis in result.diagnoses)
        scopes.update(f.detail for d in result.diagnoses for f in d.evidence if f.check == "scope")
        held.append(result)
        short = short or (len(held) > _LONG and not full)
        if short:
            _flush_short(held, paper)
        elif full:
            _flush_full(held, paper)
    _flush_full(held, paper)
    total = sum(kinds.values())
    if total > 1:
        click.echo("\n".join(totals(causes, kinds, scopes, paper)))
    return total


def _flush_short(held: list[Explanation], paper: Paper) -> None:
    for result in held:
        for diagnosis in result.diagnoses:
            click.echo(short_line(result.intake, diagnosis, paper))
    held.clear()


def _flush_full(held: list[Explanation], paper: Paper) -> None:
    for result in held:
        click.echo("\n".join(report(result.intake, result.diagnoses, paper)) + "\n")
    held.clear()
