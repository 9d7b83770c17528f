"""SPF beyond the suite: the trace, the counts, and repairs that are proven."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from postmend import ParseError, check_spf
from postmend.evidence.spf import check_host
from postmend.evidence.spf_repair import propose
from postmend.evidence.spf_result import Spf
from postmend.evidence.spf_tree import cost_of, flat_networks, read_tree
from postmend.model import RecordChange
from postmend.model.dns import Answer, Rcode
from tests.dnslab import Names, Zone, serve
from tests.evidence.spf_zones import ZoneResolver, fault_of, make, proposal

IP = "192.0.2.7"


def repair(zone: Zone, ip: str = IP, domain: str = "example.com") -> RecordChange | None:
    async def go() -> RecordChange | None:
        resolver = ZoneResolver(zone)
        return await propose(resolver, ip, await check_host(resolver, ip, mail_from=f"a@{domain}"))

    return asyncio.run(go())


def result(zone: Zone, ip: str, domain: str = "example.com") -> Spf:
    return asyncio.run(check_host(ZoneResolver(zone), ip, mail_from=f"a@{domain}")).result


def txt(text: str) -> list[tuple[str, str]]:
    return [("TXT", text)]


def test_trace_and_counts() -> None:
    zone = {
        "example.com": txt("v=spf1 include:_spf.example.net a:gone.example.net -all"),
        "_spf.example.net": txt("v=spf1 ip4:198.51.100.0/24 -all"),
    }
    with serve(zone) as (resolver, _):
        found = check_spf(IP, "a@example.com", resolver=resolver)
    assert found.result == "fail"
    assert (found.lookups, found.void_lookups, found.matched) == (2, 1, "-all")
    assert [t.term for t in found.trace] == [
        "TXT", "TXT", "ip4:198.51.100.0/24", "-all", "include:_spf.example.net", "a:gone.example.net", "-all",
    ]  # fmt: skip
    assert [t.depth for t in found.trace] == [0, 1, 1, 1, 0, 0, 0]


def test_not_an_ip() -> None:
    with pytest.raises(ParseError, match="not an IP address"):
        check_spf("mail.example.com", "a@example.com", resolver="127.0.0.1")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["v=spf1 mx -all"], "v=spf1 mx ip4:192.0.2.7 -all"),
        (["v=spf1 ip4:192.0.2.8"], "v=spf1 ip4:192.0.2.8 ip4:192.0.2.7"),
        (["v=spf1 -ip4:192.0.2.0/24 mx ~all"], "v=spf1 ip4:192.0.2.7 -ip4:192.0.2.0/24 mx ~all"),
        (["v=spf1 redirect=_spf.example.net"], "v=spf1 ip4:192.0.2.7 redirect=_spf.example.net"),
        ([], "v=spf1 ip4:192.0.2.7 ~all"),
        (["v=spf1 mx -all", "v=spf1 ip4:192.0.2.7 ~all"], "v=spf1 mx ip4:192.0.2.7 ~all"),
        (["v=spf1 include:gone.example.net mx -all"], "v=spf1 mx ip4:192.0.2.7 -all"),
        (["v=spf1 ipv4:192.0.2.7 -all"], "v=spf1 ip4:192.0.2.7 -all"),
    ],
)
def test_repair(before: list[str], after: str) -> None:
    zone = {
        "example.com": [("TXT", text) for text in before] + [("MX", "10 mx.example.com")],
        "mx.example.com": [("A", "192.0.2.9")],
        "_spf.example.net": txt("v=spf1 ip4:198.51.100.1 -all"),
    }
    change = repair(zone)
    assert change is not None
    assert change.after == after
    assert "passes" in change.proof
    assert result(zone | {"example.com": [*txt(after), ("MX", "10 mx.example.com")]}, IP) == "pass"


def test_repair_over_ten_lookups_flattens() -> None:
    zone: Zone = {f"s{i}.example.net": txt(f"v=spf1 ip4:198.51.100.{i} -all") for i in range(12)}
    zone["example.com"] = txt("v=spf1 " + " ".join(f"include:s{i}.example.net" for i in range(12)) + " -all")
    assert result(zone, IP) == "permerror"
    change = repair(zone)
    assert change is not None
    fixed = zone | {"example.com": txt(change.after)}
    for ip in [IP, *(f"198.51.100.{i}" for i in range(12))]:
        assert result(fixed, ip) == "pass", ip


def test_no_proposal_where_nothing_is_known() -> None:
    class Silent:
        async def query(self, name: str, rdtype: str) -> Answer:
            return Answer(name, rdtype, Rcode.TIMEOUT)

    async def go() -> RecordChange | None:
        resolver = Silent()
        return await propose(resolver, IP, await check_host(resolver, IP, mail_from="a@example.com"))

    assert asyncio.run(go()) is None


def mended(zone: Zone, ip: str = IP, include: str = "") -> RecordChange | None:
    """What is proposed where the record itself is at fault."""

    async def go() -> RecordChange | None:
        resolver = ZoneResolver(zone)
        found = await check_host(resolver, ip, mail_from="a@example.com")
        return await propose(resolver, ip, found, include=include, faulty=True)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 ip4:192.0.2.7 +all", "v=spf1 ip4:192.0.2.7 ~all"),
        ("v=spf1 +all", "v=spf1 ip4:192.0.2.7 ~all"),
        ("v=spf1 ip4:192.0.2.7 ?all exp=e.example.net", "v=spf1 ip4:192.0.2.7 ~all exp=e.example.net"),
        ("v=spf1 ip4:192.0.2.8 ?all", "v=spf1 ip4:192.0.2.8 ip4:192.0.2.7 ~all"),
        ("v=spf1 ip4:192.0.2.7", "v=spf1 ip4:192.0.2.7 ~all"),
        ("v=spf1 ip4:192.0.2.7 -all ip4:192.0.2.8 redirect=x.example.net", "v=spf1 ip4:192.0.2.7 -all"),
        ("v=spf1 ip4:192.0.2.7 include:gone.example.net -all", "v=spf1 ip4:192.0.2.7 -all"),
        ("v=spf1 ip4:192.0.2.7 --all", "v=spf1 ip4:192.0.2.7 -all"),
        ('"v=spf1 ip4:192.0.2.7 -all"', "v=spf1 ip4:192.0.2.7 -all"),
        ("v=spf1;ip4:192.0.2.7 -all", "v=spf1 ip4:192.0.2.7 -all"),
        ("spf2.0/mfrom,pra ip4:192.0.2.7 -all", "v=spf1 ip4:192.0.2.7 -all"),
        ("v=spf1 ip4:192.0.2.7 -all", None),
        ("v=spf1 ip4:192.0.2.7 redirect=good.example.net", None),
    ],
)
def test_a_record_at_fault_is_mended_though_the_address_passes(before: str, after: str | None) -> None:
    zone: Zone = {"example.com": txt(before), "good.example.net": txt("v=spf1 -all")}
    change = mended(zone)
    assert (change.after if change else None) == after
    if change:
        assert change.before == before
        assert result(zone | {"example.com": txt(change.after)}, IP) == "pass"


def test_too_many_lookups_behind_the_term_that_matches_are_flattened() -> None:
    zone: Zone = {f"s{i}.example.net": txt(f"v=spf1 ip4:198.51.100.{i} -all") for i in range(12)}
    zone["example.com"] = txt(
        "v=spf1 ip4:192.0.2.7 " + " ".join(f"include:s{i}.example.net" for i in range(12)) + " -all"
    )
    change = mended(zone)
    assert change is not None
    assert "10 of 10 lookups" in change.proof


def test_the_include_of_the_service_that_has_the_mailboxes() -> None:
    change = mended(
        {"example.com": [], "_spf.example.net": txt("v=spf1 ip4:192.0.2.0/24 -all")}, include="_spf.example.net"
    )
    assert change is not None
    assert change.after == "v=spf1 include:_spf.example.net ~all"


def test_mending_a_record_shuts_nobody_out_but_who_passed_with_the_whole_world() -> None:
    async def wrong(number: int) -> str:
        case = make(number)
        resolver = ZoneResolver(case.zone)
        found = await check_host(resolver, case.ip, mail_from=case.mail_from)
        change = await propose(resolver, case.ip, found, faulty=True)
        known = []
        for ip, mail_from in case.others:
            matched = (await check_host(resolver, ip, mail_from=mail_from)).matched.lower()
            known += [(ip, mail_from)] if not matched.endswith("all") else []
        return await fault_of(replace(case, others=tuple(known)), change) if change else ""

    async def go() -> list[str]:
        return [fault for number in range(300) if (fault := await wrong(number))]

    assert asyncio.run(go()) == []


async def faults(numbers: range) -> list[tuple[int, str]]:
    found = []
    for number in numbers:
        case = make(number)
        change = await proposal(case)
        fault = await fault_of(case, change) if change else ""
        found += [(number, fault)] if fault else []
    return found


def test_repairs_are_never_wrong() -> None:
    """The new record passes for the IP, stays within the limits, and nobody who passed fails (10,000: bench repairs)."""
    assert asyncio.run(faults(range(400))) == []


def test_internationalised_domains_and_local_parts() -> None:
    zone: Zone = {
        "xn--bcher-kva.example": txt("v=spf1 exists:%{l}.l.example include:%{d}.i.example -all"),
        "xn--bcher-kva.example.i.example": txt("v=spf1 ip4:192.0.2.7 -all"),
        "*.l.example": [("A", "127.0.0.2")],
    }
    with serve(zone) as (resolver, names):
        found = check_spf(IP, "jürgen@bücher.example", resolver=resolver)
        assert (found.result, found.domain) == ("pass", "xn--bcher-kva.example")
        # RFC 8616 section 4: a local part that is not ASCII goes into no name; the term does not match.
        assert [t.outcome for t in found.trace if t.term.startswith("exists")] == ["does not match"]
        assert not [name for name, _ in names.asked if name.endswith("l.example")]


def test_what_is_asked_ahead_is_what_may_be_needed() -> None:
    zone: Zone = {
        "example.com": txt("v=spf1 include:a.example.net include:b.example.net -all"),
        "a.example.net": txt("v=spf1 include:deep.example.net -all"),
        "b.example.net": txt("v=spf1 ip4:192.0.2.7 include:never.example.net -all"),
        "deep.example.net": txt("v=spf1 mx:mx.example.net -all"),
        "mx.example.net": [("MX", "10 host.example.net.")],
        "host.example.net": [("A", "192.0.2.9")],
    }
    with serve(Names(zone, delay_s=0.1)) as (resolver, names):
        start = time.monotonic()
        found = check_spf(IP, "a@example.com", resolver=resolver)
        taken_s = time.monotonic() - start
        assert (found.result, found.lookups) == ("pass", 4)
        assert "never.example.net" not in {name for name, _ in names.asked}
        assert len(names.asked) == len(set(names.asked)) == 6
    assert taken_s < 0.1 * 6  # five steps deep: one after the other they would be six
    assert sum(t.elapsed_s for t in found.trace) > 0.5


def test_asking_ahead_changes_nothing() -> None:
    """The eleventh lookup and the third void are what they are in the record's order, whoever answers first."""
    many = " ".join(f"include:s{i}.example.net" for i in range(12))
    zone: Zone = {f"s{i}.example.net": txt("v=spf1 -all") for i in range(12)}
    zone["example.com"] = txt(f"v=spf1 {many} -all")
    zone["void.example.com"] = txt("v=spf1 a:x.example.net a:y.example.net a:z.example.net ip4:192.0.2.7 -all")
    zone["early.example.com"] = txt(f"v=spf1 ip4:192.0.2.7 {many} -all")
    with serve(zone) as (resolver, _):
        over = check_spf(IP, "a@example.com", resolver=resolver)
        void = check_spf(IP, "a@void.example.com", resolver=resolver)
        early = check_spf(IP, "a@early.example.com", resolver=resolver)
    assert (over.result, over.lookups) == ("permerror", 11)
    assert "include:s10.example.net" in over.problem
    assert (void.result, void.void_lookups) == ("permerror", 3)
    assert "z.example.net" in void.problem
    assert (early.result, early.lookups) == ("pass", 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 include: _spf.example.net -all", "v=spf1 include:_spf.example.net ip4:192.0.2.7 -all"),
        ("v=spf1 ip4:192.0.2.8,ip4:192.0.2.7 -all", "v=spf1 ip4:192.0.2.8 ip4:192.0.2.7 -all"),
        ("v=spf1 a:192.0.2.7 ip4:2001:db8::1 -all;", "v=spf1 ip4:192.0.2.7 ip6:2001:db8::1 -all"),
        ("v=spf1 ip4:mx.example.com foo:bar ~all", "v=spf1 a:mx.example.com ip4:192.0.2.7 ~all"),
        ("v=spf1 “ip4:192.0.2.7” -all", "v=spf1 ip4:192.0.2.7 -all"),
        ("v=spf1 redirect=a.example.net redirect=_spf.example.net", "v=spf1 ip4:192.0.2.7 redirect=a.example.net"),
        ("v=spf1 mx redirect=gone.example.net", "v=spf1 mx ip4:192.0.2.7 ~all"),
        ("v=spf1 include:example.com mx -all", "v=spf1 mx ip4:192.0.2.7 -all"),
    ],
)
def test_slips_are_mended(before: str, after: str) -> None:
    zone: Zone = {
        "example.com": [*txt(before), ("MX", "10 mx.example.com")],
        "mx.example.com": [("A", "192.0.2.9")],
        "_spf.example.net": txt("v=spf1 ip4:198.51.100.1 -all"),
        "a.example.net": txt("v=spf1 ip4:198.51.100.1 -all"),
    }
    change = repair(zone)
    assert change is not None
    assert change.after == after


