"""Lists: what was there comes out as it was, with the answers behind; broken input costs only its own row."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.app.list_format import read_records, split_fields, unquoted
from postmend.app.list_summary import ListCount, Told
from postmend.model import ParseError
from tests.cli.test_cli import run
from tests.cli.test_verify import HOST, ZONE, world
from tests.dnslab import serve as serve_names
from tests.smtplab import Connection, Host
from tests.smtplab import serve as serve_mail

POSTMEND = str(Path(sys.executable).with_name("postmend"))


def verify(path: Path | str, *words: str, stdin: bytes = b"") -> tuple[bytes, str, int, Host]:
    with world() as (host, options):
        done = subprocess.run(
            [POSTMEND, "verify", *options, "--no-self-check", "--input", str(path), *words],
            input=stdin, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.stdout, done.stderr.decode(), done.returncode, host


MIXED = (
    b"\xef\xbb\xbfName;E-Mail;Note\r\n"
    b'"Ann; A.";anna@example.com;"two\nlines ""quoted"""\r\n'
    b"B\xf6b;gone@example.com;=1+1\r\n"
    b"Cid;Cid <anna@example.com>;+49 30 123\r\n"
    b"Eve;;\r\n"
    b"\r\n"
    b'open;"anna@example.com;x\r\n'
    b"Inj;anna@example.com>\x0dRSET;-2+cmd|' /C calc'!A0\r\n"
    b"Fay;fay@nowhere.example"
)


def test_csv_comes_out_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(MIXED)
    out, told, code, host = verify(path)
    assert code == 0, told
    assert out.startswith(b"\xef\xbb\xbfName;E-Mail;Note;verdict;reason;")
    assert b'\r\n"Ann; A.";anna@example.com;"two\nlines ""quoted""";deliverable;accepted;keep;' in out
    assert b'B\xf6b;gone@example.com;"\'=1+1";undeliverable;user_unknown;suppress;' in out
    assert b"Cid;Cid <anna@example.com>;+49 30 123;deliverable;" in out
    assert b"Eve;;;;;;;;;\r\n\r\n" in out
    assert b'open;"anna@example.com;x;;undeliverable;syntax;' in out
    assert b"fay@nowhere.example;;undeliverable;domain_not_found;" in out
    assert b";\"'-2+cmd|' /C calc'!A0\";undeliverable;syntax" in out
    assert "7 rows" in told
    assert [each.rcpts[1:] for each in host.connections] == [["anna@example.com", "gone@example.com"]]
    assert not Path(f"{path}.postmend").exists()


def test_jsonl_and_plain_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_bytes(b'{"id": 1, "email": "anna@example.com"}\n{}\nnot json\n"gone@example.com"\n[[[[\n')
    out, _, _, _ = verify(path)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
    assert lines[0]["id"] == 1
    assert lines[0]["postmend"]["verdict"] == "deliverable"
    assert lines[-2]["postmend"]["reason"] == "user_unknown"
    assert len(out.splitlines()) == 5
    out, _, _, _ = verify("-", stdin=b"anna@example.com\n\nanna@example.com\n=gone@example.com\n")
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    assert [(row["email"], row["verdict"]) for row in rows] == [
        ("anna@example.com", "deliverable"), ("anna@example.com", "deliverable"),
        ("'=gone@example.com", "undeliverable"),
    ]  # fmt: skip


def test_columns_by_name_and_number_and_json(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old,new\nx@example.com,anna@example.com\n")
    for column in ("new", "2"):
        out, _, _, _ = verify(path, "--column", column, "--json")
        found = json.loads(out)
        assert found["verdict"] == "deliverable"
        assert [each["id"] for each in found["evidence"]] == ["mx.inside", "absent.dead", "mailbox.accepted"]
    _, told, code, _ = verify(path, "--column", "other")
    assert code == 2
    assert "old, new" in told


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a" * (17 << 20), "longer than 16 MB"),
        ("email\nanna@example.com\n".encode("utf-16"), "UTF-16"),
        ("email\nanna@example.com\n".encode("utf-16-be"), "UTF-16"),
        (b"email\ranna@example.com\r", "bare CR"),
    ],
    ids=["one long line", "UTF-16", "UTF-16 without a mark", "bare CR"],
)
def test_what_is_no_list(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    _, told, code, host = verify(path)
    assert code == 2
    assert why in told
    assert len(told.splitlines()) == 1
    assert not host.connections


def test_a_10_mb_line_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"email\n" + b"x" * 10_000_000 + b"@example.com\nanna@example.com\n")
    out, told, code, _ = verify(path)
    assert code == 0, told
    assert b"deliverable" in out.splitlines()[-1]
    assert len(out) > 10_000_000


