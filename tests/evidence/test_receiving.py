"""Port 25, STARTTLS, certificates, DANE and MTA-STS against real servers on loopback with a CA of their own."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import http.server
import ssl
import threading
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from postmend.evidence.certificate import read_certificate
from postmend.evidence.dane import Tlsa, find_tlsa, judge_dane
from postmend.evidence.mta_sts import check_mta_sts, parse_policy
from postmend.evidence.receiving import Caller, Received, check_receiver
from postmend.evidence.tlsrpt import check_tlsrpt
from postmend.model import Finding, ParseError
from postmend.model.dns import Answer, Rcode
from postmend.net import https, smtp, smtp_tls
from tests.asking import ZoneFile, ask, ids
from tests.dnslab import Zone
from tests.smtplab import Host, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW_S = int(time.time())


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def context_for(*names: str, days: int = 90) -> ssl.SSLContext:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    start = min(until - dt.timedelta(days=1), dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    authority().issue_cert(*names, not_after=until, not_before=start).configure_cert(made)
    return made


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The CA is trusted, as a CA of the system is."""
    path = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    for each in (smtp_tls._context, https._context):
        each.cache_clear()
    yield str(path)
    for each in (smtp_tls._context, https._context):
        each.cache_clear()


def host(**how: Any) -> Host:
    made = Host("postmaster@example.com", "abuse@example.com")
    made.starttls = True
    for name, value in how.items():
        setattr(made, name, value)
    return made


def talk(server: Host, relay_probe: str = "") -> Received:
    with serve({"127.0.0.2": server}) as port:
        caller = Caller("probe.example.net", port, NOW_S, relay_probe)
        return asyncio.run(check_receiver(smtp.NetDialer(), "mx.example.com", "127.0.0.2", "example.com", caller))


def test_a_good_server(trusted: str) -> None:
    found = talk(host(context=context_for("mx.example.com")), "tester@example.org")
    assert ids(found.findings) == {
        "smtp.ok", "tls.ok", "tls.certificate", "smtp.postmaster", "smtp.abuse", "smtp.no_relay"
    }  # fmt: skip
    assert found.verified is True
    assert read_certificate(found.chain[0]).covers("mx.example.com")


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"starttls": False}, "tls.none"),
        ({"starttls": "broken"}, "tls.handshake"),
        ({"name": "localhost"}, "smtp.banner"),
        ({"living": set()}, "smtp.no_postmaster"),
        ({"living": {"postmaster@example.com"}}, "smtp.no_abuse"),
        ({"living": {"tester@example.org"}}, "smtp.open_relay"),
        ({"greeting": lambda _: "554 5.7.1 you are on a list"}, "smtp.refuses_us"),
        ({"greeting": lambda _: None}, "smtp.unreachable"),
        ({"ehlo": lambda _: "550 no"}, "smtp.no_ehlo"),
        ({}, "tls.certificate_invalid"),
    ],
)
def test_faults_of_servers(how: dict[str, Any], wanted: str) -> None:
    assert wanted in ids(talk(host(**how), "tester@example.org").findings)


def test_relay_is_asked_only_when_told() -> None:
    server = host(living={"tester@example.org"})
    assert "smtp.open_relay" not in ids(talk(server).findings)
    assert not any("tester" in line for each in server.connections for line in each.lines)


def test_what_is_refused_for_who_we_are_is_not_held_against_the_server() -> None:
    server = host(rcpt=lambda _c, _p: "550 5.7.1 your address is listed")
    found = talk(server)
    assert not {"smtp.no_postmaster", "smtp.no_abuse"} & ids(found.findings)


def test_certificate_names_and_dates(trusted: str) -> None:
    wrong = talk(host(context=context_for("other.example.com")))
    assert "tls.certificate_invalid" in ids(wrong.findings)
    assert wrong.verified is False
    assert "other.example.com" in next(f.detail for f in wrong.findings if f.id == "tls.other_name")
    assert "tls.expires_soon" in ids(talk(host(context=context_for("mx.example.com", days=3))).findings)
    late = talk(host(context=context_for("mx.example.com", days=-2)))
    assert "tls.certificate_invalid" in ids(late.findings)
    assert "expired" in next(f.detail for f in late.findings if f.id == "tls.certificate_invalid")


def tlsa(usage: int, selector: int, matching: int, held: bytes) -> str:
    data = held if matching == 0 else hashlib.new({1: "sha256", 2: "sha512"}[matching], held).digest()
    return f"{usage} {selector} {matching} {data.hex()}"


def dane(record: str, chain: tuple[bytes, ...], *, signed: bool = True) -> set[str]:
    zone: Zone = {"_25._tcp.mx.example.com": [("TLSA", record)]}

    async def judge(resolver: Any) -> tuple[Finding, ...]:
        records, answer = await find_tlsa(resolver, "mx.example.com")
        return judge_dane("mx.example.com", records, answer, chain, authenticated=signed)

    return ids(ask(zone, judge))


