"""`postmend verify`: is this address alive? One, or a million."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from postmend.app.settings import Settings, load_settings, with_verify
from postmend.app.verify import UnfitError, Verifier, mends
from postmend.app.verify_out import reacher_out, verified_out
from postmend.cli.options import common, write_json
from postmend.cli.paper import Paper, clean, complain
from postmend.cli.render import mark_line
from postmend.cli.verify_list import ListOptions, run_list
from postmend.model import ParseError
from postmend.model.verified import Deliverability, Verified

_COLOUR = {
    Deliverability.DELIVERABLE: "green",
    Deliverability.UNDELIVERABLE: "red",
    Deliverability.RISKY: "yellow",
    Deliverability.UNKNOWN: "cyan",
}
_DO = {
    "keep": "keep the address",
    "retry": "ask again later; the address may be good",
    "suppress": "send nothing more to it",
}


@click.command("verify")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option("--input", "list_path", metavar="FILE", help="A list: CSV, JSON lines or plain lines; `-` for stdin.")
@click.option("--output", "output", metavar="FILE", help="Where the list goes with its answers (standard output).")
@click.option("--column", default="", metavar="NAME|N", help="The list's column of addresses (default: found out).")
@click.option("--list-format", "list_shape", type=click.Choice(["csv", "jsonl", "lines"]), help="Instead of guessing.")
@click.option("--state", metavar="FILE", help="Keep answers here, and go on from them (FILE.postmend beside the list).")
@click.option(
    "--max-age",
    "max_age_days",
    type=click.FloatRange(0, 3650),
    metavar="DAYS",
    help="Days that a kept answer is good (7).",
)
@click.option("--only-mx", is_flag=True, help="Ask DNS only, no mail host.")
@click.option("--mail-from", metavar="ADDR", help="MAIL FROM to ask with: an address of yours that takes mail.")
@click.option("--helo", metavar="NAME", help="Name to greet with (default: what reverse DNS calls you).")
@click.option("--ip", metavar="IP", help="The address that others see you by (default: found out).")
@click.option("--source-ip", metavar="IP", help="Local address to ask from.")
@click.option(
    "--smtp-port", type=click.IntRange(1, 65535), metavar="PORT", help="Port of the mail hosts, for laboratories (25)."
)
@click.option("--self-check/--no-self-check", default=None, help="Whether to check first that you are fit to ask.")
@click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(0, 86400),
    metavar="SECONDS",
    help="Seconds to wait out greylisting (330).",
)
@click.option("--format", "shape", type=click.Choice(["text", "json", "reacher"]), help="`reacher`: Reacher's JSON.")
@common
def command(
    addresses: tuple[str, ...],
    list_path: str | None,
    output: str | None,
    column: str,
    list_shape: str | None,
    state: str | None,
    max_age_days: float | None,
    only_mx: bool,
    mail_from: str | None,
    helo: str | None,
    ip: str | None,
    source_ip: str | None,
    smtp_port: int | None,
    self_check: bool | None,
    patience_s: float | None,
    shape: str | None,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Say whether mail addresses are alive, without sending anything.

    Their hosts are asked up to RCPT TO, politely: see docs/verify.md. Before that Postmend checks that whoever asks
    is fit to, and refuses where not. Exits 1 if an address is undeliverable, 0 for a list.
    """
    settings = with_verify(
        load_settings(config_path, resolver=resolver),
        only_mx=only_mx, mail_from=mail_from, helo=helo, ip=ip, source_ip=source_ip, smtp_port=smtp_port,
        self_check=self_check, patience_s=patience_s, max_age_days=max_age_days,
    )  # fmt: skip
    shape = "json" if as_json and shape is None else shape
    if bool(addresses) == bool(list_path):
        raise ParseError("give addresses or --input, not both" if addresses else "no address is given, and no --input")
    with _telling_unfit():
        if list_path:
            run_list(settings, ListOptions(list_path, output, column, list_shape or "", state, shape))
            sys.exit(0)
        bad = asyncio.run(_some(addresses, settings, _printer(shape or "text")))
    sys.exit(1 if bad else 0)


@contextmanager
def _telling_unfit() -> Iterator[None]:
    """Tell why the prober is not fit to ask and what to mend, and exit 2."""
    try:
        yield
    except UnfitError as error:
        complain("not fit to ask mail hosts, so nobody was asked:")
        for each in mends(error.findings):
            click.echo(clean(f"  {each.fault}") + "\n" + clean(f"    {each.do}"), err=True)
        sys.exit(2)


def _say_wait(seconds: float) -> None:
    click.echo(f"a host put the question off; it is asked again in {seconds:.0f} s (Ctrl-C ends)", err=True)


def _printer(shape: str) -> Callable[[Verified], None]:
    if shape == "json":
        return lambda found: write_json(verified_out(found))
    if shape == "reacher":
        return lambda found: write_json(reacher_out(verified_out(found)))
    paper = Paper.of_stdout()
    return lambda found: click.echo("\n".join(_report(found, paper)) + "\n")


async def _some(addresses: tuple[str, ...], settings: Settings, write: Callable[[Verified], None]) -> bool:
    """Verify the addresses side by side and print them in their order."""
    async with Verifier(settings, _say_wait if sys.stderr.isatty() else None) as verifier:
        tasks = [asyncio.create_task(verifier.verify(each)) for each in addresses]
        bad = False
        for task in tasks:
            found = await task
            write(found)
            bad = bad or found.verdict is Deliverability.UNDELIVERABLE
    return bad


def _report(found: Verified, paper: Paper) -> Iterator[str]:
    yield paper.style(clean(f"{found.address[:320]}: {found.verdict}"), fg=_COLOUR[found.verdict], bold=True)
    yield from paper.wrap(f"{found.reason}: {found.detail}", "  ")
    yield from paper.wrap(f"{found.address_verdict}: {_DO[found.address_verdict]}", "  ")
    if found.traits.suggestion:
        yield from paper.wrap(f"did you mean {found.traits.suggestion}?", "  ")
    told = [name for name in ("role", "free", "disposable") if getattr(found.traits, name)]
    if told:
        yield from paper.wrap("the address says: " + ", ".join(told), "  ")
    for finding in found.evidence:
        yield from mark_line(paper, finding.result, finding.detail, "")
