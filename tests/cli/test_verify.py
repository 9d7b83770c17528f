"""`postmend verify` as its user meets it."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.cli.test_cli import run
from tests.conftest import ROOT
from tests.dnslab import Zone
from tests.dnslab import serve as serve_names
from tests.smtplab import Host
from tests.smtplab import serve as serve_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.9.1"
ZONE: Zone = {
    "example.com": [("MX", "10 mx.example.com.")],
    "mx.example.com": [("A", HOST)],
    "null.example": [("MX", "0 .")],
}


@contextmanager
def world(zone: Zone = ZONE) -> Iterator[tuple[Host, list[str]]]:
    host = Host("anna@example.com")
    with serve_names(zone) as (resolver, _), serve_mail({HOST: host}) as port:
        yield host, ["--resolver", resolver, "--smtp-port", str(port), "--mail-from", "probe@prober.example",
                     "--helo", "probe.prober.example"]  # fmt: skip


def verify(*words: str, zone: Zone = ZONE) -> tuple[subprocess.CompletedProcess[bytes], Host]:
    with world(zone) as (host, options):
        done = run("verify", *options, *words)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done, host


def test_json_is_as_the_schema_says() -> None:
    done, _ = verify(
        "--no-self-check", "--json", "anna@example.com", "gone@example.com", "x@gmial", "info@null.example"
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["verdict"], each["reason"], each["address"]) for each in found] == [
        ("deliverable", "accepted", "keep"),
        ("undeliverable", "user_unknown", "suppress"),
        ("undeliverable", "domain_not_found", "suppress"),
        ("undeliverable", "null_mx", "suppress"),
    ]
    assert found[1]["reply"]["enhanced"] == "5.1.1"
    assert {each["id"] for each in found[1]["evidence"]} == {"mx.inside", "absent.dead", "mailbox.dead"}
    assert found[3]["role"]
    assert done.returncode == 1
    schema = json.loads((ROOT / "docs" / "schema" / "verify.v1.json").read_text())
    for each in found:
        jsonschema.validate(each, schema)


def test_reacher() -> None:
    done, _ = verify("--no-self-check", "--format", "reacher", "anna@example.com")
    found = json.loads(done.stdout)
    assert found["is_reachable"] == "safe"
    assert found["smtp"]["is_deliverable"]
    assert found["mx"] == {"accepts_mail": True, "records": ["mx.example.com."]}
    assert found["syntax"]["username"] == "anna"
    assert done.returncode == 0


def test_an_unfit_prober_asks_nobody_and_says_what_to_mend() -> None:
    done, host = verify("--source-ip", "127.0.0.1", "anna@example.com")
    assert done.returncode == 2
    assert not host.connections
    told = done.stderr.decode()
    assert "127.0.0.1 has no PTR record" in told
    assert "Ask whoever provides 127.0.0.1" in told
    assert "probe.prober.example does not resolve" in told


def test_a_fit_prober_may_ask() -> None:
    fit: Zone = ZONE | {
        "1.0.0.127.in-addr.arpa": [("PTR", "probe.prober.example.")],
        "probe.prober.example": [("A", "127.0.0.1")],
        "prober.example": [("MX", "10 probe.prober.example."), ("TXT", "v=spf1 ip4:127.0.0.1 -all")],
    }
    done, host = verify("--source-ip", "127.0.0.1", "anna@example.com", zone=fit)
    # Its MX leads to loopback: bounces cannot get back to it from outside.
    assert b"MAIL FROM's domain cannot be answered to" in done.stderr
    assert not host.connections
    fit["prober.example"] = [("MX", "10 in.prober.example."), ("TXT", "v=spf1 ip4:127.0.0.1 -all")]
    fit["in.prober.example"] = [("A", "192.0.2.1")]
    done, host = verify("--source-ip", "127.0.0.1", "anna@example.com", zone=fit)
    assert done.returncode == 0, done.stderr.decode()
    assert [each.peer for each in host.connections] == ["127.0.0.1"]
    fit["1.0.0.127.zen.spamhaus.org"] = [("A", "127.0.0.4")]
    fit["2.0.0.127.zen.spamhaus.org"] = [("A", "127.0.0.4")]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "no address"),
        (["--smtp-port", "70000", "a@example.com"], "--smtp-port"),
        (["--source-ip", "nowhere", "a@example.com"], "not an IP address"),
        (["--mail-from", "a@b@c", "a@example.com"], "--mail-from"),
        (["--mail-from", "a@example.com", "--helo", "x\r\nDATA", "--no-self-check", "a@example.com"], "EHLO"),
    ],
)
def test_bad_usage_is_one_clear_line(words: list[str], why: str) -> None:
    done = run("verify", "--resolver", "127.0.0.1:9", *words)
    assert done.returncode == 2
    assert why in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_nobody_asks_as_nobody() -> None:
    done = run("verify", "--resolver", "127.0.0.1:9", "a@example.com")
    assert done.returncode == 2
    assert "--mail-from" in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_dns_alone() -> None:
    with serve_names({"example.com": [("MX", "10 mx.example.com.")], "mx.example.com": [("A", "192.0.2.1")]}) as (
        at,
        _,
    ):
        done = run("verify", "--only-mx", "--resolver", at, "anna@example.com", "x@gone.example", "anna@gmail,com")
    told = done.stdout.decode()
    assert "anna@example.com: unknown" in told
    assert "x@gone.example: undeliverable" in told
    assert "did you mean anna@gmail.com?" in told
