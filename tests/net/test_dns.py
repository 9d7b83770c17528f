"""The DNS client against real servers on loopback: dnspython's codec, and NSD."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.model import ParseError
from postmend.model.dns import Answer, Rcode
from postmend.net.dns import open_resolver
from postmend.net.servers import parse_resolver, system_resolvers
from postmend.net.wire import decode, encode_name
from tests.conftest import require
from tests.dnslab import Names, Zone, free_port, plain, serve

ZONE: Zone = {
    "example.com": [("TXT", "v=spf1 -all"), ("MX", "10 mx.example.com."), ("MX", "0 ."), ("A", "192.0.2.1")],
    "mx.example.com": [("AAAA", "2001:db8::1")],
    "alias.example.com": [("CNAME", "example.com.")],
    "long.example.com": [("TXT", "x" * 4000)],
    "1.2.0.192.in-addr.arpa": [("PTR", "example.com.")],
    "silent.example.com": [("TIMEOUT", "")],
    "broken.example.com": [("SERVFAIL", "")],
    "no.example.com": [("REFUSED", "")],
}


def ask(where: str, *questions: tuple[str, str], timeout_s: float = 1.0) -> list[Answer]:
    async def all_of_them() -> list[Answer]:
        async with open_resolver(where, timeout_s) as resolver:
            return list(await asyncio.gather(*(resolver.query(*question) for question in questions)))

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(
    ("name", "rdtype", "records"),
    [
        ("example.com", "A", ("192.0.2.1",)),
        ("EXAMPLE.com.", "TXT", ("v=spf1 -all",)),
        ("mx.example.com", "AAAA", ("2001:db8::1",)),
        ("1.2.0.192.in-addr.arpa", "PTR", ("example.com",)),
        ("alias.example.com", "A", ("192.0.2.1",)),
        ("long.example.com", "TXT", ("x" * 4000,)),
    ],
)
def test_records(name: str, rdtype: str, records: tuple[str, ...]) -> None:
    with serve(ZONE) as (where, _):
        (answer,) = ask(where, (name, rdtype))
    assert (answer.rcode, answer.records) == (Rcode.NOERROR, records)


def test_mx_and_null_mx() -> None:
    with serve(ZONE) as (where, _):
        (answer,) = ask(where, ("example.com", "MX"))
    assert sorted(answer.records) == ["0 .", "10 mx.example.com"]


def test_alias_is_told() -> None:
    with serve(ZONE) as (where, _):
        (answer,) = ask(where, ("alias.example.com", "A"))
    assert answer.cname == ("example.com",)


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("missing.example.com", Rcode.NXDOMAIN),
        ("silent.example.com", Rcode.TIMEOUT),
        ("broken.example.com", Rcode.SERVFAIL),
        ("no.example.com", Rcode.REFUSED),
        ("a..example.com", Rcode.NOT_A_NAME),
        ("x" * 64 + ".example.com", Rcode.NOT_A_NAME),
        ("bad\r\nname.example.com", Rcode.NOT_A_NAME),
    ],
)
def test_what_is_no_answer(name: str, rcode: Rcode) -> None:
    with serve(ZONE) as (where, _):
        (answer,) = ask(where, (name, "A"), timeout_s=0.4)
    assert answer.rcode is rcode
    assert not answer.records


def test_each_question_is_put_once() -> None:
    with serve(ZONE) as (where, names):
        ask(where, *[("example.com", "A")] * 20)
        assert names.asked == [("example.com", "A")]


def test_nobody_listens() -> None:
    start = time.monotonic()
    (answer,) = ask(f"127.0.0.1:{free_port()}", ("example.com", "A"))
    assert answer.rcode is Rcode.TIMEOUT
    assert time.monotonic() - start < 1.0  # told by ICMP, not waited for


def test_truncated_and_no_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        names = Names(ZONE, truncate=True)

        async def go() -> Answer:
            async with open_resolver(f"127.0.0.1:{sock.getsockname()[1]}", 0.6) as resolver:
                task = asyncio.create_task(resolver.query("example.com", "A"))
                loop = asyncio.get_running_loop()
                data, client = await loop.run_in_executor(None, sock.recvfrom, 2048)
                answer = names.answer(data, tcp=False)
                assert answer is not None
                sock.sendto(b"\0\1garbage", client)  # not an answer: passed over
                sock.sendto(answer, client)
                return await task

        assert asyncio.run(go()).rcode is Rcode.TRUNCATED


def test_second_server_answers() -> None:
    with serve(ZONE) as (where, _):
        (answer,) = ask(f"127.0.0.1:{free_port()}, {where}", ("example.com", "A"))
    assert answer.records == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)),
        ("::1", ("::1", 53)),
        ("localhost:54", ("127.0.0.1", 54)),
    ],
)
def test_resolver_option(text: str, server: tuple[str, int]) -> None:
    assert parse_resolver(text) == server


@pytest.mark.parametrize("text", ["", "dns.example.com", "127.0.0.1:x", "127.0.0.1:0", "1.2.3", "[::1"])
def test_resolver_option_wrong(text: str) -> None:
    if text == "[::1":
        assert parse_resolver(text) == ("::1", 53)
        return
    with pytest.raises(ParseError, match="resolver"):
        parse_resolver(text)


def test_system_resolvers(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# none\nsearch example.com\nnameserver 192.0.2.53\nnameserver bad\nnameserver 2001:db8::53\n")
    assert system_resolvers(file) == [("192.0.2.53", 53), ("2001:db8::53", 53)]
    assert system_resolvers(tmp_path / "missing") == [("127.0.0.1", 53)]


@given(st.binary(max_size=600))
def test_decode_raises_nothing_else(data: bytes) -> None:
    try:
        decode(data, "TXT")
    except ParseError:
        pass


@given(st.binary(min_size=0, max_size=300))
def test_decode_survives_a_broken_answer(tail: bytes) -> None:
    head = b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00" + encode_name("example.com") + b"\x00\x10\x00\x01"
    try:
        decode(head + tail, "TXT")
    except ParseError:
        pass


@pytest.mark.servers
def test_nsd(tmp_path: Path) -> None:
    nsd, port = require("nsd"), free_port()
    zone = tmp_path / "example.com.zone"
    zone.write_text(
        "$ORIGIN example.com.\n$TTL 60\n@ SOA ns hostmaster 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n"
        '@ TXT "v=spf1 " "ip4:192.0.2.7 -all"\n@ MX 10 mail\nmail A 192.0.2.7\nwww CNAME mail\n'
    )
    config = tmp_path / "nsd.conf"
    config.write_text(
        f'server:\n ip-address: 127.0.0.1\n port: {port}\n username: ""\n chroot: ""\n zonesdir: "{tmp_path}"\n'
        f' pidfile: "{tmp_path}/nsd.pid"\n database: ""\n xfrdfile: "{tmp_path}/xfrd"\n zonelistfile: "{tmp_path}/zl"\n'
        f"remote-control:\n control-enable: no\nzone:\n name: example.com\n zonefile: {zone}\n"
    )
    with subprocess.Popen([nsd, "-d", "-c", str(config)], stderr=subprocess.PIPE) as server:
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                spf, mx, www = ask(
                    f"127.0.0.1:{port}", ("example.com", "TXT"), ("example.com", "MX"), ("www.example.com", "A")
                )
                if spf.records:
                    break
                time.sleep(0.05)
            assert spf.records == ("v=spf1 ip4:192.0.2.7 -all",)
            assert mx.records == ("10 mail.example.com",)
            assert (www.records, www.cname) == (("192.0.2.7",), ("mail.example.com",))
        finally:
            server.terminate()


class Hostile:
    """A UDP server that answers each question with what `answers` makes of its bytes, in order."""

    def __init__(self, *answers: Callable[[bytes], bytes | None]) -> None:
        self.answers = answers
        self.asked = 0

    def __enter__(self) -> str:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return f"127.0.0.1:{self.sock.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            data, client = self.sock.recvfrom(2048)
            if not data:
                return
            self.asked += 1
            for make in self.answers:
                answer = make(data)
                if answer is not None:
                    self.sock.sendto(answer, client)

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.sock.getsockname())
        self.thread.join()
        self.sock.close()


RIGHT = Names(ZONE)


def right(data: bytes) -> bytes | None:
    return RIGHT.answer(data, tcp=False)


def wrong_id(data: bytes) -> bytes | None:
    answer = right(data)
    return bytes([data[0] ^ 1]) + answer[1:] if answer else None


def other_question(data: bytes) -> bytes | None:
    return right(data.replace(b"\x07example", b"\x07elpmaxe"))


def shouted(data: bytes) -> bytes | None:
    answer = right(data)
    return answer.replace(b"example", b"eXaMpLe") if answer else None


def no_edns(data: bytes) -> bytes | None:
    """A server from before EDNS: it does not understand the record at the end (RFC 6891 section 7)."""
    if int.from_bytes(data[10:12]):
        return data[:2] + b"\x81\x81" + data[4:10] + b"\0\0" + data[12:-11]
    return right(data)


@pytest.mark.parametrize(
    ("answers", "rcode"),
    [
        ((wrong_id,), Rcode.TIMEOUT),
        ((other_question,), Rcode.TIMEOUT),
        ((lambda _: b"", lambda data: data, lambda data: data[:2] + b"\xff" * 40), Rcode.TIMEOUT),
        ((wrong_id, other_question, right), Rcode.NOERROR),
        ((shouted,), Rcode.NOERROR),
        ((no_edns,), Rcode.NOERROR),
    ],
)
def test_only_the_answer_to_the_question_counts(
    answers: tuple[Callable[[bytes], bytes | None], ...], rcode: Rcode
) -> None:
    with Hostile(*answers) as where:
        (answer,) = ask(where, ("example.com", "A"), timeout_s=0.5)
    assert answer.rcode is rcode
    assert answer.records == (("192.0.2.1",) if rcode is Rcode.NOERROR else ())


def test_a_lost_question_is_sent_again() -> None:
    seen: list[bytes] = []

    def second(data: bytes) -> bytes | None:
        seen.append(data)
        return right(data) if len(seen) == 2 else None

    with Hostile(second) as where:
        (answer,) = ask(where, ("example.com", "A"), timeout_s=0.9)
    assert answer.records == ("192.0.2.1",)
    assert seen[0] == seen[1]  # the same id: an answer to the first still counts


def test_a_thousand_at_once_and_none_is_lost() -> None:
    with serve({"*.example.com": [("A", "192.0.2.1")]}) as (where, _):
        answers = ask(where, *((f"n{i}.example.com", "A") for i in range(1000)), timeout_s=5)
    assert {each.records for each in answers} == {("192.0.2.1",)}


def test_ids_and_ports_are_not_guessed() -> None:
    seen: set[tuple[int, int]] = set()
    with serve(ZONE) as (where, names):
        original = names.answer

        def watched(data: bytes, *, tcp: bool) -> bytes | None:
            seen.add((int.from_bytes(data[:2]), len(seen)))
            return original(data, tcp=tcp)

        names.answer = watched  # type: ignore[method-assign]
        ask(where, *((f"n{i}.example.com", "A") for i in range(50)))
    idents = sorted(ident for ident, _ in seen)
    assert len(set(idents)) > 45
    assert idents[-1] - idents[0] > 1000


def test_aliases_that_the_server_leaves_to_us_are_followed_and_circles_end() -> None:
    zone: Zone = {
        "a.example.com": [("CNAME", "b.example.net.")], "round.example.com": [("CNAME", "round.example.com.")],
    }  # fmt: skip

    class NotChasing(Names):
        def records(self, name: str) -> list[tuple[str, str]] | None:
            found = super().records(name)
            return found if name == self.first else []

        def answer(self, data: bytes, *, tcp: bool) -> bytes | None:
            self.first = plain(dns.message.from_wire(data).question[0].name)
            return super().answer(data, tcp=tcp)

    with serve(NotChasing(zone | {"b.example.net": [("A", "192.0.2.9")]})) as (where, _):
        answer, circle = ask(where, ("a.example.com", "A"), ("round.example.com", "A"))
    assert (answer.name, answer.records, answer.cname) == ("a.example.com", ("192.0.2.9",), ("b.example.net",))
    assert not circle.records


def test_big_answers_are_bounded() -> None:
    zone: Zone = {
        "big.example.com": [("TXT", "x" * 60_000)],
        "many.example.com": [("MX", f"{i} mx{i}.") for i in range(3000)],
    }
    with serve(zone) as (where, _):
        big, many = ask(where, ("big.example.com", "TXT"), ("many.example.com", "MX"), timeout_s=10)
    assert [len(text) for text in big.records] == [60_000]
    assert len(many.records) == 3000


def test_an_absence_has_its_time() -> None:
    name, zone = encode_name("gone.example.com"), encode_name("example.com")
    soa = zone + zone + bytes(16) + (120).to_bytes(4)
    record = zone + b"\x00\x06\x00\x01" + (3600).to_bytes(4) + len(soa).to_bytes(2) + soa
    head = b"\x12\x34\x81\x83\x00\x01\x00\x00\x00\x01\x00\x00" + name + b"\x00\x01\x00\x01"
    assert decode(head + record, "A").ttl_s == 120