def test_the_provider_s_include_is_better_than_an_address() -> None:
    zone: Zone = {
        "example.com": txt("v=spf1 ip4:192.0.2.9 -all"),
        "7.2.0.192.in-addr.arpa": [("PTR", "mail-7.google.com")],
        "_spf.google.com": txt("v=spf1 ip4:192.0.2.0/25 ~all"),
    }
    change = repair(zone)
    assert change is not None
    assert change.after == "v=spf1 ip4:192.0.2.9 include:_spf.google.com -all"
    # A PTR says nothing by itself: the include must let the address pass.
    change = repair(zone | {"_spf.google.com": txt("v=spf1 ip4:198.51.100.0/24 ~all")})
    assert change is not None
    assert change.after == "v=spf1 ip4:192.0.2.9 ip4:192.0.2.7 -all"


def test_a_long_record_comes_as_strings() -> None:
    zone: Zone = {"example.com": txt("v=spf1 " + " ".join(f"ip4:198.51.100.{i}" for i in range(30)) + " -all")}
    change = repair(zone)
    assert change is not None
    assert "publish it as 3 strings of one record" in change.proof
    strings = change.proof.partition("one record: ")[2].strip('"').split('" "')
    assert max(map(len, strings)) <= 255
    assert "".join(strings) == change.after