def test_dane() -> None:
    chain = talk(host(context=context_for("mx.example.com"))).chain
    leaf = chain[0]
    key = read_certificate(leaf).public_key
    root = ssl.PEM_cert_to_DER_cert(authority().cert_pem.bytes().decode())
    for usage, selector, matching in [(3, 1, 1), (3, 1, 2), (3, 0, 1), (3, 0, 0)]:
        assert dane(tlsa(usage, selector, matching, key if selector else leaf), chain) == {"dane.ok"}
    assert dane(tlsa(3, 1, 1, b"another"), chain) == {"dane.mismatch"}
    assert dane(tlsa(2, 0, 1, root), (leaf, root)) == {"dane.ok"}
    assert dane(tlsa(2, 0, 1, root), (leaf,)) == {"dane.mismatch"}
    assert dane(tlsa(1, 0, 1, leaf), chain) == {"dane.unusable"}
    assert dane(tlsa(3, 1, 1, key), chain, signed=False) == {"dane.not_authenticated"}
    assert dane(tlsa(3, 1, 1, key), ()) == {"dane.not_judged"}
    assert (
        ids(judge_dane("mx.example.com", (), Answer("x", "TLSA", Rcode.NXDOMAIN), chain, authenticated=True)) == set()
    )


POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: *.mail.example.com\r\nmax_age: 604800\r\n"


@contextmanager
def web(
    body: str,
    status: int = 200,
    kind: str = "text/plain",
    name: str = "mta-sts.example.com",
    host: str = "mta-sts.example.com",
) -> Iterator[int]:
    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = self.path == "/.well-known/mta-sts.txt" and self.headers["Host"] == host
            self.send_response(status if good else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:  # a client that does not trust the certificate leaves
            pass

    server = Server(("127.0.0.1", 0), Pages)
    server.socket = context_for(name).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def sts(
    port: int, record: str = "v=STSv1; id=20261124;", mx: str = "mx.example.com", *, private: bool = True
) -> set[str]:
    zone: Zone = {"_mta-sts.example.com": [("TXT", record)], "mta-sts.example.com": [("A", "127.0.0.1")]}

    async def judge(resolver: Any) -> tuple[Finding, ...]:
        fetcher = https.NetFetcher(resolver, 3.0, port=port, allow_private=private)
        return await check_mta_sts(resolver, fetcher, "example.com", (mx,))

    return ids(ask(zone, judge))


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (POLICY, {"mta_sts.ok"}),
        (POLICY.replace("\r\n", "\n"), {"mta_sts.ok"}),
        (POLICY.replace("enforce", "testing"), {"mta_sts.not_enforced"}),
        (POLICY.replace("mx: mx.example.com\r\n", ""), {"mta_sts.mx_not_covered"}),
        (POLICY.replace("enforce", "testing").replace("mx: mx.example.com\r\n", ""), {"mta_sts.mx_not_covered_yet"}),
        (POLICY.replace("STSv1", "STSv2"), {"mta_sts.policy_fault"}),
        (POLICY.replace("604800", "soon"), {"mta_sts.policy_fault"}),
        (POLICY.replace("604800", "60"), {"mta_sts.ok", "mta_sts.policy_oddity"}),
        ("<html>", {"mta_sts.policy_fault"}),
        ("x" * 300_000, {"mta_sts.policy_unreachable"}),
    ],
)
def test_mta_sts_policies(trusted: str, policy: str, wanted: set[str]) -> None:
    with web(policy) as port:
        assert sts(port) == wanted


def test_mta_sts_transport(trusted: str) -> None:
    with web(POLICY, status=301) as port:
        assert sts(port) == {"mta_sts.policy_unreachable"}
    with web(POLICY, kind="text/html") as port:
        assert sts(port) == {"mta_sts.ok", "mta_sts.policy_oddity"}
        assert sts(port, mx="a.mail.example.com") == {"mta_sts.ok", "mta_sts.policy_oddity"}
        assert sts(port, private=False) == {"mta_sts.policy_unreachable"}
        assert sts(port, "v=STSv1; id=not-an-id") == {"mta_sts.record_fault"}
        assert sts(port, "v=spf1 -all") == {"mta_sts.none"}
    with web(POLICY, name="www.example.com") as port:
        assert sts(port) == {"mta_sts.policy_unreachable"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("v=TLSRPTv1; rua=mailto:tls@example.com", "tlsrpt.ok"),
        ("v=TLSRPTv1; rua=https://example.com/tls", "tlsrpt.ok"),
        ("v=TLSRPTv1;", "tlsrpt.fault"),
        ("v=TLSRPTv1; rua=tls@example.com", "tlsrpt.fault"),
        ("rua=mailto:a@example.com", "tlsrpt.none"),
    ],
)
def test_tlsrpt(text: str, wanted: str) -> None:
    zone = ZoneFile({"_smtp._tls.example.com": [("TXT", text)]})
    assert ids(asyncio.run(check_tlsrpt(zone, "example.com"))) == {wanted}


@given(st.binary(max_size=200), st.integers(0, 600), st.binary(max_size=8))
def test_any_bytes_are_a_certificate_or_say_why(noise: bytes, at: int, patch: bytes) -> None:
    good = _leaf()
    for der in (noise, good[:at], good[:at] + patch + good[at + len(patch) :]):
        try:
            read_certificate(der)
        except ParseError as error:
            assert error.args  # noqa: PT017
    Tlsa(3, 1, 1, noise).fits(good)


@cache
def _leaf() -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority().issue_cert("a.example").cert_chain_pems[0].bytes().decode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_say_why(noise: bytes) -> None:
    for body in (noise, POLICY.encode() + noise):
        try:
            parse_policy(body)
        except ParseError as error:
            assert error.args  # noqa: PT017
