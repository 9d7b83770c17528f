"""DKIM verification against what OpenDKIM and dkimpy sign, the keys in a real name server on loopback."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import time
from functools import cache
from typing import TYPE_CHECKING

import dkim as dkimpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmend.evidence.canonical import split_message
from postmend.evidence.dkim import DkimResult, verify_dkim
from postmend.evidence.dkim_finding import dkim_findings
from postmend.evidence.dkim_key import check_dkim_key, parse_key
from postmend.model import ParseError
from postmend.model.dns import Answer, Rcode
from postmend.net.dns import open_resolver
from tests.dnslab import Zone, serve
from tests.signing import Key, make_key, sign, verified_by_opendkim

if TYPE_CHECKING:
    from pathlib import Path

    from postmend.model import Finding

NAME = "sel._domainkey.example.com"
MAIL = (
    b"From: Ann <ann@example.com>\nTo: bob@example.net\nSubject: A  long\n\tfolded   subject\n"
    b"Date: Tue, 3 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n\nHello,\n\nthis  line has blanks  \nend.\n\n\n"
)


@cache
def key(bits: int = 2048, number: int = 0) -> Key:
    return make_key(bits)


def verify(message: bytes, zone: Zone | str | None = None, now_s: int = 0) -> tuple[DkimResult, ...]:
    if isinstance(zone, str):
        zone = {NAME: [("TXT", zone)]}

    async def run(where: str) -> tuple[DkimResult, ...]:
        async with open_resolver(where, 1.0) as resolver:
            return await verify_dkim(resolver, message, now_s)

    with serve(zone if zone is not None else {NAME: [("TXT", key().record)]}) as (where, _):
        return asyncio.run(run(where))


def one(message: bytes, zone: Zone | str | None = None, now_s: int = 0) -> DkimResult:
    (found,) = verify(message, zone, now_s)
    return found


def ids(found: tuple[Finding, ...]) -> set[str]:
    return {each.id for each in found}


@pytest.mark.servers
@pytest.mark.parametrize("canonical", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"])
@pytest.mark.parametrize(
    "mail",
    [
        MAIL,
        MAIL.replace(b"\n", b"\r\n"),
        MAIL.partition(b"\n\n")[0] + b"\n\n",
        MAIL + b"\n \n\t\n",
        MAIL.replace(b"Subject:", b"Subject :"),
    ],
    ids=["lf", "crlf", "no-body", "blank-lines", "blank-before-colon"],
)
def test_what_opendkim_signs_holds(tmp_path: Path, canonical: str, mail: bytes) -> None:
    signed = sign(tmp_path, mail, key(), canonical)
    theirs = verified_by_opendkim(tmp_path, signed, NAME, key().record)
    found = one(signed)
    assert found.result == theirs
    assert found.passed, found.detail


@pytest.mark.servers
def test_line_ends_do_not_matter(tmp_path: Path) -> None:
    signed = sign(tmp_path, MAIL, key(), "simple/simple")
    assert one(signed.replace(b"\n", b"\r\n")).passed
    assert one(signed.rstrip(b"\n")).passed
    assert one(b"From ann@example.com Tue Nov  3 10:00:00 2026\n" + signed).passed


@pytest.mark.servers
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"this  line", b"that  line", "body_changed"),
        (b"Subject: A", b"Subject: B", "header_changed"),
        (b"From: Ann", b"From: Eve", "header_changed"),
        (b"bh=", b"bh=AAAA", "body_changed"),
        (b"v=1;", b"v=2;", "syntax"),
        (b"v=1;", b"v=1; v=1;", "syntax"),
        (b"d=example.com", b"d=other.example", "key_missing"),
        (b"a=rsa-sha256", b"a=rsa-sha512", "syntax"),
        (b"a=rsa-sha256", b"a=rsa-sha1", "old_algorithm"),
        (b"a=rsa-sha256", b"a=ed25519-sha256", "key_type"),
        (b"From:To:", b"To:", "from_not_signed"),
        (b"v=1;", b"v=1; i=@sub.example.org;", "syntax"),
        (b"v=1;", b"v=1; l=100000;", "body_shorter"),
        (b"s=sel", b"s=", "syntax"),
    ],
)
def test_why_a_signature_fails(tmp_path: Path, old: bytes, new: bytes, reason: str) -> None:
    signed = sign(tmp_path, MAIL, key(), "relaxed/relaxed")
    assert old in signed
    found = one(signed.replace(old, new, 1))
    assert (found.reason, found.passed) == (reason, False), found.detail
    assert ids(dkim_findings((found,))) >= {f"dkim.{reason}"}


@pytest.mark.servers
@pytest.mark.parametrize(
    ("record", "reason", "result"),
    [
        (lambda: key(number=1).record, "key_mismatch", "fail"),
        (lambda: "v=DKIM1; p=", "key_revoked", "permerror"),
        (lambda: key().record[:200], "key_broken", "permerror"),
        (lambda: "v=spf1 -all", "key_missing", "permerror"),
        (lambda: key().record.replace("k=rsa", "h=sha1"), "key_not_for_this", "permerror"),
        (lambda: key().record.replace("k=rsa", "s=tlsrpt"), "key_not_for_this", "permerror"),
        (lambda: key().record.replace(";", "\\;"), "key_broken", "permerror"),
        (lambda: make_key(0).record, "key_type", "permerror"),
    ],
)
def test_what_the_key_does(tmp_path: Path, record: object, reason: str, result: str) -> None:
    found = one(sign(tmp_path, MAIL, key()), record())  # type: ignore[operator]
    assert (found.reason, found.result) == (reason, result), found.detail


@pytest.mark.servers
def test_key_that_cannot_be_asked_is_not_a_failure(tmp_path: Path) -> None:
    signed = sign(tmp_path, MAIL, key())
    for how in ("TIMEOUT", "SERVFAIL", "REFUSED"):
        found = one(signed, {NAME: [(how, "")]})
        assert (found.result, found.reason) == ("temperror", "key_unknown")
        (finding,) = [f for f in dkim_findings((found,)) if f.id == "dkim.key_unknown"]
        assert (finding.result, finding.supports) == ("temperror", ())


def test_weak_key() -> None:
    small = key(1024)
    signed = dkimpy.sign(MAIL, b"sel", b"example.com", small.pem) + MAIL
    assert one(signed, small.record).passed
    der = _der((1 << 767) + (1 << 700) + 1, 65537)
    assert one(signed, f"k=rsa; p={base64.b64encode(der).decode()}").reason == "weak_key"


def _der(n: int, e: int) -> bytes:
    def integer(value: int) -> bytes:
        raw = value.to_bytes(value.bit_length() // 8 + 1)
        return b"\x02" + _length(len(raw)) + raw

    inner = integer(n) + integer(e)
    return b"\x30" + _length(len(inner)) + inner


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2)


@pytest.mark.servers
def test_footer_prefix_and_added_field_are_recognised(tmp_path: Path) -> None:
    signed = sign(tmp_path, MAIL, key(), "relaxed/relaxed")
    footer = one(signed.rstrip(b"\n") + b"\n\n-- \nunsubscribe here\n")
    assert footer.reason == "body_changed"
    assert "lines were added at its end" in footer.guess
    prefix = one(signed.replace(b"Subject: A", b"Subject: [list] A"))
    assert prefix.reason == "header_changed"
    assert "[list]" in prefix.guess
    body_only = one(signed.replace(b"Hello", b"Howdy"))
    assert "the header is as it was" in body_only.detail


def test_partly_signed_body_passes_with_a_warning() -> None:
    signed = dkimpy.sign(MAIL, b"sel", b"example.com", key().pem, length=True) + MAIL + b"\nbuy this\n"
    found = one(signed)
    assert found.passed
    assert found.unsigned_octets > 0
    assert "dkim.partly_signed" in ids(dkim_findings((found,)))


def test_ed25519() -> None:
    small = key(0)
    signature = dkimpy.sign(MAIL, b"sel", b"example.com", small.pem, signature_algorithm=b"ed25519-sha256")
    assert one(signature + MAIL, small.record).passed
    assert one(signature + MAIL.replace(b"folded", b"bolded"), small.record).reason == "header_or_key"
    assert one(signature + MAIL, key(0, 1).record).reason == "header_or_key"


def test_two_signatures_and_none() -> None:
    second = dkimpy.sign(MAIL, b"ed", b"example.com", key(0).pem, signature_algorithm=b"ed25519-sha256")
    first = dkimpy.sign(second + MAIL, b"sel", b"example.com", key().pem)
    zone: Zone = {NAME: [("TXT", key().record)], "ed._domainkey.example.com": [("TXT", key(0).record)]}
    assert [each.result for each in verify(first + second + MAIL, zone)] == ["pass", "pass"]
    assert ids(dkim_findings(verify(MAIL))) == {"dkim.unsigned"}


def test_time_is_judged_last() -> None:
    signed = dkimpy.sign(MAIL, b"sel", b"example.com", key().pem) + MAIL
    made = int(re.search(rb"t=(\d+)", signed)[1])  # type: ignore[index]
    assert one(signed, now_s=made - 86400).reason == "from_the_future"
    assert one(signed, now_s=made + 10).passed


@pytest.mark.parametrize(
    ("record", "finding"),
    [
        ("v=DKIM1; p=", "dkim_key.revoked"),
        ("v=DKIM1; k=rsa; p=MIIB!", "dkim_key.broken"),
        ("p=AAAA; v=DKIM1", "dkim_key.broken"),
        ("v=DKIM1; k=dsa; p=AAAA", "dkim_key.broken"),
        ("hello", "dkim_key.missing"),
    ],
)
def test_key_faults(record: str, finding: str) -> None:
    async def run(where: str) -> tuple[Finding, ...]:
        async with open_resolver(where, 1.0) as resolver:
            return await check_dkim_key(resolver, "example.com", "sel")

    with serve({NAME: [("TXT", record)]}) as (where, _):
        assert finding in ids(asyncio.run(run(where)))


class _Zone:
    """A resolver on a dictionary, for properties that try thousands of inputs."""

    async def query(self, name: str, rdtype: str) -> Answer:
        if name == NAME:
            return Answer(name, rdtype, Rcode.NOERROR, (key().record,))
        return Answer(name, rdtype, Rcode.NXDOMAIN)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 2000), st.binary(max_size=12))
def test_hostile_mail_never_raises(noise: bytes, at: int, patch: bytes) -> None:
    signed = _signed()
    for mail in (noise, b"DKIM-Signature: " + noise + MAIL, signed[:at] + patch + signed[at + len(patch) :]):
        results = asyncio.run(verify_dkim(_Zone(), mail, 1))
        dkim_findings(results)


@cache
def _signed() -> bytes:
    return dkimpy.sign(MAIL, b"sel", b"example.com", key().pem) + MAIL


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\n", b".", b"\xe9"]), max_size=30),
    st.sampled_from("sr"),
    st.sampled_from("sr"),
)
def test_agrees_with_dkimpy(pieces: list[bytes], head: str, tail: str) -> None:
    names = {"s": b"simple", "r": b"relaxed"}
    text = b"".join(pieces) + b"\n"  # on the wire the last line has an end too
    mail = (
        (MAIL.replace(b": A", b":  A").partition(b"\n\n")[0] + b"\n\n" + text)
        .replace(b"\r\n", b"\n")
        .replace(b"\n", b"\r\n")
    )
    signed = dkimpy.sign(mail, b"sel", b"example.com", key().pem, canonicalize=(names[head], names[tail])) + mail
    (found,) = asyncio.run(verify_dkim(_Zone(), signed))
    assert found.passed, found.detail


@given(st.binary(max_size=300))
def test_split_never_raises(raw: bytes) -> None:
    split_message(raw)


@given(st.text(max_size=80))
def test_keys_parse_or_say_why(text: str) -> None:
    with contextlib.suppress(ParseError):
        parse_key(text)


def test_many_signatures_and_a_huge_body_end_soon() -> None:
    body = b"line of text\r\n" * 60_000
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=sel; h=from; bh=AAAA; b=AAAA\r\n"
    found = asyncio.run(verify_dkim(_Zone(), signature * 500 + b"From: a@example.com\r\n\r\n" + body))
    assert len(found) == 20


@pytest.mark.parametrize(
    "filling", [b" " * 300_000, b"\r\n " * 100_000, b";" * 300_000, b"=" * 300_000, b"a=" * 150_000, b":" * 300_000]
)
def test_bombs_cost_no_time(filling: bytes) -> None:
    head = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=sel; h=from"
        + filling
        + b"; bh=AAAA; b="
        + filling
        + b"AAAA\r\n"
    )
    start = time.process_time()
    asyncio.run(verify_dkim(_Zone(), head + b"From: a@example.com\r\nSubject: " + filling + b"\r\n\r\n" + filling))
    assert time.process_time() - start < 5  # not a measure: what is quadratic takes minutes
