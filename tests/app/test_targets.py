"""Targets as people write them: what they are taken for, and what is said of those that are none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.app.targets import read_target
from postmend.model import ParseError


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("example.com", "domain", "example.com"),
        ("Example.COM.", "domain", "example.com"),
        ("münchen.example", "domain", "xn--mnchen-3ya.example"),
        ("ex。com", "domain", "ex.com"),
        ("jane@example.com", "address", "example.com"),
        ("192.0.2.7", "ip", "192.0.2.7"),
        ("[192.0.2.7]", "ip", "192.0.2.7"),
        ("[IPv6:2001:db8::1]", "ip", "2001:db8::1"),
        ("2001:DB8:0:0::1", "ip", "2001:db8::1"),
        ("::ffff:192.0.2.7", "ip", "192.0.2.7"),
        ("fe80::1%eth0", "ip", "fe80::1"),
    ],
)
def test_what_it_is(text: str, kind: str, name: str) -> None:
    target = read_target(text)
    assert (target.kind, target.name) == (kind, name)
    assert bool(target.notes) == ("%" in text or "ffff" in text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0x7f.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0300.0.2.7", "192.0.2.7"),
        ("3221225991", "192.0.2.7"),
        ("999.1.1.1", "not an IP"),
        ("1.2.3.4.5", "not an IP"),
        ("192.0.2.0/24", "whole network"),
        ("https://example.com/", "web address"),
        ("localhost", "itself"),
        ("com.", "single label"),
        ("intranet", "single label"),
        ("a..b", "two in a row"),
        ("", "nothing"),
        ("a b.example", "host name"),
        ("x@[192.0.2.7]", "literal"),
        ("x" * 64 + ".example", "63"),
    ],
)
def test_what_it_is_not(text: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        read_target(text)


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_says_why(text: str) -> None:
    with contextlib.suppress(ParseError):
        target = read_target(text)
        assert target.name.isascii()
