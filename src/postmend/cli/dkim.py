"""`postmend dkim make`: a DKIM key, its record, and the lines for the signer."""

from collections.abc import Iterator

import click

from postmend.app.dkim_make import SIZES, MadeKey, make_key
from postmend.app.settings import load_settings
from postmend.cli.options import common, write_json
from postmend.cli.paper import Paper, clean


@click.group("dkim")
def command() -> None:
    """Make DKIM keys. To check them: `postmend check DOMAIN --only dkim --selector NAME`."""


@command.command("make", short_help="Make a key, its record and the signer's settings.")
@click.argument("domain")
@click.option("--selector", metavar="NAME", default="", help="The selector (default: pm and the month).")
@click.option("--type", "key_type", type=click.Choice(["rsa", "ed25519"]), default="rsa", help="rsa: read by all.")
@click.option("--bits", type=click.Choice([str(size) for size in SIZES]), default=str(SIZES[0]), help="Of an RSA key.")
@click.option("--out", "folder", metavar="DIR", default=".", help="Where the private key is put (here).")
@click.option("--offline", is_flag=True, help="Do not ask DNS whether the selector is in use.")
@common
def make(
    domain: str,
    selector: str,
    key_type: str,
    bits: str,
    folder: str,
    offline: bool,
    as_json: bool,
    resolver: str | None,
    config_path: str | None,
) -> None:
    """Make a key for DOMAIN: the private half in a file of your own, the record to publish, the signer's settings.

    Never overwrites a file, nor a selector that DNS has. RSA of 2048 bits is what every receiver reads; Ed25519 goes
    beside it, not instead.
    """
    settings = load_settings(config_path, resolver=resolver, offline=offline)
    made = make_key(domain, selector, key_type, int(bits), folder, settings)
    if as_json:
        write_json(made)
    else:
        click.echo("\n".join(_report(made, Paper.of_stdout())))


def _report(made: MadeKey, paper: Paper) -> Iterator[str]:
    yield f"The private key is in {clean(made.path)} (only you can read it)."
    yield ""
    yield paper.head("1. Publish this record")
    yield f"name   {made.record.name}"
    yield "type   TXT"
    yield f"value  {made.record.after}"
    yield paper.style(f"       {made.record.proof}", dim=True)
    yield ""
    yield "In a zone file:"
    yield f"  {made.zone_file}"
    yield paper.head("2. Let the server sign (its user must be able to read the key: chown)")
    for name, lines in (("OpenDKIM", made.opendkim), ("Rspamd", made.rspamd)):
        if lines:
            yield f"{name}:"
            yield from (f"  {line}" for line in lines)
    yield ""
    yield paper.head("3. See that it works")
    yield f"  postmend check {made.domain} --only dkim --selector {made.selector}"
