"""`postmend classify`: one reply a line in, one answer a line out."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext

import click

from postmend.app.classify import classify_lines
from postmend.app.inputs import find_sources
from postmend.cli.options import common
from postmend.cli.paper import complain
from postmend.cli.progress import Progress
from postmend.model import ParseError
from postmend.model.counted import counted
from postmend.model.errors import unreadable

_MOST_TOLD = 5  # unreadable lines told one by one; all are counted
_MAX_LINE = 1 << 20  # a reply is a few hundred octets; what is longer than this is cut


def _lines(name: str) -> Iterator[bytes]:
    """Yield lines without their ends; a line beyond any reply's size is cut, so that memory stays bounded."""
    source = find_sources((name,))
    if len(source) != 1:
        raise ParseError(f"{name}: classify takes one file of replies, not a folder")
    path = source[0].path
    try:
        with nullcontext(sys.stdin.buffer) if path is None else path.open("rb") as file:
            while line := file.readline(_MAX_LINE):
                yield line.rstrip(b"\r\n")
                while line and not line.endswith(b"\n") and len(line) == _MAX_LINE:
                    line = file.readline(_MAX_LINE)
    except OSError as error:
        raise unreadable(name, error) from error


@click.command("classify")
@click.argument("file", default="-")
@common
def command(file: str, as_json: bool, resolver: str | None, config_path: str | None) -> None:
    """Classify replies by their text alone, in bulk.

    FILE (or standard input) holds one reply a line, plain or as a JSON object with `text` and, if known,
    `provider`, `stage` and `remote_mta`. Each line is answered by a line of JSON: cause, candidates, address
    (keep, retry, suppress), matched, rule. Nothing is asked of the network.
    """
    import msgspec

    del as_json, resolver, config_path  # it always prints JSON and never asks
    encode = msgspec.json.Encoder().encode
    write = sys.stdout.buffer.write
    progress = Progress(beside_output=True)
    bad = number = 0
    for number, answer in enumerate(classify_lines(_lines(file)), 1):
        if answer.error:
            bad += 1
            if bad <= _MOST_TOLD:
                progress.clear()
                complain(f"line {number}: {answer.error}")
        elif progress.due():
            progress.say(f"{number:,} replies read")
        write(encode(answer) + b"\n")
    progress.clear()
    if bad:
        rest = "; the others were answered" if bad < number else ""
        raise ParseError(f"{bad:,} of {counted(number, 'line')} could not be read{rest}")
