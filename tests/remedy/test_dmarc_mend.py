"""DMARC records with slips: what is proposed is read back without a fault, and says what was meant."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.evidence.dmarc import discover
from postmend.evidence.dmarc_record import parse_dmarc
from postmend.model import RecordChange
from postmend.remedy.dmarc_mend import mended_record, mended_text
from tests.asking import ZoneFile

D = "example.com"


def proposed(*texts: str) -> RecordChange | None:
    zone = ZoneFile({f"_dmarc.{D}": [("TXT", text) for text in texts]})
    return mended_record(asyncio.run(discover(zone, D)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=DMARC1; p=rejekt; rua=mailto:d@example.com", "v=DMARC1; p=reject; rua=mailto:d@example.com"),
        ("v=DMARC1; p=quarentine", "v=DMARC1; p=quarantine"),
        ("v=DMARC1; rua=mailto:d@example.com", "v=DMARC1; p=none; rua=mailto:d@example.com"),
        ("v=DMARC1; p=reject; rua=d@example.com", "v=DMARC1; p=reject; rua=mailto:d@example.com"),
        ("v=DMARC1; p=reject; rua=mailto://d@example.com", "v=DMARC1; p=reject; rua=mailto:d@example.com"),
        ("v=DMARC1; p=reject; rau=mailto:d@example.com", "v=DMARC1; p=reject; rua=mailto:d@example.com"),
        ("v=DMARC1; p=reject; adkim=strict; aspf=x", "v=DMARC1; p=reject; adkim=s"),
        ("v=DMARC1; p=reject; sp=blah; pct=50; foo=bar", "v=DMARC1; p=reject"),
        ("v=DMARC1; p=reject; p=none", "v=DMARC1; p=reject"),
        ("v=DMARC1; p=reject; rua=mailto:a@example.com mailto:b@example.net", "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.net"),
    ],
)  # fmt: skip
def test_slips_are_mended(before: str, after: str) -> None:
    change = proposed(before)
    assert change is not None
    assert (change.name, change.before, change.after) == (f"_dmarc.{D}", before, after)
    assert "no fault" in change.proof
    assert proposed(after) is None


def test_of_several_the_mildest_stays_and_the_reports_of_the_others() -> None:
    strict, mild = "v=DMARC1; p=reject; rua=mailto:d@example.com", "v=DMARC1; p=none;"
    change = proposed(strict, mild)
    assert change is not None
    assert change.after == "v=DMARC1; p=none; rua=mailto:d@example.com"
    assert change.before.splitlines() == [strict, mild]


def test_a_record_in_order_is_left_alone() -> None:
    assert proposed("v=DMARC1; p=reject; pct=100") is None
    assert proposed() is None


PARTS = [
    "p=none",
    "sp=x",
    "rua=a@b.de",
    "rua=mailto:a@b.de!9m",
    "fo=1",
    "t=y",
    "t=z",
    "psd=q",
    ";",
    "=",
    "foo",
    "pct=1",
    "ruf=x",
]


@given(st.lists(st.sampled_from(PARTS)))
def test_whatever_is_proposed_reads_back_without_a_fault(parts: list[str]) -> None:
    change = proposed("v=DMARC1; " + "; ".join(parts))
    if change is not None:
        read = parse_dmarc(change.after)
        assert read is not None
        assert not read.faults
        assert mended_text(change.after) == change.after