@pytest.mark.parametrize(
    ("record", "networks"),
    [
        ("v=spf1 ip4:203.0.113.1 +all", None),
        ("v=spf1 -ip4:203.0.113.1 ip4:203.0.113.0/24 -all", None),
        ("v=spf1 exists:%{i}.l.example.net -all", None),
        ("v=spf1 ip4:203.0.113.1 include:gone.example.net ip4:203.0.113.2 -all", ["203.0.113.1/32"]),
        ("v=spf1 ip4:203.0.113.1 redirect=more.example.net", ["203.0.113.1/32", "203.0.113.2/32"]),
    ],
)
def test_only_what_can_be_said_in_networks_is_flattened(record: str, networks: list[str] | None) -> None:
    zone: Zone = {"s.example.net": txt(record), "more.example.net": txt("v=spf1 ip4:203.0.113.2 -all")}
    found = flat_networks(asyncio.run(read_tree(ZoneResolver(zone), "s.example.net")))
    assert (found and [str(each) for each in found]) == networks


def test_hostile_trees_end() -> None:
    """Loops, wide trees and deep ones: bounded work, whatever a stranger publishes."""
    zone: Zone = {
        f"n{i}.example.net": txt("v=spf1 " + " ".join(f"include:n{j}.example.net" for j in range(30)) + " -all")
        for i in range(30)
    }
    zone["example.com"] = txt("v=spf1 include:n0.example.net -all")
    counted: list[str] = []

    class Counting(ZoneResolver):
        async def query(self, name: str, rdtype: str) -> Answer:
            counted.append(name)
            return await super().query(name, rdtype)

    tree = asyncio.run(read_tree(Counting(zone), "example.com"))
    assert cost_of(tree).lookups > 10
    assert len(counted) < 100
    counted.clear()
    found = asyncio.run(check_host(Counting(zone), IP, mail_from="a@example.com"))
    assert (found.result, len(counted) < 100) == ("permerror", True)
