"""Reverse DNS, HELO and the address that mail really leaves by, over real UDP."""

from __future__ import annotations

import asyncio

import pytest

from postmend.evidence.helo import check_helo
from postmend.evidence.identity import check_identity
from postmend.evidence.rdns import check_rdns
from postmend.evidence.spf import check_host
from postmend.model import Finding
from postmend.net.dns import open_resolver
from tests.dnslab import Zone, serve

IP, OTHER, V6 = "192.0.2.7", "198.51.100.9", "2001:db8::7"
ZONE: Zone = {
    "7.2.0.192.in-addr.arpa": [("PTR", "mail.example.com.")],
    "9.100.51.198.in-addr.arpa": [("PTR", "customer-198-51-100-9.pool.example.net.")],
    "customer-198-51-100-9.pool.example.net": [("A", OTHER)],
    "8.2.0.192.in-addr.arpa": [("PTR", "mail.example.com.")],
    "mail.example.com": [("A", IP)],
    "example.com": [("TXT", f"v=spf1 ip4:{IP} -all"), ("MX", "10 mail.example.com.")],
    "nothing.example": [("TXT", "v=spf1 -all"), ("MX", "10 mail.example.com.")],
    "silent.example.com": [("TIMEOUT", "")],
}


async def identity(where: str, ip: str, domain: str) -> tuple[Finding, ...]:
    async with open_resolver(where, 0.6) as resolver:
        found = await check_host(resolver, ip, mail_from=f"a@{domain}", helo="mail.example.com")
        return await check_identity(resolver, ip, found)


@pytest.mark.parametrize("ip", [OTHER, V6])
def test_mail_that_left_by_another_address(ip: str) -> None:
    with serve(ZONE) as (where, _):
        (found,) = asyncio.run(identity(where, ip, "example.com"))
    assert found.id == "identity.other_address"
    assert (found.get("expected"), found.get("host")) == (IP, "mail.example.com")


@pytest.mark.parametrize(("ip", "domain"), [(IP, "example.com"), (OTHER, "nothing.example"), (OTHER, "gone.example")])
def test_nothing_is_said_where_no_published_address_passes(ip: str, domain: str) -> None:
    with serve(ZONE) as (where, _):
        assert asyncio.run(identity(where, ip, domain)) == ()


@pytest.mark.parametrize(
    ("ip", "ids"),
    [
        (IP, ["rdns.ok"]),
        (OTHER, ["rdns.generic"]),
        ("192.0.2.8", ["rdns.not_forward_confirmed"]),
        ("192.0.2.99", ["rdns.no_ptr"]),
        (V6, ["rdns.no_ptr", "rdns.ipv6_trap"]),
    ],
)
def test_reverse_dns(ip: str, ids: list[str]) -> None:
    async def go(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, 0.6) as resolver:
            return await check_rdns(resolver, ip)

    with serve(ZONE) as (where, _):
        assert [each.id for each in asyncio.run(go(where))] == ids


@pytest.mark.parametrize(
    ("helo", "ident"),
    [
        ("mail.example.com", "helo.ok"),
        ("[192.0.2.7]", "helo.literal"),
        ("192.0.2.7", "helo.not_a_name"),
        ("[192.0.2]", "helo.not_a_name"),
        ("localhost", "helo.not_a_name"),
        ("server.local", "helo.not_a_name"),
        ("ex ample.com", "helo.not_a_name"),
        ("gone.example.com", "helo.does_not_resolve"),
        ("silent.example.com", "helo.temperror"),
        ("customer-198-51-100-9.pool.example.net", "helo.mismatch"),
    ],
)
def test_helo(helo: str, ident: str) -> None:
    async def go(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, 0.6) as resolver:
            return await check_helo(resolver, helo, IP)

    with serve(ZONE) as (where, _):
        assert [each.id for each in asyncio.run(go(where))] == [ident]
