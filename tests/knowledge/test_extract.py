import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.knowledge.extract import extract


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("554 5.7.1 Client host [192.0.2.7] blocked using zen.example.org", "ips", ("192.0.2.7",)),
        ("554 5.7.1 Client host [192.0.2.7] blocked using zen.example.org", "lists", ("zen.example.org",)),
        ("550 [IPv6:2001:db8::7] is not welcome", "ips", ("2001:db8::7",)),
        ("550 192.0.2.7:4567 rejected", "ips", ("192.0.2.7",)),
        ("550 1.2.3.4.5 is no address", "ips", ()),
        ("550 found in Spamhaus XBL", "lists", ("Spamhaus XBL",)),
        ("550 refused, rbl.example.org says no", "lists", ("rbl.example.org",)),
        ("550 192.0.2.7 steht auf der Sperrliste alle.example", "lists", ("alle.example",)),
        ("550 refused, see www.rbl.example", "lists", ()),  # a company of that name
        (
            "550 see https://lists.example.org/ query/ip/192.0.2.7",
            "urls",
            ("https://lists.example.org/query/ip/192.0.2.7",),
        ),
        ("550 see (https://www.example.com/help?p=Blocked).", "urls", ("https://www.example.com/help?p=Blocked",)),
        ("550 part of their network is on our block list (S3150).", "codes", ("S3150",)),
        ("421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred", "codes", ("TSS04",)),
        ("554 mx.example.com ESMTP IB607", "codes", ("IB607",)),
        ("550 5.2.0 OFR_506 [506]", "codes", ("OFR_506",)),
        ("550 5.5.0 LPN007_416", "codes", ("LPN007_416",)),
        ("421 blocked AUP#CNCT", "codes", ("AUP#CNCT",)),
        ("450 4.7.1 Greylisted, please try again in 300 seconds", "retry_after_s", 300),
        ("450 4.2.0 Greylisted, see page; retry in 00:05:00", "retry_after_s", 300),
        ("452 limit of 500 messages per day reached", "limits", ("500 messages per day",)),
        ("552 Message size exceeds limit 10485760", "limits", ("10485760",)),
        ("554 5.4.6 Message went over 30 hops", "limits", ("30 hops",)),
        ("550 <user@example.com>: no", "emails", ("user@example.com",)),
    ],
)
def test_extract(text: str, field: str, expected: object) -> None:
    assert getattr(extract(text), field) == expected


@given(st.text(max_size=300))
def test_any_text_is_searched(text: str) -> None:
    extract(text)


@pytest.mark.parametrize("unit", ["listed at ", "http://a/", "1.", "a:", "retry ", "<", "a@", "4 per ", "550-5.1.1 "])
def test_repetition_stays_fast(unit: str) -> None:
    # Bounded by extract's own limit; a pattern that backtracks would take minutes, not a fraction of a second.
    extract(unit * 100_000)
