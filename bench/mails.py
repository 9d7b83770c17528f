"""Mails a second, parse and classify, one core, against Debian's Sisimai and PyPI's flufl.bounce on one mbox.

The mbox: POSTMEND_BENCH_MBOX if set, else the corpus beside the repository if there, else the samples.
"""

import mailbox
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.timing import command, in_turn, row

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "bounces" / "mail" / "bsd"
MAILS = 12_000  # enough that no side's start-up counts

_POSTMEND = """
import sys
from pathlib import Path
from postmend.app.explain import read_failures
n = sum(1 for intake, readings in read_failures(Path(sys.argv[1]).read_bytes(), sys.argv[1]))
print(n)
"""
# The same with nothing remembered from one mail to the next: what it costs where no two notices are alike.
_FORGETFUL = """
import sys
from pathlib import Path
from postmend.app.explain import read_failures
from postmend.intake import failures
from postmend.knowledge import remembered
from postmend.knowledge.book import default_book
n = 0
for _ in read_failures(Path(sys.argv[1]).read_bytes(), sys.argv[1]):
    remembered._read.cache_clear()
    failures._told.cache_clear()
    default_book()._voted.clear()
    n += 1
print(n)
"""
_SISIMAI = "use Sisimai; my $v = Sisimai->make($ARGV[0]); print scalar(@$v), qq(\\n);"
_FLUFL = """
import sys, mailbox
from flufl.bounce import scan_message
print(sum(len(scan_message(message)) for message in mailbox.mbox(sys.argv[1])))
"""


def make_mbox(target: Path) -> int:
    """Write an mbox of about MAILS mails, repeated from what is there, each with an id of its own; return how many."""
    sources = sorted(CORPUS.glob("*.eml")) or sorted((ROOT / "samples").glob("*.eml"))
    mails = [path.read_bytes().replace(b"\r\n", b"\n") for path in sources]
    rounds = max(1, MAILS // len(mails))
    with target.open("wb") as out:
        for number in range(rounds):
            for i, raw in enumerate(mails):
                body = raw.split(b"\n", 1)[1] if raw.startswith(b"From ") else raw
                # A different local part in each round: no side may answer from a cache of whole texts. What Postmend
                # remembers of replies with their recipient masked shows beside what it does without.
                body = re.sub(rb"(?<=[a-z])@", b"%d@" % number, body)
                body = re.sub(rb"(?m)^From ", b">From ", body).rstrip(b"\n")
                out.write(b"From MAILER-DAEMON Thu Jan  1 00:00:%02d 2026\n" % (i % 60) + body + b"\n\n")
    return rounds * len(mails)


def _count(words: list[str]) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return done.stdout.strip() or f"failed: {done.stderr.strip()[-80:]}"


def run() -> None:
    """Print mails a second for each side, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(os.environ.get("POSTMEND_BENCH_MBOX") or Path(folder, "bounces.mbox"))
        total = len(mailbox.mbox(path)) if path.exists() else make_mbox(path)
        sides = {
            "postmend, parse and classify": [sys.executable, "-c", _POSTMEND, str(path)],
            "postmend, nothing remembered": [sys.executable, "-c", _FORGETFUL, str(path)],
            "postmend explain --offline --json": [
                str(Path(sys.executable).with_name("postmend")), "explain", "--offline", "--json", str(path),
            ],
        }  # fmt: skip
        if (
            shutil.which("perl")
            and subprocess.run(["perl", "-MSisimai", "-e1"], check=False, capture_output=True).returncode == 0
        ):
            sides["Sisimai (Perl, Debian)"] = ["perl", "-e", _SISIMAI, str(path)]
        if (
            subprocess.run([sys.executable, "-c", "import flufl.bounce"], check=False, capture_output=True).returncode
            == 0
        ):
            sides["flufl.bounce (recipients only)"] = [sys.executable, "-W", "ignore", "-c", _FLUFL, str(path)]
        taken = in_turn(*(command(["taskset", "-c", "0", *words]) for words in sides.values()))
        own = taken[0]
        for name, words, seconds in zip(sides, sides.values(), taken, strict=True):
            found = "" if "--json" in words else _count(words)
            row(
                f"mails/s: {name}",
                f"{total / seconds:,.0f}",
                f"{seconds / own:.2f} times postmend's time; found {found}",
            )
