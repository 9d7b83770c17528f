"""Mails a second, parse and classify, one core, against Debian's Sisimai and PyPI's flufl.bounce on the same mbox.

Our own side stands there as it is used (alike notices are read once), with nothing remembered from one mail to the
next, and as the command that explains each mail in JSON, beside Sisimai's own JSON.

Two of them: POSTMEND_BENCH_MBOX if set, else the corpus beside the repository if there, else the samples; and
`bench.mailing`, where few wordings come from many hosts.
"""

import mailbox
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.mailing import make_mailing
from bench.timing import command, costs_in_turn, row

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "bounces" / "mail" / "bsd"
MAILS = 24_000  # enough that start-up and the compiling of patterns count little on either side

_POSTMEND = """
import sys
from pathlib import Path
from postmend.app.explain import read_failures
n = sum(1 for intake, readings in read_failures(Path(sys.argv[1]).read_bytes(), sys.argv[1]))
print(n)
"""
# The same with nothing remembered from one mail to the next but compiled patterns: what it costs where no two notices
# are alike.
_FORGETFUL = """
import sys
from pathlib import Path
from postmend.app.explain import read_failures
from postmend.intake import original, scan, understood
from postmend.knowledge import masks, providers, read, remembered, unwrap
from postmend.knowledge.book import default_book
memories = (
    remembered._read, understood._remembered, masks.masked, unwrap.layers, read._folded, read.hypotheses,
    scan._known_head, original.address_in, providers.known_end,
)
n = 0
for _ in read_failures(Path(sys.argv[1]).read_bytes(), sys.argv[1]):
    for memory in memories:
        memory.cache_clear()
    default_book()._voted.clear()
    default_book()._spoken.clear()
    masks._plain.clear()
    masks._named.clear()
    n += 1
print(n)
"""
_SISIMAI_JSON = "use Sisimai; print Sisimai->dump($ARGV[0]);"
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


def _has(words: list[str]) -> bool:
    return (
        shutil.which(words[0]) is not None and subprocess.run(words, check=False, capture_output=True).returncode == 0
    )


def _sides(path: Path) -> dict[str, list[str]]:
    sides = {
        "postmend, alike notices remembered": [sys.executable, "-c", _POSTMEND, str(path)],
        "postmend, nothing remembered": [sys.executable, "-c", _FORGETFUL, str(path)],
        "postmend explain --offline --json": [
            str(Path(sys.executable).with_name("postmend")), "explain", "--offline", "--json", str(path),
        ],
    }  # fmt: skip
    if _has(["perl", "-MSisimai", "-e1"]):
        sides["Sisimai (Perl, Debian)"] = ["perl", "-e", _SISIMAI, str(path)]
        sides["Sisimai, JSON"] = ["perl", "-e", _SISIMAI_JSON, str(path)]
    if _has([sys.executable, "-c", "import flufl.bounce"]):
        sides["flufl.bounce (recipients only)"] = [sys.executable, "-W", "ignore", "-c", _FLUFL, str(path)]
    return sides


def _compare(label: str, path: Path, total: int) -> None:
    """Each side on one mbox, in turn; how much it costs, by the clock and in processor time, beside the first."""
    sides = _sides(path)
    taken = costs_in_turn(*(command(["taskset", "-c", "0", *words]) for words in sides.values()))
    own = taken[0]
    for (name, words), cost in zip(sides.items(), taken, strict=True):
        found = "" if "--json" in words or _SISIMAI_JSON in words else f"; found {_count(words)}"
        row(
            f"{label}: {name}",
            f"{total / cost.wall_s:,.0f}/s",
            f"{cost.cpu_s / total * 1e6:,.0f} us of CPU a mail; {cost.cpu_s / own.cpu_s:.2f} times postmend's CPU time,"
            f" {cost.wall_s / own.wall_s:.2f} times its time{found}",
        )


def run() -> None:
    """Print mails a second for each side, and the ratios: on the corpus (or the mbox given), and on one mailing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(os.environ.get("POSTMEND_BENCH_MBOX") or Path(folder, "bounces.mbox"))
        _compare("corpus", path, len(mailbox.mbox(path)) if path.exists() else make_mbox(path))
        mailing = Path(folder, "mailing.mbox")
        _compare("mailing", mailing, make_mailing(mailing, MAILS))
