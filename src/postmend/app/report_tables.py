"""The report's tables as files: CSV for spreadsheets (formulas defused), Parquet for everything larger."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postmend.model import ParseError
from postmend.model.errors import unwritable
from postmend.traffic.report import Counts, Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COUNTS = Counts.__struct_fields__
Table = tuple[str, list[str], list[list[Any]]]


def defused(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _counts(counts: Counts) -> list[int]:
    return [getattr(counts, name) for name in _COUNTS]


def tables(report: Report) -> Iterator[Table]:
    """Name, columns and rows of every table."""
    yield "days", ["day", *_COUNTS], [[period.at, *_counts(period.counts)] for period in report.days]
    yield "hours", ["hour", *_COUNTS], [[period.at, *_counts(period.counts)] for period in report.hours]
    for name, groups in report.by.items():
        rows = [[group.name, group.kind, *_counts(group.counts), group.trouble] for group in groups]
        yield f"by_{name}", ["name", "kind", *_COUNTS, "trouble"], rows
    yield (
        "causes",
        ["cause", "title", "side", "bounced", "deferred", "deferrals", "share", "scope", "scope_name", "sample"],
        [[c.id, c.title, c.side, c.bounced, c.deferred, c.deferrals, c.share, c.scope.id, c.scope.name or "", c.sample or ""]
         for c in report.causes],
    )  # fmt: skip
    yield (
        "suppress",
        ["address", "cause", "count", "last"],
        [[d.address, d.cause, d.count, d.last] for d in report.suppress],
    )
    yield (
        "findings", ["id", "act", "name", "title", "began", "last", "evidence"],
        [[f.id, f.act, f.name, f.title, f.began or "", f.last or "", "; ".join(f.evidence)] for f in report.findings],
    )  # fmt: skip
    yield (
        "dmarc_sources", ["domain", "ip", "sender", "messages", "aligned", "spf_aligned", "dkim_aligned", "first", "last"],
        [[d.domain, s.ip, s.sender or "", s.messages, s.aligned, s.spf_aligned, s.dkim_aligned, s.first, s.last]
         for d in report.dmarc for s in d.sources],
    )  # fmt: skip


def write_csv(report: Report, folder: str) -> int:
    """Write each table that has rows as FOLDER/NAME.csv; return how many. Raises ParseError where it cannot."""
    written = 0
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, columns, rows in tables(report):
            if not rows:
                continue
            with (Path(folder) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(columns)
                writer.writerows([defused(value) for value in row] for row in rows)
            written += 1
    except OSError as error:
        raise unwritable(folder, error) from error
    return written


def write_parquet(report: Report, folder: str) -> int:
    """Write each table that has rows as FOLDER/NAME.parquet; needs the extra `parquet`."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ParseError("--parquet needs the extra `parquet`: pip install 'postmend[parquet]'") from error
    written = 0
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, columns, rows in tables(report):
            if rows:
                made = pa.table({column: [row[i] for row in rows] for i, column in enumerate(columns)})
                parquet.write_table(made, Path(folder) / f"{name}.parquet")
                written += 1
    except OSError as error:
        raise unwritable(folder, error) from error
    return written
