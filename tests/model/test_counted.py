"""Numbers of things agree with their nouns."""

from __future__ import annotations

from postmend.model.counted import counted


def test_one_none_and_many() -> None:
    assert counted(1, "line") == "1 line"
    assert counted(0, "line") == "0 lines"
    assert counted(1204, "line") == "1,204 lines"
    assert counted(1, "address", "addresses") == "1 address"
    assert counted(2, "address", "addresses") == "2 addresses"
