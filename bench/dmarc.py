"""DMARC aggregate reports: `postmend report` against PyPI's parsedmarc without lookups, and the memory for a large one.

parsedmarc is taken from the PATH, or from the folder POSTMEND_BENCH_PEERS (a virtual environment in it), and called by
its own Python API, which is quicker than its command. Small reports as they come: plain, gz, zip, in mails.
"""

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.report import POSTMEND, peak_mb, peer
from bench.timing import command, costs_in_turn, row
from tests.traffic.test_reports import dmarc, mailed, zipped

REPORTS = 4000
_PEER = (
    "import parsedmarc, pathlib, sys\n"
    "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()): parsedmarc.parse_report_file(str(path), offline=True)"
)
_PACKED: dict[str, Callable[[bytes], bytes]] = {
    "xml": bytes,
    "xml.gz": gzip.compress,
    "zip": zipped,
    "eml": lambda data: mailed(gzip.compress(data), "application/gzip", "r.xml.gz"),
}


def _write(folder: Path, kinds: list[str]) -> None:
    folder.mkdir()
    for i in range(REPORTS):
        rows = [(f"192.0.2.{k}", k + 1, "pass" if k % 3 else "fail", "pass", "example.com") for k in range(i % 12 + 1)]
        kind = kinds[i % len(kinds)]
        (folder / f"{i:05}.{kind}").write_bytes(_PACKED[kind](dmarc(rows, ident=f"r{i}", day=i % 30)))


def _small(folder: Path, name: str, kinds: list[str]) -> None:
    _write(folder, kinds)
    calls = [command([POSTMEND, "report", str(folder), "--json"], frozenset({0, 1}))]
    found = peer("parsedmarc")
    if found:
        calls.append(command([str(Path(found).with_name("python")), "-c", _PEER, str(folder)]))
    taken = costs_in_turn(*calls)
    row(f"dmarc: {name}, reports/s of processor time", f"{REPORTS / taken[0].cpu_s:,.0f}")
    if found:
        own, theirs = taken
        note = f"{theirs.cpu_s / own.cpu_s:.1f} times as fast, {theirs.wall_s / own.wall_s:.1f} by the clock"
        row("the same: parsedmarc, offline", f"{REPORTS / theirs.cpu_s:,.0f}", note)


def _large(folder: Path) -> None:
    for name, count in (("small", 1), ("large", 130_000)):
        path = folder / f"{name}.xml"
        path.write_bytes(
            dmarc([(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 1, "pass", "fail", "example.com") for i in range(count)])
        )
        size = path.stat().st_size / 1e6
        row(f"dmarc: peak MB, a report of {size:.0f} MB", f"{peak_mb([POSTMEND, 'report', str(path), '--json']):.0f}")
        taken = costs_in_turn(command([POSTMEND, "report", str(path), "--json"], frozenset({0, 1})))
        row("its seconds of processor time", f"{taken[0].cpu_s:.2f}")


def run() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        for kind in _PACKED:
            _small(Path(name) / kind, kind, [kind])
        _small(Path(name) / "mixed", "all kinds", list(_PACKED))
        _large(Path(name))