def test_no_file_and_no_place_to_write(tmp_path: Path) -> None:
    assert run("verify", "--only-mx", "--input", str(tmp_path / "none.csv")).returncode == 2
    path = tmp_path / "list.csv"
    path.write_text("email\nanna@example.com\n")
    out, told, code, _ = verify(path, "--output", "/dev/full")
    assert code == 2
    assert "/dev/full" in told
    assert not out
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [POSTMEND, "verify", "--only-mx", "--resolver", "127.0.0.1:9", "--input", str(path)],
            stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, b"postmend: the output: no space left on device\n")


def test_the_sum_does_not_guess_where_no_mailbox_was_asked() -> None:
    count = ListCount()
    for verdict, reason in (("unknown", "not_asked"), ("unknown", "not_asked"), ("undeliverable", "null_mx")):
        count.add(Told(verdict, reason), "example.com")
    assert (count.summary().bounce_rate, count.summary().bounce_rate_after) == (0.3333, 0.0)
    count.add(Told("deliverable", "accepted"), "example.com")
    assert (count.summary().bounce_rate, count.summary().bounce_rate_after) == (0.5, 0.3333)


def test_a_state_file_answers_without_asking_again(tmp_path: Path) -> None:
    path, state = tmp_path / "list.csv", tmp_path / "state"
    path.write_text("email\nanna@example.com\ngone@example.com\nx@null.example\n")
    first, _, _, _ = verify(path, "--state", str(state))
    path.write_text("email\nanna@example.com\ngone@example.com\nx@null.example\ny@null.example\n")
    second, _, _, host = verify(path, "--state", str(state))
    assert second.startswith(first)
    assert b"y@null.example,undeliverable,null_mx" in second
    assert not host.connections
    _, _, _, host = verify(path, "--state", str(state), "--max-age", "0")
    assert host.connections


def test_two_runs_on_one_state_file(tmp_path: Path) -> None:
    from postmend.store.database import Database

    path = tmp_path / "list.csv"
    path.write_text("email\nanna@example.com\n")
    held = Database(tmp_path / "state", exclusive=True)
    _, told, code, host = verify(path, "--state", str(tmp_path / "state"))
    held.close()
    assert code == 2
    assert "another run is using it" in told
    assert not host.connections


class Counting(Host):
    """Takes everybody but the absent address, and says when so many have asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def rcpt(self, connection: Connection, path: str) -> str:
        self.asked.append(path)
        return "250 2.1.5 Ok" if path.startswith("user") else "550 5.1.1 User unknown"


@pytest.mark.heavy
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_begun_again(tmp_path: Path, how: signal.Signals) -> None:
    host = Counting()
    host.delay_s = 0.01
    path, state = tmp_path / "list.csv", tmp_path / "state"
    emails = [f"user{i:04}@example.com" for i in range(360)]
    path.write_text("email\n" + "".join(f"{each}\n" for each in emails))
    with serve_names(ZONE) as (resolver, _), serve_mail({HOST: host}) as port:
        words = [POSTMEND, "verify", "--resolver", resolver, "--smtp-port", str(port), "--no-self-check",
                 "--mail-from", "p@prober.example", "--helo", "p.prober.example",
                 "--input", str(path), "--state", str(state), "--output", str(tmp_path / "out.csv")]  # fmt: skip
        for part in (90, 180, 270):
            process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            while process.poll() is None and len(host.asked) < part:
                os.sched_yield()
            process.send_signal(how)
            process.wait(20)
            assert not (tmp_path / "out.csv").exists()
        done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    rows = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == emails
    assert [row for row in rows if row.split(",")[1] != "deliverable"] == []
    again = len(host.asked) - len(set(host.asked))
    assert again <= 3 * 64 if how is signal.SIGKILL else again <= 3 * 16  # only what had no stored answer yet


@given(
    st.lists(st.lists(st.text(st.sampled_from('ab",;\n '), max_size=6), min_size=1, max_size=4), min_size=1, max_size=5)
)
def test_records_are_read_as_csv_reads_them(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    lines = list(read_records(io.BytesIO(out.getvalue().encode()), b","))
    assert b"".join(line.body + line.end for line in lines) == out.getvalue().encode()
    found = [[unquoted(field).decode() for field in split_fields(line.body, b",")] for line in lines]
    assert found == [row or [""] for row in rows]


@given(st.binary(max_size=300))
def test_any_bytes_lose_nothing(raw: bytes) -> None:
    try:
        lines = list(read_records(io.BytesIO(raw), b","))
    except ParseError as error:  # as a whole, before anything is read
        assert raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in raw or b"\r" in raw, error  # noqa: PT017
        return
    assert b"".join(line.body + line.end for line in lines) == raw
