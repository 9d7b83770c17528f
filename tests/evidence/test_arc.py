"""ARC chains that dkimpy seals, and Authentication-Results with their forgers."""

from __future__ import annotations

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.evidence.arc import ArcResult, arc_findings, verify_arc
from postmend.evidence.authres import authres_findings, parse_authres, receivers_word
from tests.asking import ask, ids
from tests.dnslab import Zone
from tests.evidence.test_dkim import MAIL, key


def sealed(mail: bytes, hop: int, domain: str = "lists.example.net") -> bytes:
    results = b"Authentication-Results: lists.example.net; dkim=pass header.d=example.com; arc=%s\r\n" % (
        b"none" if hop == 1 else b"pass"
    )
    made = dkimpy.arc_sign(results + mail, b"arc", domain.encode(), key(2048, 5).pem, b"lists.example.net")
    return b"".join(made) + mail  # a receiver takes out what it has put into ARC-Authentication-Results


ZONE: Zone = {
    "arc._domainkey.lists.example.net": [("TXT", key(2048, 5).record)],
    "arc._domainkey.lists.example.org": [("TXT", key(2048, 5).record)],
}
WIRE = MAIL.replace(b"\n", b"\r\n")


def verify(mail: bytes, zone: Zone = ZONE) -> ArcResult:
    found = ask(zone, lambda resolver: verify_arc(resolver, mail))
    assert isinstance(found, ArcResult)
    return found


def test_one_hop_and_two() -> None:
    once = sealed(WIRE, 1)
    found = verify(once)
    assert (found.result, found.sealers) == ("pass", ("lists.example.net",)), found.detail
    assert "dkim=pass" in found.first_seen
    twice = verify(sealed(once, 2, "lists.example.org"))
    assert (twice.result, twice.sealers) == ("pass", ("lists.example.net", "lists.example.org")), twice.detail
    assert ids(arc_findings(twice)) == {"arc.pass"}
    assert verify(WIRE).result == "none"
    assert arc_findings(verify(WIRE)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Howdy"),
        (b"cv=none", b"cv=pass"),
        (b"cv=none", b"cv=fail"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        (b"ARC-Seal: i=1", b"X-Seal: i=1"),
        (b"dkim=pass header.d=example.com", b"dkim=pass header.d=evil.example"),
        (b"Subject: A", b"Subject: B"),
    ],
)
def test_broken_chains(old: bytes, new: bytes) -> None:
    mail = sealed(WIRE, 1)
    assert old in mail
    found = verify(mail.replace(old, new))
    assert found.result == "fail"
    assert found.detail


def test_key_that_cannot_be_asked() -> None:
    assert verify(sealed(WIRE, 1), {"*.example.net": [("SERVFAIL", "")]}).result == "temperror"


RECEIVED = b"Received: from mail.example.com (mail.example.com [192.0.2.7]) by mx.example.net with ESMTP\r\n"


def test_the_receivers_own_word_counts() -> None:
    own = (
        b"Authentication-Results: mx.example.net (policy x; y=z) 1; spf=pass smtp.mailfrom=a@example.com;\r\n"
        b'\tdkim=fail reason="body hash; did not verify" header.d=example.com header.s=sel; dmarc=temperror header.from=example.com\r\n'
    )
    found = receivers_word(own + RECEIVED + WIRE)
    assert found is not None
    assert [(r.method, r.result) for r in found.results] == [("spf", "pass"), ("dkim", "fail"), ("dmarc", "temperror")]
    assert found.results[1].get("header.d") == "example.com"
    assert {f.id: f.subject for f in authres_findings(found)}["authres.fail"] == "example.com"


def test_a_forged_word_does_not() -> None:
    forged = b"Authentication-Results: mx.evil.example; dmarc=pass header.from=bank.example\r\n"
    assert receivers_word(RECEIVED + forged + WIRE) is None
    assert receivers_word(forged + WIRE) is None
    assert authres_findings(None) == ()
    trusted = receivers_word(RECEIVED + forged + WIRE, frozenset({"mx.evil.example"}))
    assert trusted is not None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    authres_findings(parse_authres(text))
