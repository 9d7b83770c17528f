from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from postmend.model import ParseError
from postmend.store.answers import Answers, Freshness, Stored
from postmend.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path


def stored(email: str, *, firm: bool = True, for_domain: bool = False, asked_ms: int = 1000) -> Stored:
    return Stored(email, email.partition("@")[2], b"{}", b"[]", for_domain, firm, asked_ms)


def test_an_exclusive_file_shuts_out_a_second_run(tmp_path: Path) -> None:
    first = Database(tmp_path / "state", exclusive=True)
    with pytest.raises(ParseError, match="another run is using it"):
        Database(tmp_path / "state", exclusive=True)
    first.close()
    Database(tmp_path / "state", exclusive=True).close()


def test_what_is_no_state_file(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("name,email\n" * 100)
    with pytest.raises(ParseError, match="not a database"):
        Database(tmp_path / "text")
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(ParseError, match="some other program"):
        Database(tmp_path / "other")
    with pytest.raises(ParseError, match="nowhere"):
        Database(tmp_path / "nowhere" / "state")
    later = Database(tmp_path / "later")
    with later.guarded() as connection:
        connection.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(ParseError, match="later version"):
        Database(tmp_path / "later")


def test_a_full_disk_keeps_what_was_stored(tmp_path: Path) -> None:
    database = Database(tmp_path / "state")
    answers = Answers(database, "smtp", Freshness(0, 0))
    answers.put([stored("a@example.com")])
    with database.guarded() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(ParseError, match="disk is full"):
        answers.put([stored(f"{'x' * 50}{i}@example.com") for i in range(5000)])
    assert answers.get("a@example.com") == b"{}"
    assert answers.get(f"{'x' * 50}0@example.com") is None
    database.close()


def test_each_address_once_and_only_what_has_no_fresh_answer(tmp_path: Path) -> None:
    database = Database(tmp_path / "state")
    answers = Answers(database, "smtp", Freshness(firm_ms=500, other_ms=2000))
    answers.begin_list()
    emails = [f"u{i:04}@example.com" for i in range(2500)]
    answers.note(emails + emails[:100])
    answers.put([stored(emails[0]), stored(emails[1], firm=False), stored(emails[2], asked_ms=400)])
    assert answers.count() == (2500, 2499)
    assert list(answers.pending()) == emails[1:]
    assert list(answers.listed()) == emails
    database.close()


def test_a_domains_answer_and_modes(tmp_path: Path) -> None:
    database = Database(tmp_path / "state")
    dns = Answers(database, "dns", Freshness(0, 0))
    smtp = Answers(database, "smtp", Freshness(0, 0))
    dns.put([stored("a@example.com", for_domain=True)])
    assert dns.of_domain("example.com") == b"{}"
    assert smtp.of_domain("example.com") is None
    smtp.put([stored("a@example.com")])
    assert dns.get("a@example.com") == b"{}"
    assert smtp.of_domain("example.com") is None
    assert smtp.evidence("example.com") == b"[]"
    database.close()
