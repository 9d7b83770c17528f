"""Whatever the bytes: nothing but ParseError, no long wait, bounded memory. `python -m tools.fuzz` does more of it."""

from __future__ import annotations

import random
import time
import tracemalloc
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.app.explain import explain_bytes, read_failures
from postmend.app.explain_out import Explained
from postmend.app.settings import Settings
from postmend.cli.paper import clean
from postmend.intake import read_any
from postmend.model import ParseError
from tests.hostile import PLACES, TOKENS, mutations, runs

BASE = b"From: MAILER-DAEMON@example.org\nTo: a@example.com\nSubject: failure notice\n"
REPORT = BASE + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'


def explained(raw: bytes) -> list[Explained]:
    """Explain, offline, as far as JSON; nothing where the input is none."""
    try:
        found = explain_bytes(raw, "x", Settings(offline=True))
    except ParseError:
        return []
    msgspec.json.encode(found)
    return found


@pytest.mark.parametrize("name", ["bounce-barracuda.eml", "bounce-exim.eml", "postfix.log", "replies.txt"])
def test_mutations_raise_only_parse_error(samples: Path, name: str) -> None:
    raw = (samples / name).read_bytes()
    for data in mutations(raw, random.Random(name), 400):
        explained(data)


def test_long_runs_take_no_long_time() -> None:
    """Each token that a pattern repeats, 20,000 characters of it in each place; a quadratic pattern takes seconds."""
    for name, raw in runs(20_000):
        start = time.process_time()
        with_parse_errors(read_failures(raw, "x"))
        assert time.process_time() - start < 1.5, name


@given(st.binary(max_size=3000))
def test_random_bytes(raw: bytes) -> None:
    explained(raw)


@given(st.sampled_from(sorted(PLACES)), st.lists(st.sampled_from(TOKENS) | st.text(max_size=12), max_size=30))
def test_random_runs(place: str, words: list[str]) -> None:
    raw = PLACES[place].replace("{}", "".join(words)).encode("utf-8", "surrogatepass")
    for one in explained(raw):
        for failure in one.failures:
            assert not {"Cc", "Cs"} & {unicodedata.category(c) for c in clean(failure.reply.text)}


@pytest.mark.parametrize(
    "charset", ["utf-7", "unicode_escape", "punycode", "idna", "hex", "utf-16", "x-nobody-knows", "undefined"]
)
def test_charsets_that_are_none(charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\n\n".encode()
    body = b"<u@example.net>:\n550 5.1.1 no such user +2AA- \\ud800 \xff\n" * 200
    (found,) = explained(
        BASE.replace(b"failure notice", f"=?{charset}?q?failure_notice_+2AA-?=".encode()) + head + body
    )
    assert found.failures


def with_parse_errors(found: Iterator[object]) -> int:
    """How many there are; an input that is none has none."""
    try:
        return sum(1 for _ in found)
    except ParseError:
        return 0


def groups(count: int) -> bytes:
    """A delivery status with so many recipients."""
    one = b"Final-Recipient: rfc822; u%d@example.net\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 <u%d@example.net>: no such user\n\n"
    return (
        REPORT
        + b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n"
        + b"".join(one % (i, i) for i in range(count))
        + b"--b--\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        groups(10_000),
        BASE
        + b"\nThese failed:\n\n"
        + b"".join(b"<u%d@example.net>:\n    550 5.1.1 no such user\n\n" % i for i in range(10_000)),
    ],
    ids=["dsn", "text"],
)
def test_ten_thousand_recipients(raw: bytes) -> None:
    (found,) = read_any(raw, "x")
    assert len({failure.recipient for failure in found.failures}) == 10_000


def test_huge_and_deep_mails_are_bounded() -> None:
    deep = BASE + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(20_000))
    shallow = BASE + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 300_000
    huge = (
        BASE + b"\n<u@example.net>:\n550 5.1.1 no such user\n\n--- Below this line is a copy\n\n" + b"x" * (100 << 20)
    )
    nothing, lines = b"\0" * (30 << 20), b"550 no\n" * (2 << 20)
    tracemalloc.start()
    for raw in (deep, shallow, huge, nothing, lines, BASE + b"X: " + b"y" * (30 << 20)):
        start = time.process_time()
        with_parse_errors(read_any(raw, "x"))
        assert time.process_time() - start < 10
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 << 20  # besides the input itself
