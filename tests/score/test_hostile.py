"""What is made to break a reader: bounded, told, and the rest still scored."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import socketserver
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

import postmend
from postmend.evidence.content.html import read_page
from postmend.evidence.content.urls import parse_url
from postmend.intake.message import read_message
from postmend.model.spam import Answered, Envelope
from postmend.net.rspamd import ask_rspamd
from postmend.net.spamd import ask_spamd
from tests.score.mails import LANGUAGES, TABLES, good, zipped
from tests.score.test_content import look
from tests.score.test_extras import ALONE
from tests.score.test_filters import POSTMEND, score

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = b"From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
MAIL = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=False).written()


def ids(raw: bytes) -> set[str]:
    return {finding.id for finding in look(raw)}


def test_ten_thousand_parts() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    raw = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * 10_000 + b"--b--\r\n"
    assert "mime.too_many_parts" in ids(raw)
    assert len(read_message(raw).parts) <= 1001


def test_a_thousand_levels() -> None:
    raw = HEAD
    for i in range(1000):
        raw += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i)
    raw += b"Content-Type: text/plain\r\n\r\nx\r\n" + b"".join(b"--b%d--\r\n" % i for i in reversed(range(1000)))
    assert "mime.too_deep" in ids(raw)


def test_base64_of_a_zip_bomb_inside_a_zip() -> None:
    inner = zipped("zeros", b"\0" * (101 << 20))
    assert "attachment.bomb" in ids(_with("bomb.zip", zipped("inner.zip", inner)))


def test_a_zip_that_lies_about_itself() -> None:
    whole = zipped("a.txt", b"x" * 1000)
    for cut in range(0, len(whole), 7):
        ids(_with("a.zip", whole[:cut] + bytes(random.Random(cut).randbytes(9)) + whole[cut:]))


def _with(name: str, data: bytes) -> bytes:
    head = f'Content-Type: application/zip; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return HEAD + head.encode() + base64.encodebytes(data)


@pytest.mark.heavy
def test_a_hundred_megabytes_cost_a_bounded_amount() -> None:
    raw = (
        HEAD
        + b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJD" * 19 * 10
    )
    raw += (b"QUJD" * 19 + b"\r\n") * (100 * (1 << 20) // 78)
    tracemalloc.start()
    found = ids(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "mime.too_big" in found
    assert peak < 6 * len(raw)


@pytest.mark.heavy
def test_many_large_messages_cost_the_memory_of_one(tmp_path: Path) -> None:
    head = HEAD + b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = head + (b"QUJD" * 19 + b"\r\n") * (24 * (1 << 20) // 78)
    for number in range(8):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    # By a small parent: what a child is said to have used at most begins with what its parent used.
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    words = [sys.executable, "-c", code, POSTMEND, "score", *ALONE, "--json", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, check=True, timeout=120)
    assert int(done.stdout) << 10 < 12 * len(raw)


@pytest.mark.parametrize(
    "charset",
    ["utf-99", "../../etc", "rot13", "zlib", "idna", "unicode_escape", "utf-7", "base64", "", "x" * 500, "\x00"],
)
def test_charsets_that_are_none(charset: str) -> None:
    raw = HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + b"caf\xe9 \xff\xfe +AGE-"
    look(raw)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000, "<a href='" * 20_000, "<" * 200_000, "<a" * 100_000, '<a b="' * 50_000, "</b>" * 100_000,
        "<!--" * 50_000, "<style>" + "a{" * 100_000, "<style>" + "@media{" * 50_000, "&" * 300_000, "<p style='" + "a:b;" * 100_000 + "'>x",
        "<title>" * 50_000, "<a href=x>" * 30_000 + "y" * 1000, "<p " + "a " * 200_000 + ">", "<div style=color:#fff>" * 20_000 + "x",
        "<style>" + "/*" * 100_000 + "</style>", "<style>" + ".a," * 60_000 + "{}</style>", "\x00<\x00a>" * 30_000,
        "<style>" + ".a .b div{display:none}" * 9000 + "</style>" + "<div class=a>" * 60_000,
    ],
    ids=range(19),
)  # fmt: skip
def test_html_that_blows_up_parsers_takes_time_in_proportion(html: str) -> None:
    """Twice the size may take twice the time, not four times: measured against a plain page in the same run."""
    start = time.process_time()
    read_page("<p>word <b>bold</b></p>\n" * 8000)
    plain_s = time.process_time() - start
    start = time.process_time()
    look(HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode())
    assert time.process_time() - start < 20 * plain_s


RUNS = [
    "(",
    ")",
    "<",
    "<  ",
    "<a@",
    "=?",
    "=?utf-8?q?",
    "@",
    "\\",
    '"',
    ",",
    ";",
    "; a=",
    "a",
    "a.",
    " ",
    "[",
    ":",
    "%",
    "x@y, ",
    "\u3042",
]


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "List-Unsubscribe",
        "List-Id",
        "Content-Type",
        "Received",
        "Reply-To",
    ],
)
def test_long_runs_in_headers_take_little_time(name: str) -> None:
    for run in RUNS:
        value = (run * 30_000)[:60_000].encode()
        start = time.process_time()
        look(HEAD + name.encode() + b": " + value + b"\r\n\r\nx")
        assert time.process_time() - start < 3, run


def test_random_bytes_never_raise() -> None:
    dice = random.Random(6)
    for _ in range(400):
        raw = bytearray(MAIL)
        for _ in range(dice.randrange(1, 40)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        cut = dice.randrange(len(raw))
        look(bytes(raw[:cut]))
        look(dice.randbytes(dice.randrange(300)))
        parse_url("http://" + dice.randbytes(30).decode("latin-1"))


@contextmanager
def peer(answer: bytes | None) -> Iterator[tuple[str, int]]:
    """A server on loopback that gives this answer to anything, or (None) reads and never answers."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.recv(1 << 20)
                if answer is not None:
                    self.request.sendall(answer)
                while answer is None and self.request.recv(1 << 16):
                    pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield "127.0.0.1", server.server_address[1]
        server.shutdown()


