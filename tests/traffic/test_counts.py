"""Counts on generated logs are exact, whatever happens to the lines."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import pickle
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import postmend
from postmend.app.logfiles import head_of, look_at
from postmend.app.report import Wanted, make_inputs, read_logs
from postmend.traffic.build import build
from postmend.traffic.merge import merge
from postmend.traffic.received import Received
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


@pytest.mark.parametrize("shuffle", [0, 3, 40], ids=["in-order", "out-of-order", "far-out-of-order"])
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


@pytest.mark.parametrize(
    "again", [bytes, gzip.compress, lambda log: log[: len(log) // 2]], ids=["copy", "packed", "growing"]
)
def test_the_same_log_twice_counts_once_and_is_told(tmp_path: Path, again: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "mail.log"
    truth = log_of(Postfix(), some_mails(300), path)
    (tmp_path / "other.log").write_bytes(again(path.read_bytes()))
    report = postmend.report(tmp_path)
    check(report, truth)
    assert any("the same log as" in problem for problem in report.inputs.problems)


def in_parts(path: Path, edges: list[int]) -> Report:
    """The log read as `--jobs` does: parts by themselves, as from another process, and put together."""
    log, whole = look_at(path.name, path, head_of(path)), Wanted((str(path),))
    reads = [
        pickle.loads(pickle.dumps(read_logs([replace(log, start=start, end=end)], whole, goes_on=start > 0)))
        for start, end in itertools.pairwise(edges)
    ]
    first = reads[0]
    for read in reads[1:]:
        merge(first.stitcher, read.stitcher)
        first.add(read)
    first.stitcher.finish()
    return build(first.stitcher.tables(), make_inputs(first, [], 1, 0, 0, Received()), Received())


@pytest.mark.parametrize("hop", [False, True], ids=["direct", "content-filter"])
def test_a_log_cut_anywhere_is_the_same_log(tmp_path: Path, hop: bool) -> None:
    """Messages open at an edge go on: inside a content filter, before their account is known, or waiting."""
    path = tmp_path / "mail.log"
    truth = log_of(Postfix(hop=hop), some_mails(60), path)
    ends = list(itertools.accumulate(map(len, path.read_bytes().splitlines(keepends=True)), initial=0))
    dice = random.Random(7)
    for _ in range(25):
        check(in_parts(path, [0, *sorted(dice.sample(ends[1:-1], 3)), ends[-1]]), truth)


def test_an_exim_log_cut_anywhere_is_the_same_log(tmp_path: Path) -> None:
    path = tmp_path / "mainlog"
    truth = log_of(Exim(), some_mails(60), path)
    ends = list(itertools.accumulate(map(len, path.read_bytes().splitlines(keepends=True)), initial=0))
    for edge in ends[1:-1]:
        check(in_parts(path, [0, edge, ends[-1]]), truth)


def test_a_line_after_the_message_has_left(tmp_path: Path) -> None:
    """A recipient whose line comes late belongs to the message's account; the same line again is no other message."""
    path = tmp_path / "mainlog"
    head = "2026-03-02 10:00:0{} 1vNabc-00000001-0A "
    kept = [
        head.format(0) + "<= ann@example.com H=(pc) [203.0.113.9] P=esmtpsa A=plain:ann S=500",
        head.format(1) + "=> a@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.5]",
        head.format(2) + "Completed",
        head.format(3)
        + "** b@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.5]: 550 5.1.1 User unknown",
    ]
    path.write_text("\n".join([*(line.replace("1vNabc", "1vNabb") for line in kept), *kept]) + "\n")
    report = postmend.report(path)
    assert (report.totals.messages, report.totals.delivered, report.totals.bounced) == (2, 2, 2)
    assert [(group.name, group.counts.bounced) for group in report.by["account"]] == [("ann", 2)]


def test_a_script_behind_a_user_that_was_met_before(tmp_path: Path) -> None:
    path = tmp_path / "mainlog"
    mails = [
        f"2026-03-02 10:00:0{i} 1vNab{i}-00000001-0A {text}"
        for i in range(3)
        for text in ("<= www@example.com U=www P=local S=500", "=> a@example.net R=dnslookup T=remote_smtp H=mx [192.0.2.5]", "Completed")
    ]  # fmt: skip
    path.write_text("\n".join([*mails[:6], "2026-03-02 10:00:02 cwd=/srv/shop 3 args: sendmail -t", *mails[6:]]) + "\n")
    accounts = {group.name: group.counts.delivered for group in postmend.report(path).by["account"]}
    assert accounts == {"www example.com": 2, "/srv/shop": 1}


