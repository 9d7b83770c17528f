"""`postmend report` against Debian's pflogsumm and eximstats; memory; what is found in weeks.

Peers are taken from the PATH, or from the folder POSTMEND_BENCH_PEERS (`dpkg -x` of pflogsumm and exim4-base).
POSTMEND_BENCH_LINES (2 million), POSTMEND_BENCH_BIG (0; 20 million is the target) and POSTMEND_BENCH_WEEKS (50) set the
sizes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import postmend
from bench.timing import command, costs_in_turn, row
from tests.traffic.generator import START, Exim, Postfix
from tests.traffic.weeks import week

LINES = int(os.environ.get("POSTMEND_BENCH_LINES", "2000000"))
BIG = int(os.environ.get("POSTMEND_BENCH_BIG", "0"))
WEEKS = int(os.environ.get("POSTMEND_BENCH_WEEKS", "50"))
POSTMEND = str(Path(sys.executable).with_name("postmend"))
# Runs a command and prints the most memory that it had.
_PEAK = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
CULPRITS = {"compromised_account", "noisy_neighbour", "script_spam"}


def peer(name: str) -> str | None:
    """Where a peer program is, or None."""
    folder = os.environ.get("POSTMEND_BENCH_PEERS")
    places = [
        place for deep in ("*/*/", "*/", "") for place in (Path(folder).glob(f"{deep}*bin/{name}") if folder else ())
    ]
    return str(places[0]) if places else shutil.which(name)


def make_log(path: Path, kind: type[Postfix], lines: int) -> int:
    """Write clean weeks until there are so many lines; return how many there are."""
    written, seed = 0, 0
    with path.open("wb") as out:
        while written < lines:
            writer = kind(seed=seed + 1)
            for mail in week(seed, "clean", START - timedelta(weeks=40) + timedelta(weeks=seed))[0]:
                writer.write(mail)
            text = writer.text()
            out.write(text)
            written, seed = written + text.count(b"\n"), seed + 1
    return written


def repeat_log(source: Path, target: Path, lines: int) -> int:
    """A larger log from a smaller one: its weeks again with other queue ids and recipients."""
    data, written, turn = source.read_bytes(), 0, 0
    count = data.count(b"\n")
    with target.open("wb") as out:
        while written < lines:
            marked = data.replace(b"]: ", b"]: %X" % (0xA0 + turn)).replace(b"to=<r", b"to=<r%dx" % turn)
            out.write(marked)
            written, turn = written + count, turn + 1
    return written


def _rivals(folder: Path, name: str, kind: type[Postfix]) -> Path:
    path = folder / "mail.log"
    lines = make_log(path, kind, LINES)
    own = [
        str(Path(sys.executable).with_name("postmend")),
        "report",
        str(path),
        "--json",
        "--html",
        str(folder / "r.html"),
    ]
    pinned = ["taskset", "-c", "0"]
    calls = [lambda: subprocess.run([*pinned, *own], check=False, capture_output=True)]
    found = peer(name)
    if found:
        calls.append(command([*pinned, "perl", found, str(path)]))
    costs = costs_in_turn(*calls, rounds=int(os.environ.get("POSTMEND_BENCH_ROUNDS", "5")))
    own_cost = costs[0]
    row(f"report: lines/s, {lines:,} {kind.__name__} lines", f"{lines / own_cost.wall_s:,.0f}")
    if found:
        row(
            f"the same: {name} (Debian)",
            f"{lines / costs[1].wall_s:,.0f}",
            f"{costs[1].wall_s / own_cost.wall_s:.1f} times as fast, "
            f"{costs[1].cpu_s / own_cost.cpu_s:.1f} times by processor time",
        )
    return path


def peak_mb(words: list[str]) -> float:
    """Peak memory of a command, measured by the child itself."""
    done = subprocess.run([sys.executable, "-c", _PEAK, *words], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def _memory(path: Path, folder: Path) -> None:
    own = [POSTMEND, "report", "--json"]
    row(f"report: peak MB, {LINES:,} lines", f"{peak_mb([*own, str(path)]):.0f}")
    if BIG:
        big = folder / "big.log"
        lines = repeat_log(path, big, BIG)
        row(f"report: peak MB, {lines:,} lines", f"{peak_mb([*own, str(big)]):.0f}")
        big.unlink()


def _weeks(folder: Path) -> None:
    path = folder / "week.log"
    for plant in ("compromised", "neighbour", "clean"):
        hits = alarms = 0
        for seed in range(WEEKS):
            mails, planted = week(5000 + seed, plant)
            writer = Postfix(seed=seed % 7 + 1, iso=seed % 2 == 0, hop=seed % 3 == 0)
            for mail in mails:
                writer.write(mail)
            path.write_bytes(writer.text())
            for finding in postmend.report(path).findings:
                if finding.id not in CULPRITS:
                    continue
                began = datetime.strptime(finding.began or "1970-01-01 00:00", "%Y-%m-%d %H:%M")  # noqa: DTZ007
                named = planted is not None and planted.name.removeprefix("uid:") in finding.name
                if named and planted and abs((began - planted.began).total_seconds()) <= 3600:
                    hits += 1
                elif not named:
                    alarms += 1
        row(f"report: {WEEKS} weeks, {plant}", f"{hits} found", f"{alarms} false alarms")


def run() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = _rivals(folder, "pflogsumm", Postfix)
        _memory(path, folder)
        _rivals(folder, "eximstats", Exim)
        _weeks(folder)
