"""DMARC records, discovery by the tree walk, alignment, reports: against a real name server on loopback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.evidence.bimi import check_bimi
from postmend.evidence.dmarc import DmarcDiscovery, aligned, check_dmarc, discover
from postmend.evidence.dmarc_record import misses_dmarc, parse_dmarc
from postmend.evidence.dmarc_reports import check_dmarc_record
from postmend.model import Finding
from tests.asking import ask, ids
from tests.dnslab import Zone


def record(zone: Zone, domain: str = "example.com") -> tuple[tuple[Finding, ...], DmarcDiscovery]:
    found, discovery = ask(zone, lambda resolver: check_dmarc_record(resolver, domain))
    return found, discovery


def at(text: str, name: str = "_dmarc.example.com") -> Zone:
    return {name: [("TXT", text)]}


@pytest.mark.parametrize(
    ("texts", "wanted", "policy"),
    [
        (["v=DMARC1; p=reject; rua=mailto:d@example.com"], "dmarc.record", "reject"),
        (["v=DMARC1; p=none; rua=mailto:d@example.com"], "dmarc.only_watching", "none"),
        (["v=DMARC1; p=reject"], "dmarc.no_reports", "reject"),
        (["v=DMARC1; p=reject; t=y; rua=mailto:d@example.com"], "dmarc.testing", "reject"),
        (["v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com"], "dmarc.weak_subdomains", "reject"),
        (["p=reject; v=DMARC1"], "dmarc.not_a_record", "none"),
        (["v=dmarc1; p=reject"], "dmarc.not_a_record", "none"),
        (["v=DMARC1 p=reject"], "dmarc.not_a_record", "none"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "dmarc.several_records", "none"),
        (["v=DMARC1; p=rejct"], "dmarc.record_fault", "none"),
        (["v=DMARC1; p=reject; pct=50"], "dmarc.pct", "reject"),
        (["v=DMARC1; p=reject; pct=100"], "dmarc.leftover", "reject"),
        (["v=DMARC1; p=reject; ri=86400; rua=mailto:d@example.com"], "dmarc.leftover", "reject"),
        (["v=DMARC1; p=reject; rua=mailto:d@example.com!10m"], "dmarc.leftover", "reject"),
        (["v=DMARC1; p=reject; foo=bar"], "dmarc.record_fault", "reject"),
        (["v=DMARC1; p=reject; adkim=x"], "dmarc.record_fault", "reject"),
        (["v=DMARC1; p=reject; rua=d@example.com"], "dmarc.record_fault", "reject"),
        (["v=spf1 -all"], "dmarc.no_record", "none"),
    ],
)
def test_what_is_said_of_a_record(texts: list[str], wanted: str, policy: str) -> None:
    found, discovery = record({"_dmarc.example.com": [("TXT", text) for text in texts]})
    assert wanted in ids(found)
    assert discovery.policy == policy


def test_a_good_record_has_nothing_said_against_it() -> None:
    found, _ = record(at("v=DMARC1; p=reject; rua=mailto:d@example.com,mailto:x@sub.example.com"))
    assert ids(found) == {"dmarc.record"}


@pytest.mark.parametrize("how", ["TIMEOUT", "SERVFAIL", "REFUSED"])
def test_no_answer_is_not_no_policy(how: str) -> None:
    found, _ = record({"_dmarc.example.com": [(how, "")]})
    assert ids(found) == {"dmarc.temperror"}


@pytest.mark.parametrize(
    ("zone", "domain", "organizational", "where", "policy"),
    [
        (at("v=DMARC1; p=reject"), "a.b.example.com", "example.com", "example.com", "reject"),
        (at("v=DMARC1; p=reject; sp=quarantine") | {"a.example.com": [("A", "192.0.2.1")]}, "a.example.com", "example.com", "example.com", "quarantine"),
        (at("v=DMARC1; p=none; np=reject"), "no.example.com", "example.com", "example.com", "reject"),
        (at("v=DMARC1; p=none; psd=y", "_dmarc.com"), "example.com", "example.com", "com", "none"),
        (at("v=DMARC1; p=reject; psd=y", "_dmarc.com") | at("v=DMARC1; p=quarantine"), "a.example.com", "example.com", "example.com", "quarantine"),
        (at("v=DMARC1; p=reject; psd=n", "_dmarc.b.example.com") | at("v=DMARC1; p=none"), "a.b.example.com", "b.example.com", "b.example.com", "reject"),
        (at("v=DMARC1; p=reject"), "a.b.c.d.e.f.g.h.i.j.example.com", "example.com", "example.com", "reject"),
    ],
)  # fmt: skip
def test_tree_walk(zone: Zone, domain: str, organizational: str, where: str, policy: str) -> None:
    found = ask(zone, lambda resolver: discover(resolver, domain))
    assert (found.organizational, found.at, found.policy) == (organizational, where, policy)
    assert len(found.answers) <= 8


def test_old_receivers_are_told_apart() -> None:
    pytest.importorskip("publicsuffixlist")
    found, _ = record(at("v=DMARC1; p=reject; rua=mailto:d@example.com", "_dmarc.b.example.com"), "a.b.example.com")
    assert "dmarc.old_receivers" in ids(found)


@pytest.mark.parametrize(
    ("identity", "strict", "fits"),
    [
        ("example.com", True, True),
        ("mail.example.com", True, False),
        ("mail.example.com", False, True),
        ("example.org", False, False),
        ("notexample.com", False, False),
        ("", False, False),
    ],
)
def test_alignment(identity: str, strict: bool, fits: bool) -> None:
    async def judge(resolver: object) -> bool:
        author = await discover(resolver, "news.example.com")  # type: ignore[arg-type]
        return await aligned(resolver, identity, author, strict=strict)  # type: ignore[arg-type]

    zone = at("v=DMARC1; p=reject")
    assert ask(zone, judge) is (fits and not (strict and identity != "news.example.com"))


def test_a_message_passes_by_either_and_is_not_judged_without_both() -> None:
    zone = at("v=DMARC1; p=reject; rua=mailto:d@example.com")
    for given_, wanted in (
        ({"spf_domain": "b.example.com", "spf_passed": True}, "dmarc.pass"),
        ({"spf_domain": "esp.example", "spf_passed": True, "dkim_domains": ()}, "dmarc.fail"),
        ({"spf_domain": "esp.example", "spf_passed": True, "dkim_domains": ("example.com",)}, "dmarc.pass"),
        ({"spf_passed": False}, "dmarc.not_judged"),
        ({"spf_passed": False, "dkim_seen": False}, "dmarc.no_signature_seen"),
        ({"dkim_seen": False}, "dmarc.not_judged"),
    ):
        found = ask(zone, lambda resolver, g=given_: check_dmarc(resolver, "example.com", **g))
        assert wanted in ids(found)


def test_reports_to_others_need_their_word() -> None:
    zone = at("v=DMARC1; p=reject; rua=mailto:a@reports.example.net,mailto:b@other.example.org")
    zone |= {"example.com._report._dmarc.reports.example.net": [("TXT", "v=DMARC1")]}
    found, _ = record(zone)
    said = {each.id: each.get("destination") for each in found}
    assert said["dmarc.report_allowed"] == "reports.example.net"
    assert said["dmarc.report_not_allowed"] == "other.example.org"


@pytest.mark.parametrize(
    ("bimi", "dmarc", "wanted"),
    [
        ("v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem", "reject", "bimi.ok"),
        ("v=BIMI1; l=https://example.com/logo.svg", "none", "bimi.not_enforced"),
        ("v=BIMI1; l=http://example.com/logo.svg", "reject", "bimi.fault"),
        ("v=BIMI1; l=https://example.com/logo.png", "reject", "bimi.fault"),
        ("v=BIMI1; l=", "reject", "bimi.declined"),
        ("v=BIMI1", "reject", "bimi.fault"),
        ("other", "reject", "bimi.none"),
    ],
)
def test_bimi(bimi: str, dmarc: str, wanted: str) -> None:
    async def judge(resolver: object) -> object:
        return await check_bimi(resolver, "example.com", await discover(resolver, "example.com"))  # type: ignore[arg-type]

    zone = at(f"v=DMARC1; p={dmarc}") | {"default._bimi.example.com": [("TXT", bimi)]}
    assert ids(ask(zone, judge)) == {wanted}


@given(st.text(max_size=120))
def test_any_text_is_read(text: str) -> None:
    for each in (text, "v=DMARC1;" + text):
        parse_dmarc(each)
        misses_dmarc(each)
