"""What logs hold by accident and by design: nothing of it may crash the report, lie in it, or leave it as a command."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import postmend
from postmend import ParseError
from tests.traffic.generator import Mail, Postfix, some_mails

GOOD = "Mar  2 10:00:00 mx1 postfix/smtp[9]: ABC123: to=<{to}>, relay=mx.example.net[198.51.100.5]:25, delay=1, delays=0/0/0/1, dsn={dsn}, status={status} ({text})\n"
EVIL = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\x07\"'><img src=x onerror=alert(2)>"


def run(*words: str, stdin: bytes | None = None, columns: int = 80) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "postmend", "report", *words], input=stdin, capture_output=True, check=False,
        env={**os.environ, "COLUMNS": str(columns)},
    )  # fmt: skip


def log(tmp_path: Path, data: bytes, name: str = "mail.log") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def some_log(count: int = 200) -> bytes:
    writer = Postfix()
    for mail in some_mails(count):
        writer.write(mail)
    return writer.text()


def test_truncated_gz_reads_what_is_there(tmp_path: Path) -> None:
    whole = some_log(2000)
    packed = gzip.compress(whole)
    report = postmend.report(log(tmp_path, packed[: len(packed) // 2], "mail.log.1.gz"))
    assert 0 < report.totals.delivered < postmend.report(log(tmp_path, whole, "whole")).totals.delivered
    assert any("truncated" in problem for problem in report.inputs.problems)


def test_zst_is_read_member_by_member_and_its_damage_told(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="the extra zstd is not installed")
    whole = some_log(2000)
    pack = zstandard.ZstdCompressor().compress
    half = whole.index(b"\n", len(whole) // 2) + 1
    expected = postmend.report(log(tmp_path, whole, "whole")).totals
    assert postmend.report(log(tmp_path, pack(whole[:half]) + pack(whole[half:]), "mail.log.1.zst")).totals == expected
    report = postmend.report(log(tmp_path, pack(whole)[:-20], "cut.zst"))
    assert any("truncated" in problem for problem in report.inputs.problems)
    with pytest.raises(ParseError):
        postmend.report(log(tmp_path, b"\x28\xb5\x2f\xfd" + b"junk" * 9, "junk.zst"))


def test_zst_bomb_is_bounded(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="the extra zstd is not installed")
    packer = zstandard.ZstdCompressor().compressobj()
    blank = bytes(100 << 20)
    bomb = packer.compress(some_log()) + b"".join(packer.compress(blank) for _ in range(12)) + packer.flush()
    report = postmend.report(log(tmp_path, bomb, "bomb.zst"))
    assert any("out of all measure" in problem for problem in report.inputs.problems)
    assert report.totals.delivered


def test_a_bounce_without_a_date_is_as_old_as_its_file(tmp_path: Path) -> None:
    path = log(tmp_path, b"550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown\n", "bounce.txt")
    os.utime(path, (1772445600, 1772445600))  # 2026-03-02 10:00 UTC
    assert postmend.report(path).days[0].at.startswith(("2026-03-01", "2026-03-02"))


def test_damaged_gz_reads_what_is_there(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(some_log(2000)))
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
    report = postmend.report(log(tmp_path, bytes(packed), "mail.log.1.gz"))
    assert report.totals.delivered > 0
    assert any("damaged" in problem for problem in report.inputs.problems)


@pytest.mark.parametrize(
    "junk",
    [b"\x00\xff\xfe" * 30 + b"\n", b"x" * (1 << 20) + b"\n", b"\r\n\r\n", b"\n" * 5000],
    ids=["binary", "1MB", "cr", "empty"],
)
def test_junk_between_lines_costs_only_itself(tmp_path: Path, junk: bytes) -> None:
    clean = some_log(400)
    expected = postmend.report(log(tmp_path, clean, "clean")).totals
    lines = clean.splitlines(keepends=True)
    lines[500:500] = [junk] * 5
    report = postmend.report(log(tmp_path, b"".join(lines)))
    assert report.totals == expected
    assert report.inputs.not_understood == (5 if junk.strip() else 0)


def test_lines_not_understood_fail_loudly(tmp_path: Path) -> None:
    odd = re.sub(rb"(?m)^(\w{3}) +(\d+) ", rb"\2/\1 ", some_log())
    with_some = some_log(200) + odd[: len(odd) // 10]
    done = run(str(log(tmp_path, with_some)), "--json")
    assert done.returncode == 2
    assert b"not understood" in done.stderr
    assert json.loads(done.stdout)["inputs"]["share"] > 0.01
    done = run(str(log(tmp_path, odd, "odd.log")))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, b"", 1)


def test_clock_that_jumps_back(tmp_path: Path) -> None:
    """By an hour, and by a day over the end of a month: no new year, nothing lost."""
    writer = Postfix()
    mails = some_mails(100, days=2)
    for mail in mails:
        writer.write(mail)
    lines = writer.text().splitlines(keepends=True)
    half = len(lines) // 2
    report = postmend.report(log(tmp_path, b"".join(lines[half:] + lines[:half])))
    assert {day.at[:4] for day in report.days} == {"2026"}
    assert report.totals.delivered + report.totals.bounced > 0


def evil_log() -> bytes:
    lines = [
        GOOD.format(
            to="=cmd|' /C calc'!A1@example.net",
            dsn="5.1.1",
            status="bounced",
            text="host x[198.51.100.5] said: 550 5.1.1 User unknown",
        ),
        GOOD.format(
            to=f"{EVIL[:25]}@example.net",
            dsn="5.1.1",
            status="bounced",
            text=f"host x[198.51.100.5] said: 550 5.1.1 User unknown {EVIL}",
        ),
        f"Mar  2 10:00:00 mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@example.net>: Relay access denied; "
        f"from=<{EVIL}@example.org> to=<a@example.net> proto=ESMTP helo=<{EVIL}>\n",
        'Mar  2 10:00:00 mx1 postfix/smtpd[9]: ABC123: client=a[203.0.113.9], sasl_method=PLAIN, sasl_username==HYPERLINK("http://x")\n',
        "Mar  2 10:00:00 mx1 postfix/qmgr[9]: ABC123: from=<=1+1@example.com>, size=9, nrcpt=1 (queue active)\n",
        # What a client says, made to look like a delivery of somebody else's.
        "Mar  2 10:00:01 mx1 postfix/cleanup[9]: ABC123: warning: header Subject: x; ABC124: to=<v@example.net>, relay=none, dsn=5.0.0, status=bounced (x) from a[203.0.113.9]; from=<a@example.com>\n",
    ]
    return "".join(lines).encode()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_outside_text_stays_text(tmp_path: Path) -> None:
    path = log(tmp_path, evil_log())
    page, folder = tmp_path / "r.html", tmp_path / "csv"
    done = run(str(path), "--html", str(page), "--csv", str(folder))
    assert b"\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout.decode()
    assert postmend.report(path).totals.bounced == 2  # not the one in the subject
    html = page.read_text()
    seen = _Tags()
    seen.feed(html)
    assert not seen.tags & {"script", "img", "iframe", "link", "object"}
    assert not any(name.startswith("on") or name in {"style", "src", "href"} for name in seen.attributes)
    assert "Content-Security-Policy" in html
    assert "default-src 'none'" in html
    assert "\u202e" not in html
    for table in folder.glob("*.csv"):
        with table.open(newline="") as file:
            for row in csv.reader(file):
                assert not any(value.startswith(("=", "+", "@", "-")) for value in row), table


@pytest.mark.parametrize(
    "words",
    [("/nowhere/mail.log",), ("--since", "yesterday", "."), ("--by", "moon", "."), ("--jobs", "0", "."), ()],
    ids=["missing", "since", "by", "jobs", "nothing"],
)
def test_bad_usage(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"hello\nworld\n", bytes(range(256)) * 100, b"{}\n", b"PK\x03\x04broken"]
)
def test_what_is_no_log(tmp_path: Path, data: bytes) -> None:
    path = log(tmp_path, data)
    done = run(str(path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    with pytest.raises(ParseError):
        postmend.report(path)


def test_a_program_is_no_mail(tmp_path: Path) -> None:
    """It may quote a reply; a pasted reply with some lines around it is still taken."""
    text = "def f():\n    return 1\n" * 40 + 'said = "550 5.1.1 <ann@example.com>: User unknown"\n'
    done = run(str(log(tmp_path, text.encode(), "f.py")))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no log, mail or report" in done.stderr
    pasted = "Hello,\n\nwhat is this?\n\n550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown\n"
    assert postmend.report(log(tmp_path, pasted.encode(), "pasted.txt")).totals.bounced == 1


def test_standard_input_and_a_narrow_terminal() -> None:
    done = run("-", stdin=some_log(), columns=50)
    assert done.returncode == 0
    assert b"messages" in done.stdout


def test_exit_status_tells_whether_to_act(tmp_path: Path) -> None:
    writer = Postfix()
    for i in range(100):
        writer.write(
            Mail(
                some_mails(1)[0].at,
                "a@example.com",
                "a@example.com",
                [(f"r{i}@example.net", "unknown" if i % 2 else "ok")],
            )
        )
    done = run(str(log(tmp_path, writer.text())), "--json")
    assert done.returncode == 1
    assert "bounce_rate" in {finding["id"] for finding in json.loads(done.stdout)["findings"]}


def test_follow_reads_on_over_a_rotation(tmp_path: Path) -> None:
    lines = some_log(60).splitlines(keepends=True)
    third = len(lines) // 3
    path = log(tmp_path, b"".join(lines[:third]))
    command = [sys.executable, "-m", "postmend", "report", "-f", "--interval", "0.2", "--json", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["inputs"]["lines"] == third
            with path.open("ab") as file:
                file.write(b"".join(lines[third : 2 * third]))
            assert json.loads(process.stdout.readline())["inputs"]["lines"] == 2 * third
            path.rename(tmp_path / "mail.log.1")
            path.write_bytes(b"".join(lines[2 * third :]))
            while (report := json.loads(process.stdout.readline()))["inputs"]["lines"] < len(lines):
                pass
        finally:
            process.terminate()
    assert report["totals"]["messages"] == postmend.report([tmp_path / "mail.log.1", path]).totals.messages


def test_parquet_has_the_same_rows_as_csv(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    path = log(tmp_path, some_log())
    run(str(path), "--csv", str(tmp_path / "csv"), "--parquet", str(tmp_path / "parquet"))
    with (tmp_path / "csv" / "by_domain.csv").open(newline="") as file:
        expected = [(row["name"], int(row["delivered"])) for row in csv.DictReader(file)]
    rows = parquet.read_table(tmp_path / "parquet" / "by_domain.parquet").to_pylist()
    assert expected
    assert [(row["name"], row["delivered"]) for row in rows] == expected