def test_a_relay_of_our_own_that_wants_a_login(tmp_path: Path) -> None:
    """What the second host took over under a login was one delivery, whichever log is read first."""
    first = """\
2026-03-02 10:00:00 1vNabc-00000001-0A <= ann@example.com H=(pc) [203.0.113.9] P=esmtpsa A=plain:ann S=500
2026-03-02 10:00:01 1vNabc-00000001-0A => a@example.net R=smart T=remote_smtp H=relay [10.0.0.2] C="250 OK id=1vNabd-00000002-0B"
2026-03-02 10:00:02 1vNabc-00000001-0A Completed
"""
    second = """\
2026-03-02 10:00:01 1vNabd-00000002-0B <= ann@example.com H=web [10.0.0.1] P=esmtpsa A=plain:web S=600
2026-03-02 10:00:03 1vNabd-00000002-0B => a@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.5]
2026-03-02 10:00:03 1vNabd-00000002-0B Completed
"""
    for order in (first + second, second + first):
        path = tmp_path / "mainlog"
        path.write_text(order)
        assert postmend.report(path).totals.delivered == 1


def test_a_simple_filter_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(SIMPLE_FILTER)
    ends = list(itertools.accumulate(map(len, path.read_bytes().splitlines(keepends=True)), initial=0))
    for edge in ends[1:-1]:
        report = in_parts(path, [0, edge, ends[-1]])
        assert (report.totals.messages, report.totals.delivered, report.totals.bounced) == (2, 2, 1), edge
        assert [group.name for group in report.by["account"]] == ["ann", "inbound"], edge


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


SIMPLE_FILTER = """\
Mar  2 10:00:00 mx1 postfix/smtpd[1]: AAAA01: client=pc.example.org[203.0.113.9], sasl_method=PLAIN, sasl_username=ann
Mar  2 10:00:00 mx1 postfix/cleanup[2]: AAAA01: message-id=<m1@pc.example.org>
Mar  2 10:00:00 mx1 postfix/qmgr[3]: AAAA01: from=<ann@example.com>, size=500, nrcpt=2 (queue active)
Mar  2 10:00:01 mx1 postfix/pickup[4]: BBBB02: uid=110 from=<ann@example.com>
Mar  2 10:00:01 mx1 postfix/cleanup[2]: BBBB02: message-id=<m1@pc.example.org>
Mar  2 10:00:01 mx1 postfix/pipe[5]: AAAA01: to=<a@example.net>, relay=filter, delay=1, dsn=2.0.0, status=sent (delivered via filter service)
Mar  2 10:00:01 mx1 postfix/pipe[5]: AAAA01: to=<b@example.net>, relay=filter, delay=1, dsn=2.0.0, status=sent (delivered via filter service)
Mar  2 10:00:01 mx1 postfix/qmgr[3]: AAAA01: removed
Mar  2 10:00:01 mx1 postfix/qmgr[3]: BBBB02: from=<ann@example.com>, size=500, nrcpt=2 (queue active)
Mar  2 10:00:02 mx1 postfix/smtp[6]: BBBB02: to=<a@example.net>, relay=mx.example.net[192.0.2.5]:25, delay=1, dsn=2.0.0, status=sent (250 ok)
Mar  2 10:00:02 mx1 postfix/smtp[6]: BBBB02: to=<b@example.net>, relay=mx.example.net[192.0.2.5]:25, delay=1, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.5] said: 550 5.1.1 User unknown)
Mar  2 10:00:02 mx1 postfix/qmgr[3]: BBBB02: removed
Mar  2 11:00:00 mx1 postfix/smtpd[1]: CCCC03: client=mx.example.net[192.0.2.5]
Mar  2 11:00:00 mx1 postfix/cleanup[2]: CCCC03: message-id=<m2@example.net>
Mar  2 11:00:00 mx1 postfix/qmgr[3]: CCCC03: from=<a@example.net>, size=500, nrcpt=1 (queue active)
Mar  2 11:00:01 mx1 postfix/pipe[5]: CCCC03: to=<ann@example.com>, relay=dovecot, delay=1, dsn=2.0.0, status=sent (delivered via dovecot service)
Mar  2 11:00:01 mx1 postfix/qmgr[3]: CCCC03: removed
"""


@pytest.mark.parametrize("late", [False, True], ids=["handed in first", "handed in after"])
def test_what_a_simple_filter_hands_in_again_is_one_message(tmp_path: Path, late: bool) -> None:
    """A pipe to sendmail: the login's one message; a pipe into a mailbox stays a delivery."""
    lines = SIMPLE_FILTER.splitlines(keepends=True)
    if late:  # pickup sees it when the pipe is done
        lines[3:8] = lines[5:8] + lines[3:5]
    path = tmp_path / "mail.log"
    path.write_text("".join(lines))
    report = postmend.report(path)
    totals = report.totals
    assert (totals.messages, totals.delivered, totals.bounced) == (2, 2, 1)
    assert [(group.name, group.counts.delivered, group.counts.bounced) for group in report.by["account"]] == [
        ("ann", 1, 1), ("inbound", 1, 0),
    ]  # fmt: skip
