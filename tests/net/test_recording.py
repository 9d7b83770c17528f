"""Reports from a recording, and what the zone's own servers say, over real sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from postmend.evidence.freshness import check_freshness
from postmend.model import Finding, ParseError
from postmend.net.authority import NetAsker, zone_of
from postmend.net.dns import NetResolver, open_resolver
from postmend.net.recording import Replay
from postmend.net.servers import parse_resolver
from tests.cli.test_cli import run
from tests.dnslab import Names, Zone, free_port, serve
from tests.scenarios import world

NS: Zone = {
    "example.com": [("NS", "ns1.example.com."), ("TXT", "v=spf1 ip4:192.0.2.7 -all")],
    "ns1.example.com": [("A", "127.0.0.1")],
}


@pytest.mark.parametrize("words", [("check", "example.com"), ("check", "192.0.2.7", "mail.example.com"), ("explain",)])
def test_a_report_is_the_same_from_its_recording(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "answers.jsonl"
    if words == ("explain",):
        words = (
            "explain",
            "--text",
            "550 5.7.1 192.0.2.7 is blocked",
            "--ip",
            "192.0.2.7",
            "--mail-from",
            "a@example.com",
        )
    with serve(world("7.2.0.192.in-addr.arpa")) as (where, names):
        online = run(*words, "--json", "--resolver", where, "--record", str(file))
        asked = len(names.asked)
        replayed = run(*words, "--json", "--resolver", where, "--replay", str(file))
        assert len(names.asked) == asked
    assert json.loads(file.read_bytes().splitlines()[0])["dns"]["asked_at"]
    assert (replayed.returncode, replayed.stdout) == (online.returncode, online.stdout)
    assert b"rdns.no_ptr" in online.stdout or words[-1] == "example.com"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\n", b'{"dns": {"name": 3}}\n', b"[]"])
def test_what_is_no_recording(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(content)
    with pytest.raises(ParseError, match="no line of a recording"):
        Replay(file)
    done = run("check", "example.com", "--replay", str(file))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_a_recording_that_cannot_be_written_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with serve(world()) as (where, names):
        done = run("check", "example.com", "--resolver", where, "--record", str(tmp_path / "no" / "file"))
        assert names.asked == []
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr


def freshness(cached: Zone, *own: Zone | Names, name: str = "example.com", rdtype: str = "TXT") -> tuple[Finding, ...]:
    """Ask a resolver with `cached`, and own servers at 127.0.0.1, 127.0.0.2, ... that the resolver names."""

    async def go(where: str, ports: dict[str, int]) -> tuple[Finding, ...]:
        asker = NetAsker(NetResolver([parse_resolver(where)], 0.5), 0.5, ports)
        try:
            return await check_freshness(asker, name, rdtype)
        finally:
            await asker.close()

    with serve(cached) as (where, _), serve(own[0]) as (first, _), serve(own[-1], host="127.0.0.2") as (second, _):
        ports = {each.partition(":")[0]: int(each.partition(":")[2]) for each in (first, second)[: len(own)]}
        return asyncio.run(go(where, ports))


def test_mended_now_and_remembered_elsewhere() -> None:
    (found,) = freshness(NS, Names({"example.com": [("TXT", "v=spf1 ip4:192.0.2.8 -all")]}, authoritative=True))
    assert found.id == "dns.stale"
    assert found.get("now") == "v=spf1 ip4:192.0.2.8 -all"
    assert "resolvers may keep the old answer until 20" in found.detail


def test_the_zone_says_the_same() -> None:
    (found,) = freshness(NS, Names(NS, authoritative=True))
    assert found.id == "dns.fresh"


def test_a_new_record_that_the_resolver_does_not_know_yet() -> None:
    own = Names({"_dmarc.example.com": [("TXT", "v=DMARC1; p=none")]}, authoritative=True)
    (found,) = freshness(NS, own, name="_dmarc.example.com")
    assert (found.id, found.get("now")) == ("dns.stale", "v=DMARC1; p=none")


def test_servers_that_differ_and_lame_ones() -> None:
    cached = NS | {"ns1.example.com": [("A", "127.0.0.1")], "ns2.example.com": [("A", "127.0.0.2")]}
    cached["example.com"] = [*NS["example.com"], ("NS", "ns2.example.com.")]
    other = Names({"example.com": [("TXT", "v=spf1 -all")]}, authoritative=True)
    assert [f.id for f in freshness(cached, Names(NS, authoritative=True), other)] == ["dns.servers_differ"]
    lame = Names({"example.com": [("REFUSED", "")]})
    assert [f.id for f in freshness(cached, Names(NS, authoritative=True), lame)] == ["dns.lame", "dns.fresh"]


def test_nothing_is_said_where_the_zone_cannot_be_asked() -> None:
    silent = Names({"example.com": [("TIMEOUT", "")]})
    assert freshness(NS, silent) == ()
    assert freshness({"example.com": [("TXT", "v=spf1 -all")]}, silent) == ()


def test_private_name_servers_are_not_asked_unless_a_port_is_set() -> None:
    async def go(where: str) -> int:
        asker = NetAsker(NetResolver([parse_resolver(where)], 0.5), 0.5)
        try:
            return len(await asker.authoritative("example.com", "TXT"))
        finally:
            await asker.close()

    with serve(NS) as (where, _):
        assert asyncio.run(go(where)) == 0


def test_zone_cut() -> None:
    async def go(where: str) -> tuple[str, tuple[str, ...]]:
        async with open_resolver(where, 0.5) as resolver:
            return await zone_of(resolver, "a.b.example.com.")

    with serve(NS) as (where, _):
        assert asyncio.run(go(where)) == ("example.com", ("ns1.example.com",))
    assert asyncio.run(go(f"127.0.0.1:{free_port()}")) == ("", ())
