"""Faults of an SPF record told apart, over real UDP."""

from __future__ import annotations

import asyncio

import pytest

from postmend.evidence.spf_lint import lint_spf
from postmend.model import Finding
from postmend.net.dns import open_resolver
from tests.dnslab import Zone, serve

REST: Zone = {
    "good.example.net": [("TXT", "v=spf1 ip4:198.51.100.0/28 -all")],
    "deep.example.net": [("TXT", "v=spf1 include:good.example.net a:good.example.net -all"), ("A", "198.51.100.1")],
    "round.example.net": [("TXT", "v=spf1 include:round.example.net -all")],
    "broken.example.net": [("TXT", "v=spf1 foo:bar -all")],
    "twice.example.net": [("TXT", "v=spf1 -all"), ("TXT", "v=spf1 ~all")],
    "wide.example.net": [("TXT", "v=spf1 ip4:198.0.0.0/8 -all")],
    "service.example.net": [("TXT", "v=spf1 ip4:198.18.0.0/15 ip6:2001:db8::/29 -all")],
    "open.example.net": [("TXT", "v=spf1 +all")],
    "sick.example.net": [("TXT", "v=spf1 include:gone.example.net -all")],
    "silent.example.net": [("TIMEOUT", "")],
}


def lint(*texts: str) -> dict[str, Finding]:
    async def go(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, 0.5) as resolver:
            return await lint_spf(resolver, "example.com")

    with serve(REST | {"example.com": [("TXT", text) for text in texts]}) as (where, _):
        return {each.id.removeprefix("spf_record."): each for each in asyncio.run(go(where))}


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        (["v=spf1 include:good.example.net -all"], {"ok"}),
        (["google-site-verification=x"], {"none"}),
        (["v=spf1: ip4:192.0.2.7 -all"], {"almost"}),
        (['"v=spf1 ip4:192.0.2.7 -all'], {"almost"}),
        (["spf2.0/pra ip4:192.0.2.7 -all"], {"almost"}),
        (["v=spf1 mx -all", "v=spf1 a -all"], {"several"}),
        (["v=spf1 ip4:192.0.2.300 -all"], {"syntax"}),
        (["v=spf1 include:gone.example.net -all"], {"dead_include"}),
        (["v=spf1 include:broken.example.net -all"], {"dead_include"}),
        (["v=spf1 include:twice.example.net -all"], {"dead_include"}),
        (["v=spf1 include:sick.example.net -all"], {"dead_include"}),
        (["v=spf1 ip4:192.0.2.7 redirect=gone.example.net"], {"dead_include"}),
        (["v=spf1 include:example.com -all"], {"lookups", "loop"}),
        (["v=spf1 include:round.example.net -all"], {"lookups", "loop"}),
        (["v=spf1 include:silent.example.net -all"], {"ok", "include_unknown"}),
        (["v=spf1 a:x.example.net a:y.example.net a:z.example.net -all"], {"void"}),
        (["v=spf1 ip4:192.0.2.7 +all"], {"ok", "plus_all"}),
        (["v=spf1 ip4:192.0.2.7 ?all"], {"ok", "neutral_all"}),
        (["v=spf1 ip4:192.0.2.7"], {"ok", "no_all"}),
        (["v=spf1 -all ip4:192.0.2.7"], {"ok", "after_all"}),
        (["v=spf1 ptr -all"], {"ok", "ptr"}),
        (["v=spf1 ip4:198.0.0.0/9 -all"], {"ok", "huge"}),
        (["v=spf1 include:wide.example.net -all"], {"ok", "huge"}),
        (["v=spf1 include:open.example.net -all"], {"ok", "huge"}),
        (["v=spf1 include:service.example.net -all"], {"ok"}),  # a mail service's own networks
        (["v=spf1 ip4:0.0.0.0/1 -all"], {"ok", "huge"}),
        (["v=spf1 ip4:10.1.2.0/24 -all"], {"ok", "inside_network"}),
        (["v=spf1 " + " ".join(f"ip4:198.51.100.{i}" for i in range(30)) + " -all"], {"ok", "long"}),
    ],
)
def test_each_fault_has_its_id(texts: list[str], ids: set[str]) -> None:
    assert set(lint(*texts)) == ids


def test_lookups_are_told_by_include() -> None:
    text = "v=spf1 include:deep.example.net " + " ".join(f"exists:e{i}.%{{d}}" for i in range(9)) + " -all"
    found = lint(text)["lookups"]
    assert "takes 12 DNS lookups" in found.detail
    assert found.get("shares").startswith("include:deep.example.net 3, ")


def test_a_book_of_networks_is_one_finding() -> None:
    found = lint("v=spf1 " + " ".join(f"ip4:10.{i // 256}.{i % 256}.0/24" for i in range(1000)) + " -all")
    assert "ip4:10.0.2.0/24 and 997 more" in found["inside_network"].detail


def test_void_terms_are_counted_without_those_that_have_one_kind_of_address() -> None:
    names = "a:x.example.net a:y.example.net a:z.example.net"
    assert lint(f"v=spf1 {names} a:deep.example.net -all")["void"].detail.startswith("3 terms")


def test_what_is_said_names_the_place() -> None:
    assert "gone.example.net is included (in the record of sick.example.net)" in (
        lint("v=spf1 include:sick.example.net -all")["dead_include"].detail
    )
    assert "ip4:198.0.0.0/8 (included from wide.example.net) lets 16,777,216 addresses send as example.com" in (
        lint("v=spf1 include:wide.example.net -all")["huge"].detail
    )
    assert "ip4:192.0.2.7, redirect=good.example.net" in (
        lint("v=spf1 -all ip4:192.0.2.7 redirect=good.example.net")["after_all"].detail
    )
