"""`postmend check` against real name servers on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_cli import run
from tests.dnslab import Zone, serve
from tests.scenarios import WORLD, world

if TYPE_CHECKING:
    from pathlib import Path


def check(zone: Zone, *words: str) -> tuple[int, list[dict[str, Any]]]:
    with serve(zone) as (resolver, _):
        done = run("check", "--json", "--resolver", resolver, *words)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("target", "kind"),
    [("example.com", "domain"), ("192.0.2.7", "ip"), ("mail.example.com", "host"), ("user@example.com", "address")],
)
def test_healthy(target: str, kind: str) -> None:
    code, (found,) = check(WORLD, target)
    assert (code, found["bad"], found["kind"]) == (0, False, kind)
    assert found["findings"]


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        (["v=spf1 +all"], "spf_record.plus_all"),
        (["v=spf1 mx", "v=spf1 a"], "spf_record.several"),
        (["v=spf1 foo:bar -all"], "spf_record.syntax"),
        (["v=spf1 " + " ".join(f"exists:x{i}.example.com" for i in range(11)) + " -all"], "spf_record.lookups"),
        (["v=spf1 a:x.example.com a:y.example.com a:z.example.com -all"], "spf_record.void"),
        (["v=spf1 ip4:10.0.0.0/8 -all"], "spf_record.huge"),
        ([], "spf_record.none"),
    ],
)
def test_spf_faults_are_told_apart(texts: list[str], finding: str) -> None:
    zone = world(**{"example.com": [("MX", "10 mail.example.com."), *(("TXT", text) for text in texts)]})
    code, (found,) = check(zone, "example.com", "--only", "spf")
    assert finding in {each["id"] for each in found["findings"]}
    assert code == (finding != "spf_record.huge")  # which harms, but gets nothing refused


def test_listed_ip_exits_1_and_a_refusal_does_not() -> None:
    assert check(world(**{"7.2.0.192.zen.spamhaus.org": [("A", "127.0.0.4")]}), "192.0.2.7")[0] == 1
    code, (found,) = check(world(**{"*.zen.spamhaus.org": [("A", "127.255.255.254")]}), "192.0.2.7")
    assert code == 0
    assert "blocklist.refused" in {each["id"] for each in found["findings"]}


@pytest.mark.parametrize("target", ["localhost", "a b.example", "x@", "-", "example..com", "\x1b[31m.com"])
def test_what_is_no_name(target: str) -> None:
    done = run("check", "--resolver", "127.0.0.1:9", "--", target)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_report_on_a_terminal_is_readable() -> None:
    with serve(world("7.2.0.192.in-addr.arpa")) as (resolver, _):
        done = run("check", "192.0.2.7", "--resolver", resolver)
    assert "192.0.2.7 has no PTR record" in done.stdout.decode()
    assert done.returncode == 1


def test_neighbours_when_asked() -> None:
    zone = world(**{f"{i}.2.0.192.zen.spamhaus.org": [("A", "127.0.0.3")] for i in (5, 9)})
    assert "noisy_neighbour" not in {each["id"] for each in check(zone, "192.0.2.7")[1][0]["findings"]}
    assert "noisy_neighbour" in {each["id"] for each in check(zone, "192.0.2.7", "--neighbours")[1][0]["findings"]}


def test_a_folder_is_no_message(tmp_path: Path) -> None:
    done = run("check", "example.com", "--message", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"postmend: {tmp_path}: a folder, where one file is wanted\n"