GARBAGE = [
    b"", b"\x00\xff" * 1000, b"HTTP/1.1 500 no\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}{}{",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    b'HTTP/1.1 200 OK\r\n\r\n{"score": "many"}', b"SPAMD/1.1 76 Bad header line\r\n\r\n", b"SPAMD/1.1 0 EX_OK\r\n\r\n",
    b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; nan / x\r\n\r\n", b"A" * 300_000, b"SPAMD/1.1 0 EX_OK\r\n" + b"x" * (3 << 20),
]  # fmt: skip


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_an_answer_that_says_nothing(answer: bytes) -> None:
    with peer(answer) as server:
        one = asyncio.run(ask_rspamd(server, MAIL, Envelope("192.0.2.7", "m\r\nX: y"), 5.0))
        other = asyncio.run(ask_spamd(server, MAIL, 5.0))
    assert (one.state, other.state) == (Answered.GARBAGE, Answered.GARBAGE)
    assert "undefined" not in one.problem + other.problem


def test_a_hanging_filter_costs_only_itself() -> None:
    with peer(None) as (host, port):
        made = postmend.score(MAIL, offline=True, rspamd=f"{host}:{port}", spamassassin="off", filter_timeout_s=0.3)
    (rspamd, spamassassin) = made.filters
    assert (rspamd.state, spamassassin.state, made.taken) == ("timeout", "absent", "fine")
    assert any("no answer within 0.3 s" in line for line in made.not_asked)
    assert msgspec.json.encode(made)


def test_a_filter_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    made = postmend.score(MAIL, offline=True, rspamd="start", spamassassin="off")
    assert (made.taken, made.filters[0].problem) == ("fine", "not installed (Debian's package rspamd)")


def test_nobody_listens() -> None:
    made = postmend.score(MAIL, offline=True, rspamd="127.0.0.1:1", spamassassin="127.0.0.1:1")
    assert {each.state for each in made.filters} == {"absent"}
    assert made.taken == "fine"


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\x00" * 100, b"no header here at all\n", b"\xff\xfe\x00"])
def test_what_is_no_message_is_one_line(raw: bytes) -> None:
    done = score(*ALONE, raw=raw)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    "words",
    [("--ip", "x"), ("--rspamd", "somewhere"), ("--mail-from", "@@"), ("nowhere.eml",), ("--apply", "x", "a", "b")],
)
def test_bad_usage_is_one_line(words: tuple[str, ...]) -> None:
    done = score(*ALONE[:1], *words, raw=MAIL)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
