"""The corrected copy, the listener and the picture, by the command, with no filter: they are tested elsewhere."""

from __future__ import annotations

import json
import re
import signal
import smtplib
import socket
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.conftest import require
from tests.score.mails import LANGUAGES, TABLES, good
from tests.score.test_filters import POSTMEND, score

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALONE = ("--offline", "--rspamd", "off", "--spamassassin", "off")
MAIL = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=False)


def test_apply_writes_a_copy_and_tells_before_and_after(tmp_path: Path) -> None:
    raw = replace(MAIL.without("date"), text="").written()
    original, copy = tmp_path / "message.eml", tmp_path / "better.eml"
    original.write_bytes(raw)
    done = score(*ALONE, "--json", "--apply", str(copy), str(original))
    made = json.loads(done.stdout)
    assert (made["before"]["taken"], made["taken"], done.returncode) == ("marked", "fine", 0)
    assert {"header.date_missing", "text.missing"} <= set(made["before"]["mended"])
    assert b"text/plain" in copy.read_bytes()
    assert original.read_bytes() == raw


def test_apply_never_writes_over_the_message(tmp_path: Path) -> None:
    path = tmp_path / "message.eml"
    path.write_bytes(MAIL.written())
    done = score(*ALONE, "--apply", str(path), str(path))
    assert done.returncode == 2
    assert b"this is the message itself" in done.stderr
    assert path.read_bytes() == MAIL.written()


@contextmanager
def listening(*words: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    process = subprocess.Popen(
        [POSTMEND, "score", *ALONE, "--json", "--listen", "127.0.0.1:0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        told = b""
        while not (found := re.search(rb"listening on 127\.0\.0\.1:(\d+)", told)):
            line = process.stderr.readline()
            assert line, told
            told += line
        yield int(found[1]), process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_listener_scores_what_is_sent_with_the_envelope_it_came_with() -> None:
    with listening() as (port, process):
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.ehlo("mail.example.com")
            body = MAIL.then(lambda raw: raw + b"\r\n.a line with a dot\r\n").written()
            refused = client.sendmail("bounce@example.com", ["a@example.net", "b@example.net"], body)
            assert not refused
            assert client.docmd("MAIL", "FROM:<x@example.com> SIZE=999999999")[0] == 552
            assert client.docmd("DATA")[0] == 503
            assert client.docmd("RCPT", "TO:<a@b>")[0] == 503
        assert process.stdout is not None
        made = json.loads(process.stdout.readline())
    assert made["envelope"]["mail_from"] == "bounce@example.com"
    assert made["envelope"]["rcpt"] == ["a@example.net", "b@example.net"]
    assert made["envelope"]["origin"]["mail_from"] == "SMTP"
    assert process.returncode == 130


def test_listener_survives_garbage() -> None:
    with listening() as (port, process):
        for junk in (
            b"\x16\x03\x01\x02\x00" * 50,
            b"A" * 200_000,
            b"\r\n" * 100,
            b"EHLO x\r\nMAIL FROM:<a\r\nRCPT\r\nDATA\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
                sock.sendall(junk)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock, sock.makefile("rb") as answers:
            sock.sendall(b"A" * 200_000)
            assert [answers.readline()[:3], answers.readline()[:3]] == [b"220", b"500"]
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            assert client.noop()[0] == 250
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_listener_stays_on_loopback() -> None:
    done = score(*ALONE, "--listen", "0.0.0.0:2525")
    assert done.returncode == 2
    assert b"only loopback" in done.stderr


def test_preview_without_html_or_chromium_is_one_line(tmp_path: Path) -> None:
    plain = replace(MAIL, html="").written()
    done = score(*ALONE, "--preview", str(tmp_path / "x.png"), raw=plain)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(b"the message has no HTML")


@pytest.mark.servers
@pytest.mark.heavy
def test_preview_draws_the_html_and_fetches_nothing(tmp_path: Path) -> None:
    require("chromium")
    target = tmp_path / "shown.png"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        raw = MAIL.in_html(f'<img src="{url}"><script>fetch("{url}")</script><iframe src="{url}"></iframe>').written()
        done = score(*ALONE, "--preview", str(target), raw=raw)
        assert done.returncode in {0, 1}, done.stderr
        with pytest.raises(TimeoutError):
            server.accept()
    data = target.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (data[:8], width) == (b"\x89PNG\r\n\x1a\n", 700)
    assert height >= 600
    assert len(data) > 5000


@pytest.mark.servers
@pytest.mark.heavy
def test_preview_is_as_high_as_the_page(tmp_path: Path) -> None:
    require("chromium")
    far_down = '<div style="height:1500px"></div><a style="background:#222;color:#fff;padding:20px">To the shop</a>'
    target = tmp_path / "shown.png"
    done = score(*ALONE, "--preview", str(target), raw=MAIL.in_html(far_down).written())
    assert done.returncode in {0, 1}, done.stderr
    assert struct.unpack(">II", target.read_bytes()[16:24]) > (700, 1540)


@pytest.mark.servers
@pytest.mark.heavy
def test_preview_that_cannot_be_written_or_drawn_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("chromium")
    done = score(*ALONE, "--preview", str(tmp_path / "no" / "x.png"), raw=MAIL.written())
    assert (done.returncode, done.stderr.splitlines()[-1].count(b"cannot be written")) == (2, 1)
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = score(*ALONE, "--preview", str(tmp_path / "x.png"), raw=MAIL.written())
    assert (done.returncode, done.stderr.splitlines()[-1].count(b"Chromium drew nothing")) == (2, 1)
