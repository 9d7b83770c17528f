"""`postmend report`: what bounces here, why, and who causes it."""

import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from postmend.app.report import TOO_MUCH, Wanted, make_report, read_time
from postmend.app.report_tables import write_csv, write_parquet
from postmend.app.settings import load_settings
from postmend.cli.options import common, write_json
from postmend.cli.paper import Paper, complain
from postmend.cli.progress import Progress
from postmend.cli.report_text import TABLES, render
from postmend.model.counted import counted
from postmend.model.errors import unwritable
from postmend.traffic.report import Report


@click.command("report")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--since", metavar="TIME", default="", help="From here on: 2026-11-24, '2026-11-24 20:00', 7d, 12h.")
@click.option("--until", metavar="TIME", default="", help="Up to here, not included.")
@click.option("--by", type=click.Choice(TABLES), help="A whole table.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", default=1, show_default=True, help="Processes side by side."
)
@click.option("--domain", "domains", metavar="NAME", multiple=True, help="Take reports about these domains only.")
@click.option("--html", "html_path", metavar="FILE", help="Write one page with plots, whole in itself.")
@click.option("--csv", "csv_folder", metavar="FOLDER", help="Write the tables as CSV.")
@click.option("--parquet", "parquet_folder", metavar="FOLDER", help="Write the tables as Parquet.")
@click.option("-f", "--follow", is_flag=True, help="Go on with the last log as it grows; Ctrl-C ends it.")
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(0.2, 3600),
    metavar="SECONDS",
    default=5.0,
    help="Seconds between looks (5).",
)
@common
def command(
    paths: tuple[str, ...],
    since: str,
    until: str,
    by: str | None,
    jobs: int,
    domains: tuple[str, ...],
    html_path: str | None,
    csv_folder: str | None,
    parquet_folder: str | None,
    follow: bool,
    interval_s: float,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Say what bounces here, why, and who causes it.

    Takes logs (Postfix, Exim, Sendmail, OpenSMTPD, journald exports, Exchange and Microsoft 365 traces, PowerMTA,
    events of SES, SendGrid, Mailgun, Postmark, SparkPost, Brevo), mailboxes of bounces, DMARC, TLS and ARF reports;
    plain or packed, and folders of them.
    Exits 1 when a finding needs somebody to act, 2 when more than 1 % of the lines were not understood.
    """
    settings = load_settings(config_path, resolver=resolver)
    wanted = Wanted(paths, read_time(since), read_time(until), jobs, domains, settings.countries)
    if follow:
        _follow(wanted, interval_s, by, as_json=as_json)
    progress = Progress()
    try:
        report = make_report(wanted, progress.tell)
    finally:
        progress.clear()
    _write(report, html_path, csv_folder, parquet_folder)
    if as_json:
        write_json(report)
    else:
        click.echo("\n".join(render(report, Paper.of_stdout(), by)))
    _tell_doubts(report)
    sys.exit(2 if report.inputs.share > TOO_MUCH else 1 if report.act else 0)


def _tell_doubts(report: Report) -> None:
    """What could not be read, and whether it is too much to trust the rest."""
    for problem in report.inputs.problems:
        complain(problem)
    if report.inputs.share > TOO_MUCH:
        complain(
            f"{report.inputs.not_understood:,} of {counted(report.inputs.lines, 'line')} "
            f"({report.inputs.share:.1%}) not understood: do not trust these figures"
        )


def _follow(wanted: Wanted, interval_s: float, by: str | None, *, as_json: bool) -> NoReturn:
    """Show the report anew whenever the log has grown."""
    from postmend.app.report_follow import Follower

    follower = Follower(wanted)
    while True:
        if follower.poll():
            report = follower.report()
            if as_json:
                write_json(report)
            else:
                click.echo(
                    ("\x1b[H\x1b[2J" if sys.stdout.isatty() else "") + "\n".join(render(report, Paper.of_stdout(), by))
                )
            sys.stdout.flush()
        time.sleep(interval_s)


def _write(report: Report, html_path: str | None, csv_folder: str | None, parquet_folder: str | None) -> None:
    """What was asked for besides; each late import costs only those who ask."""
    if html_path:
        from postmend.cli.report_html import page

        try:
            Path(html_path).write_text(page(report), encoding="utf-8")
        except OSError as error:
            raise unwritable(html_path, error) from error
    if csv_folder:
        write_csv(report, csv_folder)
    if parquet_folder:
        write_parquet(report, parquet_folder)
