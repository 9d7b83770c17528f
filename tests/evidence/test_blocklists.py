"""Blocklists over real UDP: listings by meaning, and what is never a listing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from postmend.app.settings import load_settings
from postmend.evidence.blocklist_finding import behind_findings, resolver_finding
from postmend.evidence.blocklists import Memory, check_blocklists, lists_for, stream_blocklists
from postmend.evidence.sweep import Swept, check_neighbours, neighbours, sweep
from postmend.knowledge.blocklists import Blocklist, blocklists, check_blocklist, chosen
from postmend.model import Fact, Finding, ParseError
from postmend.net.dns import open_resolver
from tests.cli.test_check import check
from tests.dnslab import Zone, serve

IP, V6 = "192.0.2.7", "2001:db8::7"
FRONT = "7.2.0.192"
LISTED = {"2.0.0.127": [("A", "127.0.0.2")]}


def ask(zone: Zone, subject: str = IP, *, timeout_s: float = 1.5, **options: object) -> dict[str, Finding]:
    """Ask the lists that the zone knows something of, and one that it does not."""
    asked = [each for each in chosen() if any(each.zone in name for name in zone) or each.zone == "truncate.gbudb.net"]
    options = {"lists": asked} | options

    async def go(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, timeout_s) as resolver:
            return await check_blocklists(resolver, subject, **options)  # type: ignore[arg-type]

    with serve(zone) as (where, _):
        return {each.get("zone"): each for each in asyncio.run(go(where))}


def at(zone: str, **answers: list[tuple[str, str]]) -> Zone:
    return {f"{name.replace('_', '.').strip('.')}.{zone}": records for name, records in answers.items()}


def sound(zone: str, code: str = "127.0.0.2") -> Zone:
    """A healthy list that has the address."""
    return {f"2.0.0.127.{zone}": [("A", "127.0.0.2")], f"{FRONT}.{zone}": [("A", code), ("TXT", f"see {zone}")]}


# Everything that others take for a listing: zone, what it answers, the state it is in.
PLANTED: list[tuple[str, Zone, str]] = [
    ("zen.spamhaus.org", {"*.zen.spamhaus.org": [("A", "127.255.255.254")]}, "blocklist.refused"),
    ("b.barracudacentral.org", {"*.b.barracudacentral.org": [("REFUSED", "")]}, "blocklist.refused"),
    ("bl.spamcop.net", {"*.bl.spamcop.net": [("A", "203.0.113.80")]}, "blocklist.broken"),
    ("psbl.surriel.com", {"*.psbl.surriel.com": [("A", "127.0.0.2")]}, "blocklist.broken"),
    ("bl.blocklist.de", {"*.bl.blocklist.de": [("TIMEOUT", "")]}, "blocklist.unreachable"),
    ("dnsbl.dronebl.org", {"*.dnsbl.dronebl.org": [("SERVFAIL", "")]}, "blocklist.unreachable"),
    ("truncate.gbudb.net", {}, "blocklist.broken"),
    ("hostkarma.junkemailfilter.com", {f"{FRONT}.hostkarma.junkemailfilter.com": [("A", "127.0.0.1")]}, "blocklist.not_listed"),
    ("rep.mailspike.net", {f"{FRONT}.rep.mailspike.net": [("A", "127.0.0.15")]}, "blocklist.score"),
    ("score.senderscore.com", {f"{FRONT}.score.senderscore.com": [("A", "127.0.4.98")]}, "blocklist.score"),
    ("bl.score.senderscore.com", {"*.bl.score.senderscore.com": [("A", "127.255.255.255")]}, "blocklist.refused"),
    ("list.dnswl.org", {f"{FRONT}.list.dnswl.org": [("A", "127.0.0.255")]}, "blocklist.refused"),
    ("wl.mailspike.net", {f"{FRONT}.wl.mailspike.net": [("A", "127.0.0.19")]}, "blocklist.allowed"),
    ("all.s5h.net", {f"{FRONT}.all.s5h.net": [("A", "127.0.0.77")], "2.0.0.127.all.s5h.net": [("A", "127.0.0.2")]}, "blocklist.not_listed"),
    (
        "bl.nordspam.com",
        {f"{FRONT}.bl.nordspam.com": [("A", "127.0.0.2")], "1.0.0.127.bl.nordspam.com": [("TIMEOUT", "")], "2.0.0.127.bl.nordspam.com": [("TIMEOUT", "")]},
        "blocklist.unreachable",
    ),
]  # fmt: skip


def test_what_is_no_listing() -> None:
    zone = {name: records for _, answers, _ in PLANTED for name, records in answers.items()}
    found = ask(zone)
    assert {name: found[name].id for name, _, _ in PLANTED} == {name: ident for name, _, ident in PLANTED}
    assert not [each for each in found.values() if each.result is Fact.FAIL]
    assert not [each for each in found.values() if each.supports]


@pytest.mark.parametrize(
    ("must", "ident"), [("127.0.0.2", "blocklist.listed"), ("127.255.255.255", "blocklist.refused")]
)
def test_a_list_that_refuses_only_some_questions_still_lists(must: str, ident: str) -> None:
    zone = "zen.spamhaus.org"  # asked too much: it answers one question and refuses the next
    planted = sound(zone, "127.0.0.4") | {f"*.{zone}": [("A", "127.255.255.255")], f"2.0.0.127.{zone}": [("A", must)]}
    assert ask(planted)[zone].id == ident


@pytest.mark.parametrize(
    ("zone", "answer", "ident"),
    [
        ("multi.uribl.com", "127.0.0.1", "blocklist.refused"),
        ("multi.surbl.org", "127.0.0.1", "blocklist.refused"),
        ("dbl.spamhaus.org", "127.0.1.255", "blocklist.refused"),
        ("dbl.spamhaus.org", "127.255.255.254", "blocklist.refused"),
        ("multi.uribl.com", "127.0.0.2", "blocklist.domain_listed"),
        ("multi.surbl.org", "127.0.0.72", "blocklist.domain_listed"),
        ("dbl.spamhaus.org", "127.0.1.4", "blocklist.domain_listed"),
    ],
)
def test_domain_lists(zone: str, answer: str, ident: str) -> None:
    found = ask({f"example.com.{zone}": [("A", answer)], f"dbltest.com.{zone}": [("A", "127.0.1.2")]}, "example.com")
    assert found[zone].id == ident


@pytest.mark.parametrize(
    ("zone", "code", "words", "suggests"),
    [
        ("zen.spamhaus.org", "127.0.0.4", "XBL", "compromised_host"),
        ("zen.spamhaus.org", "127.0.0.11", "PBL", "policy_range"),
        ("zen.spamhaus.org", "127.0.0.3", "CSS", "spam_trap"),
        ("all.spamrats.com", "127.0.0.37", "no reverse DNS", "rdns"),
        ("dnsbl-3.uceprotect.net", "127.0.0.2", "whole provider", "noisy_neighbour"),
        ("bl.score.senderscore.com", "127.0.0.6", "without authentication, hit spam traps", "spam_trap"),
    ],
)
def test_codes_are_told_by_meaning(zone: str, code: str, words: str, suggests: str) -> None:
    found = ask(sound(zone, code))[zone]
    assert (found.id, found.get("code"), found.get("suggests")) == ("blocklist.listed", code, suggests)
    assert words in found.detail
    assert f"see {zone}" in found.detail
    assert IP in found.get("lookup") or not found.get("lookup") or "{" not in found.get("lookup")


def test_ipv6_is_asked_by_nibbles() -> None:
    nibbles = ".".join(reversed("20010db8000000000000000000000007"))
    must = ".".join(reversed("00000000000000000000ffff7f000002"))
    zone: Zone = {f"{name}.zen.spamhaus.org": [("A", "127.0.0.3")] for name in (nibbles, must)}
    found = ask(zone, V6)
    assert found["zen.spamhaus.org"].id == "blocklist.listed"
    assert not [each for each, _ in lists_for(V6) if each.zone == "b.barracudacentral.org"]


def test_ended_lists_are_never_asked_and_keys_are_never_shown() -> None:
    lists = chosen(keys={"combined.mail.abusix.zone": "s3cret.combined.mail.abusix.zone"})
    assert not {each.zone for each in lists} & set(blocklists().dead)
    assert all(each.zone != "combined.mail.abusix.zone" for each in chosen())
    real = "s3cret.combined.mail.abusix.zone"
    found = ask(
        {f"{FRONT}.{real}": [("A", "127.0.0.4"), ("TXT", f"listed in {real}")]},
        lists=lists, keys={"combined.mail.abusix.zone": real},
    )["combined.mail.abusix.zone"]  # fmt: skip
    assert found.id == "blocklist.listed"
    assert "s3cret" not in repr(found)


def test_the_resolver_is_blamed_once_and_told_what_to_do() -> None:
    found = ask({"*.zen.spamhaus.org": [("A", "127.255.255.254")], "*.bl.spamcop.net": [("REFUSED", "")]})
    (told,) = resolver_finding(list(found.values()))
    assert told.id == "resolver.refused_by_lists"
    assert "unbound" in told.detail
    assert "Spamhaus ZEN, SpamCop" in told.detail
    assert resolver_finding(list(ask({}).values())) == ()


def test_what_stands_behind_is_told_once() -> None:
    found = ask(sound("zen.spamhaus.org", "127.0.0.4") | sound("bl.blocklist.de") | sound("dnsbl-2.uceprotect.net"))
    assert {each.id for each in behind_findings(list(found.values()))} == {"compromised_host", "noisy_neighbour"}


def test_silent_lists_are_asked_once_in_a_run() -> None:
    memory = Memory()
    lists = (Blocklist("dead.example", "dead"), Blocklist("good.example", "good"))
    zone: Zone = {"*.dead.example": [("TIMEOUT", "")], "2.0.0.127.good.example": [("A", "127.0.0.2")]}

    async def go(where: str) -> float:
        async with open_resolver(where, 0.6) as resolver:
            await check_blocklists(resolver, IP, lists=lists, memory=memory)
            start = time.monotonic()
            again = await check_blocklists(resolver, "192.0.2.8", lists=lists, memory=memory)
            assert [each.id for each in again] == ["blocklist.unreachable", "blocklist.not_listed"]
            return time.monotonic() - start

    with serve(zone) as (where, names):
        assert asyncio.run(go(where)) < 0.5
        assert not [name for name, _ in names.asked if name == "8.2.0.192.dead.example"]


def test_lists_that_answer_are_told_before_those_that_do_not() -> None:
    lists = [Blocklist(f"l{i}.example", str(i), no_test=True) for i in range(10)]

    async def go(where: str) -> list[tuple[str, float]]:
        start = time.monotonic()
        async with open_resolver(where, 1.0) as resolver:
            return [(f.id, time.monotonic() - start) async for f in stream_blocklists(resolver, IP, lists=lists)]

    with serve({"*.l3.example": [("TIMEOUT", "")]}) as (where, _):
        told = asyncio.run(go(where))
    assert [ident for ident, _ in told] == ["blocklist.not_listed"] * 9 + ["blocklist.unreachable"]
    assert told[8][1] < 0.8 < told[9][1] < 1.5


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[[blocklists]]\nzone = "x"', "zone"),
        ('[[blocklists]]\nzone = "a.example"\nkind = ["ipv4"]', "kind"),
        ('[[blocklists]]\nzone = "a.example"\nstanding = "huge"', "standing"),
        ('[[blocklists]]\nzone = "a.example"\ncodes = { "127.0.0" = "x" }', "codes"),
        ('[[blocklists]]\nzone = "a.example"\nuse = "white"', "use"),
        ('[[blocklists]]\nzone = "a.example"\ncolour = "red"', "colour"),
    ],
)  # fmt: skip
def test_lists_of_ones_own_are_checked(tmp_path: Path, toml: str, message: str) -> None:
    file = tmp_path / "postmend.toml"
    file.write_text(toml)
    with pytest.raises(ParseError, match=message):
        load_settings(str(file))


def test_lists_of_ones_own_are_asked(tmp_path: Path) -> None:
    file = tmp_path / "postmend.toml"
    file.write_text(
        'skip_blocklists = ["*"]\n[[blocklists]]\nzone = "rbl.lab.example"\nname = "Our lab"\nstanding = "major"\n'
        'codes = { "127.0.0.2-3" = "caught by our trap" }\nlookup = "https://lab.example/{subject}"\n'
    )
    code, (found,) = check(sound("rbl.lab.example", "127.0.0.3"), IP, "--config", str(file), "--only", "blocklist")
    (finding,) = [each for each in found["findings"] if each["check"] == "blocklist"]
    assert (code, finding["id"]) == (1, "blocklist.listed")
    assert "Our lab: caught by our trap" in finding["detail"]
    assert finding["data"]["lookup"] == f"https://lab.example/{IP}"


def test_every_list_is_well_formed() -> None:
    advice, zones = blocklists().advice, [each.zone for each in blocklists().list]
    assert len(zones) == len(set(zones)) >= 60
    for each in blocklists().list:
        assert check_blocklist(each) == each
        assert set(each.suggests.values()) <= set(advice), each.zone
        assert each.codes, each.zone
        for url in (each.lookup, each.delist):
            assert url.startswith("http") or not url
        if not each.bits:
            for code in each.codes:
                first = ".".join(octet.partition("-")[0].replace("*", "5") for octet in code.split("."))
                assert each.meaning(first) == each.codes[code], (each.zone, code)


def test_order_and_standing() -> None:
    found = lists_for(IP, ["zen.spamhaus.org", "rbl.unknown.example", "dnsbl.sorbs.net"], ["bl.spamcop.net"])
    assert [(each.zone, how) for each, how in found][:3] == [
        ("zen.spamhaus.org", "named"), ("rbl.unknown.example", "named"), ("bl.spamcop.net", "used"),
    ]  # fmt: skip
    assert not [each for each, _ in found if "sorbs" in each.zone]
    few = lists_for(IP, ["dnsbl-3.uceprotect.net"], hints=False)
    assert [each.zone for each, how in few if how in {"hint", "named"}] == ["dnsbl-3.uceprotect.net"]


def swept(zone: Zone, subjects: list[str], lists: list[Blocklist], timeout_s: float = 2.0) -> list[Swept]:
    async def go(where: str) -> list[Swept]:
        async with open_resolver(where, timeout_s) as resolver:
            return [each async for each in sweep(resolver, subjects, lists)]

    with serve(zone) as (where, names):
        found = asyncio.run(go(where))
        assert len(names.asked) == len(set(names.asked)) or any("TIMEOUT" in str(zone[name]) for name in zone)
        return found


def test_many_on_many_and_none_is_lost() -> None:
    subjects = [f"192.0.2.{i}" for i in range(200)]
    zone: Zone = {f"{i}.2.0.192.good.example": [("A", "127.0.0.2")] for i in range(0, 200, 7)}
    zone |= {"2.0.0.127.good.example": [("A", "127.0.0.2")], "*.parked.example": [("A", "203.0.113.1")]}
    zone |= {"*.dead.example": [("TIMEOUT", "")], "*.shut.example": [("REFUSED", "")]}
    lists = [Blocklist(f"{name}.example", name) for name in ("good", "parked", "dead", "shut", "gone")]
    found = swept(zone, subjects, lists)
    assert {each.zone: each.listing.state.value for each in found if not each.subject} == {
        "parked.example": "broken", "dead.example": "unreachable", "shut.example": "refused", "gone.example": "broken",
    }  # fmt: skip
    told = [(each.subject, each.listing.state.value) for each in found if each.subject]
    assert sorted(told) == sorted((ip, "not_listed" if i % 7 else "listed") for i, ip in enumerate(subjects))


def test_a_list_that_begins_to_refuse_is_told_once() -> None:
    zone: Zone = {f"{i}.2.0.192.l.example": [("A", "127.255.255.255")] for i in range(100)}
    zone["2.0.0.127.l.example"] = [("A", "127.0.0.2")]
    found = swept(zone, [f"192.0.2.{i}" for i in range(100)], [Blocklist("l.example", "l")])
    assert [(each.subject, each.listing.state.value) for each in found] == [("", "refused")]


def test_leaving_a_sweep_early_leaves_nothing_behind() -> None:
    async def go(where: str) -> int:
        async with open_resolver(where, 1.0) as resolver:
            one = sweep(resolver, [f"192.0.2.{i}" for i in range(50)], [Blocklist("l.example", "l", no_test=True)])
            async for _ in one:
                break
            await one.aclose()  # type: ignore[attr-defined]
            return len(asyncio.all_tasks())

    with serve({"*.l.example": [("A", "127.0.0.9")], "1.0.0.127.l.example": []}) as (where, _):
        assert asyncio.run(go(where)) == 1


def around(zone: Zone, ip: str = IP) -> Finding:
    async def go(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, 0.5) as resolver:
            return await check_neighbours(resolver, ip, chosen())

    with serve(zone) as (where, _):
        (found,) = asyncio.run(go(where))
        return found


def test_neighbours() -> None:
    zone: Zone = {f"{i}.2.0.192.zen.spamhaus.org": [("A", "127.0.0.3")] for i in (5, 7, 9)}
    found = around(zone | {"2.0.0.127.zen.spamhaus.org": [("A", "127.0.0.2")]})
    assert found.id == "noisy_neighbour"
    assert "2 of the 255 addresses around 192.0.2.7 in 192.0.2.0/24 are listed" in found.detail
    assert around({"2.0.0.127.zen.spamhaus.org": [("A", "127.0.0.2")]}).id == "neighbours.clean"
    assert around({"*.zen.spamhaus.org": [("A", "127.255.255.254")]}).id == "neighbours.unknown"


@pytest.mark.parametrize(
    ("ip", "network", "count", "first"),
    [
        ("192.0.2.200", "192.0.2.0/24", 256, "192.0.2.0"),
        ("2001:db8::100", "2001:db8::/64", 33, "2001:db8::f0"),
        ("2001:db8::1", "2001:db8::/64", 18, "2001:db8::"),
    ],
)
def test_who_is_a_neighbour(ip: str, network: str, count: int, first: str) -> None:
    found, addresses = neighbours(ip)
    assert (found, len(addresses), addresses[0]) == (network, count, first)
