"""`postmend score`: will it be taken for spam?"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from postmend.app.inputs import Source, find_sources
from postmend.app.score import ScoreOptions, Scorer, open_scorer
from postmend.app.score_out import Scored
from postmend.app.settings import load_settings
from postmend.cli.ending import run_until_told
from postmend.cli.options import Unreadable, common, write_json
from postmend.cli.paper import Paper, complain
from postmend.cli.progress import Progress
from postmend.cli.score_text import report, short_line, totals
from postmend.model import ParseError

_LONG = 5  # up to this many messages get a whole report each


@click.command("score")
@click.argument("paths", metavar="[FILE|DIR|-]...", nargs=-1)
@click.option("--ip", metavar="ADDRESS", help="The address it is or will be sent from.")
@click.option("--helo", metavar="NAME", help="The HELO name of the sending server.")
@click.option("--mail-from", metavar="ADDRESS", help="The envelope's MAIL FROM.")
@click.option("--rcpt", metavar="ADDRESS", multiple=True, help="The envelope's RCPT TO; may be repeated.")
@click.option("--rspamd", metavar="WHERE", help="HOST[:PORT], start, off; else the one running here, or one started.")
@click.option("--spamassassin", metavar="WHERE", help="The same for spamd.")
@click.option("--filter-timeout", "filter_timeout_s", type=click.FloatRange(0.1, 600), metavar="SECONDS",
              help="Seconds a filter may take for a message (15).")  # fmt: skip
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(0.1, 600),
    metavar="SECONDS",
    help="Seconds for all DNS evidence (10).",
)
@click.option("--apply", "apply_to", metavar="FILE", help="Write a corrected copy of the message, and score it too.")
@click.option("--preview", metavar="FILE.png", help="Render its HTML to a picture, remote content blocked (Chromium).")
@click.option(
    "--listen", metavar="[HOST:PORT]", is_flag=False, flag_value="", help="Take messages over SMTP on loopback."
)
@click.option("--offline", is_flag=True, help="Ask no name server.")
@click.option("--full", is_flag=True, help="A whole report on each of many messages, not a line.")
@common
def command(
    paths: tuple[str, ...], ip: str | None, helo: str | None, mail_from: str | None, rcpt: tuple[str, ...],
    rspamd: str | None, spamassassin: str | None, filter_timeout_s: float | None, deadline_s: float | None,
    apply_to: str | None, preview: str | None, listen: str | None, offline: bool, full: bool, as_json: bool,
    resolver: str | None, config_path: str | None,
) -> None:  # fmt: skip
    """Say whether messages will be taken for spam, and what to change.

    Asks Rspamd and SpamAssassin (running here, or started for it) and looks at the message itself.
    Takes messages, mboxes and folders. Exits 1 when one would be refused or marked.
    """
    settings = load_settings(
        config_path, offline=offline, resolver=resolver, ip=ip, helo=helo, mail_from=mail_from, deadline_s=deadline_s,
        rspamd=rspamd, spamassassin=spamassassin, filter_timeout_s=filter_timeout_s,
    )  # fmt: skip
    options = ScoreOptions(settings, rcpt)
    run = _Run(options, Path(apply_to) if apply_to else None, Path(preview) if preview else None, listen)
    sources = run.sources(paths)
    show = write_json if as_json else _Terminal(full=full, many=len(sources))
    unreadable = Unreadable()
    taken = run_until_told(_score(sources, run, show, unreadable))
    if isinstance(show, _Terminal):
        show.end(taken)
    unreadable.tell(of_many=len(sources) > 1 or bool(taken))
    if not taken:
        if unreadable.count:
            sys.exit(2)
        raise ParseError("nothing to score: no message was found in the input")
    sys.exit(0 if set(taken) <= {"fine"} else 1)


@dataclass(frozen=True, slots=True)
class _Run:
    """What to do besides scoring."""

    options: ScoreOptions
    apply_to: Path | None
    preview: Path | None
    listen: str | None

    def sources(self, paths: tuple[str, ...]) -> list[Source]:
        """The messages to read; ParseError where the options do not go together."""
        if self.listen is not None:
            if paths or self.apply_to or self.preview:
                raise ParseError("--listen takes its messages over SMTP: no files, --apply or --preview with it")
            return []
        if not paths and sys.stdin.isatty():
            click.echo("Paste the message, then press Ctrl-D.", err=True)
        sources = find_sources(paths)
        if (self.apply_to or self.preview) and len(sources) != 1:
            raise ParseError("--apply and --preview are for one message")
        return sources


async def _score(
    sources: list[Source], run: _Run, show: Callable[[Scored], None], unreadable: Unreadable
) -> Counter[str]:
    from postmend.app import score_extras
    from postmend.app.score_many import read_messages, score_many

    taken: Counter[str] = Counter()
    progress = Progress()

    def shown(made: Scored) -> None:
        taken[made.taken] += 1
        progress.clear()
        show(made)
        sys.stdout.flush()  # with --listen the reader waits for each
        progress.say(f"{taken.total()} messages scored")

    async with open_scorer(run.options, progress.say) as scorer:
        _tell_absent(scorer)
        if run.listen is not None:
            await score_extras.listen(scorer, run.listen, shown, complain)
        elif run.apply_to or run.preview:
            for name, raw in read_messages(sources, unreadable):
                if run.preview:
                    await score_extras.preview(raw, run.preview)
                if run.apply_to:
                    shown(await score_extras.apply_corrections(scorer, raw, name, run.apply_to))
                else:
                    shown(await scorer.score(raw, name))
        else:
            async for made in score_many(scorer, sources, unreadable):
                shown(made)
        progress.say("stopping the filters")
    progress.clear()
    return taken


def _tell_absent(scorer: Scorer) -> None:
    """Once a run, where nothing of the two is there: the verdict then rests on our own checks alone."""
    if not any(each.server for each in scorer.filters):
        why = "; ".join(f"{each.name}: {each.problem}" for each in scorer.filters)
        complain(f"no filter to ask ({why}); only its own checks were made")


class _Terminal:
    """Whole reports on a few messages, a line each on many."""

    def __init__(self, *, full: bool, many: int) -> None:
        self._paper = Paper.of_stdout()
        self._full = full
        self._many = many
        self._shown = 0

    def __call__(self, made: Scored) -> None:
        self._shown += 1
        if self._full or max(self._many, self._shown) <= _LONG:
            click.echo("\n".join(report(made, self._paper)) + "\n")
        else:
            click.echo(short_line(made, self._paper))

    def end(self, taken: Counter[str]) -> None:
        if taken.total() > 1:
            click.echo("\n".join(totals(taken, self._paper)))
