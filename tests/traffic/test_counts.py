"""Counts on generated logs are exact, whatever happens to the lines."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import postmend
from postmend.traffic.report import Counts, Report
from tests.traffic.generator import START, Exim, Mail, Postfix, Truth, some_mails

_NAMES = ("delivered", "bounced", "expired", "deferred", "deferrals")


def _plain(counts: Counts) -> Counter[str]:
    return Counter({name: getattr(counts, name) for name in _NAMES if getattr(counts, name)})


def _truth(row: Counter[str]) -> Counter[str]:
    return Counter({name: row[name] for name in _NAMES if row[name]})


def check(report: Report, truth: Truth, *, accounts: bool = True) -> None:
    assert report.inputs.not_understood == 0, report.inputs.strange
    assert report.totals.messages == truth.totals["messages"]
    assert _plain(report.totals) == _truth(truth.totals)
    days = {day.at: _plain(day.counts) for day in report.days}
    assert {day: row for day, row in days.items() if row} == {day: _truth(row) for day, row in truth.days.items()}
    domains = {group.name: _plain(group.counts) for group in report.by["domain"]}
    assert domains == {name: _truth(row) for name, row in truth.domains.items()}
    causes = {cause.id: (cause.bounced, cause.deferred, cause.deferrals) for cause in report.causes}
    assert causes == {k: (row["bounced"], row["deferred"], row["deferrals"]) for k, row in truth.causes.items()}
    if accounts:
        found = {group.name if group.kind == "login" else f"uid:{group.name.split()[0]}": _plain(group.counts)
                 for group in report.by["account"]}  # fmt: skip
        assert found == {name: _truth(row) for name, row in truth.accounts.items()}


def log_of(writer: Postfix, mails: list[Mail], path: Path, **how: int) -> Truth:
    for mail in mails:
        writer.write(mail)
    path.write_bytes(writer.text(**how))
    return writer.truth


@pytest.mark.parametrize("hop", [False, True], ids=["direct", "content-filter"])
@pytest.mark.parametrize("iso", [False, True], ids=["traditional", "iso"])
@pytest.mark.parametrize("shuffle", [0, 40], ids=["in-order", "out-of-order"])
def test_postfix(tmp_path: Path, iso: bool, hop: bool, shuffle: int) -> None:
    path = tmp_path / "mail.log"
    truth = log_of(Postfix(iso=iso, hop=hop), some_mails(800), path, shuffle=shuffle)
    check(postmend.report(path), truth)


@pytest.mark.parametrize("shuffle", [0, 3], ids=["in-order", "out-of-order"])
@pytest.mark.parametrize("long_ids", [False, True], ids=["4.96", "4.98"])
def test_exim(tmp_path: Path, shuffle: int, long_ids: bool) -> None:
    path, writer = tmp_path / "mainlog", Exim()
    writer.long_ids = long_ids
    truth = log_of(writer, some_mails(800), path, shuffle=shuffle)
    check(postmend.report(path), truth)


@pytest.mark.parametrize("jobs", [1, 2])
def test_rotated_and_packed(tmp_path: Path, jobs: int) -> None:
    writer = Postfix(hop=True)
    truth = log_of(writer, some_mails(600), tmp_path / "whole")
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    (tmp_path / "whole").unlink()
    packed: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("mail.log.3.gz", gzip.compress), ("mail.log.2.bz2", bz2.compress), ("mail.log.1.xz", lzma.compress),
        ("mail.log", bytes),
    ]  # fmt: skip
    step = len(lines) // len(packed) + 1
    for i, (name, pack) in enumerate(packed):
        (tmp_path / name).write_bytes(pack(b"".join(lines[i * step : (i + 1) * step])))
    check(postmend.report(tmp_path, jobs=jobs), truth)


def test_over_new_year(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    truth = log_of(Postfix(), some_mails(300, start=START.replace(year=2025, month=12, day=30)), path)
    check(postmend.report(path), truth)


def test_several_hosts(tmp_path: Path) -> None:
    one, two = Postfix(host="mx1", seed=1), Postfix(host="mx2", seed=1)  # the same queue ids on both
    first = log_of(one, some_mails(200, seed=1), tmp_path / "mx1.log")
    second = log_of(two, some_mails(200, seed=2), tmp_path / "mx2.log")
    report = postmend.report([tmp_path / "mx1.log", tmp_path / "mx2.log"])
    assert _plain(report.totals) == _truth(first.totals + second.totals)
    assert {group.name: group.counts.messages for group in report.by["host"]} == {"mx1": 200, "mx2": 200}


def test_window(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    truth = log_of(Postfix(), some_mails(400, days=3), path)
    day = "2026-03-03"
    report = postmend.report(path, since=day, until="2026-03-04")
    assert [each.at for each in report.days] == [day]
    assert _plain(report.totals) == _truth(truth.days[day])
