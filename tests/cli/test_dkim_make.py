"""`postmend dkim make`: keys that OpenDKIM signs with, records that it and Postmend verify by; nothing overwritten."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import dns.rdata
import jsonschema
import pytest

from postmend.evidence.dkim_key import parse_key
from tests.cli.test_cli import run, schema
from tests.dnslab import serve
from tests.evidence.test_dkim import MAIL, one
from tests.signing import Key, sign, verified_by_opendkim

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path, *words: str) -> dict[str, Any]:
    done = run("dkim", "make", "example.com", "--selector", "sel", "--out", str(folder), "--json", "--offline", *words)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(made, schema("dkim.v1.json"))
    return made


@pytest.mark.servers
@pytest.mark.parametrize("bits", ["2048", "4096"])
def test_opendkim_signs_with_the_key_and_verifies_by_the_record(tmp_path: Path, bits: str) -> None:
    made = make(tmp_path, "--bits", bits)
    path = tmp_path / "sel.example.com.pem"
    assert made["path"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    record = made["record"]["after"]
    signed = sign(tmp_path, MAIL, Key(path.read_bytes(), "", record), "relaxed/relaxed")
    assert verified_by_opendkim(tmp_path, signed, made["record"]["name"], record) == "pass"
    assert one(signed, record).passed
    # What stands in the zone file is that record, in strings that DNS can hold.
    text = made["zone_file"].partition("(")[2].rpartition(")")[0]
    rdata = dns.rdata.from_text("IN", "TXT", text)
    assert b"".join(rdata.strings).decode() == record
    assert all(len(each) <= 255 for each in rdata.strings)


def test_ed25519(tmp_path: Path) -> None:
    made = make(tmp_path, "--type", "ed25519")
    assert parse_key(made["record"]["after"]).bits == 256
    assert made["opendkim"] == []
    assert any("path" in line for line in made["rspamd"])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    make(tmp_path)
    before = (tmp_path / "sel.example.com.pem").read_bytes()
    done = run("dkim", "make", "example.com", "--selector", "sel", "--out", str(tmp_path), "--offline")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert b"never overwritten" in done.stderr
    assert (tmp_path / "sel.example.com.pem").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("localhost",),
        ("192.0.2.7",),
        ("example.com", "--selector", "a b"),
        ("example.com", "--selector", "../../x"),
        ("example.com", "--out", "/nowhere/at/all"),
        ("example.com", "--bits", "512"),
    ],
)
def test_wrong_input_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("dkim", "make", "--offline", "--out", str(tmp_path), *words)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_selector_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    with serve({"sel._domainkey.example.com": [("TXT", "v=DKIM1; p=")]}) as (where, _):
        words = ("dkim", "make", "example.com", "--out", str(tmp_path), "--resolver", where)
        taken = run(*words, "--selector", "sel")
        free = run(*words, "--selector", "other")
    assert (taken.returncode, free.returncode) == (2, 0)
    assert b"in use already" in taken.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["other.example.com.pem"]
