"""Tables that are full: what they lose is detail, never a count, and making room is not begun anew for each cell."""

from __future__ import annotations

import pytest

from postmend.intake.logs import Origin, Outcome
from postmend.model import Cause
from postmend.traffic import rollup as rollups
from postmend.traffic import suppressed
from postmend.traffic.counts import Count, get
from postmend.traffic.rollup import Rollup
from postmend.traffic.room import HOUR_MASK
from postmend.traffic.stitch import Stitcher
from postmend.traffic.suppressed import Suppressed

START = 24 * 20_000


@pytest.mark.parametrize("hours", [24 * 14, 24 * 400])
def test_cells_are_bounded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """Also where the last weeks alone are more than there is room for."""
    monkeypatch.setattr(rollups, "_MOST_CELLS", 4_000)
    rollup = Rollup()
    made: list[dict[int, int]] = [rollup.hours]
    for hour in range(START, START + hours):
        for number in range(20):
            rollup.post(rollup.source(b"login %d" % number, b""), b"mx1", b"example.com", {hour: 1})
        assert len(rollup.hours) <= 4_000
        if rollup.hours is not made[-1]:
            made.append(rollup.hours)
    assert sum(rollup.by_source().values()) == hours * 20
    assert rollup.by_day() == dict.fromkeys(range(START // 24, (START + hours) // 24), 480)
    assert min(key & HOUR_MASK for key in rollup.hours) >= START
    assert max(key & HOUR_MASK for key in rollup.hours) == START + hours - 1
    assert len(made) <= 2 + hours * 20 // 1_000


def test_the_last_hours_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "_MOST_CELLS", 4_000)
    rollup = Rollup()
    for hour in range(START, START + 5_000):
        rollup.add(0, hour, 1)
    assert [rollup.hours[START + 5_000 - back] for back in range(1, 500)] == [1] * 499


def test_the_worst_addresses_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressed, "_MOST", 100)
    found = Suppressed()
    for number in range(10):
        found.add(b"often%d@example.com" % number, Cause.USER_UNKNOWN, 0, 2)
    for number in range(1_000):
        found.add(b"once%d@example.com" % number, Cause.USER_UNKNOWN, number)
    assert len(found.found) <= 100
    assert len(found.found) + found.forgotten == 1_010
    assert {b"often%d@example.com" % number for number in range(10)} <= found.found.keys()
    assert b"once999@example.com" in found.found


def test_what_most_is_known_of_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of mail in ten thousand names drives nobody out who has sent much, or been refused; no count is lost."""
    for name in ("_MOST_SOURCES", "_MOST_DOMAINS", "_MOST_SENDERS"):
        monkeypatch.setattr(rollups, name, 200)
    stitcher = Stitcher(set())
    book = stitcher.host(b"mx1")
    for number in range(10_000):
        name = b"late" if number > 9_000 and number % 20 == 0 else b"busy" if number % 20 == 0 else b"n%d" % number
        ident, mail_from = b"4%04X" % number, b"%s@%s.example.com" % (name, name)
        book.begin(ident, Origin(b"pc[203.0.113.9]", mail_from, mail_from))
        book.attempt(
            START * 60 + number, ident, b"a@%s.example.net" % name, Outcome.DELIVERED, b"mx.example.net[192.0.2.5]", b""
        )
        book.removed(ident)
    stitcher.finish()
    rollup = stitcher.tables()
    sources, domains, senders = rollup.by_source(), rollup.domains, rollup.senders
    for name, count in ((b"busy", 451), (b"late", 49)):
        mail_from = b"%s@%s.example.com" % (name, name)
        assert get(sources[b"login " + mail_from, b"203.0.113.9"], Count.DELIVERED) == count
        assert get(domains[name + b".example.net"], Count.DELIVERED) == count
        assert get(sum(senders[name + b".example.com"].values()), Count.DELIVERED) == count
    for cells in (sources, domains, {name: sum(days.values()) for name, days in senders.items()}):
        assert sum(get(cell, Count.DELIVERED) for cell in cells.values()) == 10_000
        assert len(cells) <= 201
    assert len(rollup.crowded) == 3


def test_a_refusal_without_a_recipient_names_no_dead_address() -> None:
    found = Suppressed()
    found.add(b"", Cause.USER_UNKNOWN, 0)
    assert not found.found
