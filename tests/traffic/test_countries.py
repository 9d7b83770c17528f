"""Where a hijacked account's client addresses are, by a database on this machine."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from postmend import ParseError
from postmend.app.countries import Countries
from postmend.app.report import Wanted, make_report
from tests.traffic.generator import Postfix
from tests.traffic.weeks import week


def database(folder: Path, records: dict[str, object]) -> str:
    writer = MMDBWriter(4, "GeoLite2-Country", languages=["en"])
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    path = folder / "countries.mmdb"
    writer.to_db_file(str(path))
    return str(path)


def hijacked(folder: Path) -> Path:
    writer = Postfix(seed=5)
    for mail in week(5, "compromised")[0]:
        writer.write(mail)
    path = folder / "mail.log"
    path.write_bytes(writer.text())
    return path


def test_new_client_addresses_have_countries(tmp_path: Path) -> None:
    where = {
        "192.0.0.0/16": {"country": {"iso_code": "BR"}},
        "203.0.0.0/17": {"country_code": "VN"},
        "203.0.128.0/17": {"country": "ID"},
    }
    wanted = Wanted((str(hijacked(tmp_path)),), countries=database(tmp_path, where))
    (finding,) = [each for each in make_report(wanted).findings if each.id == "compromised_account"]
    ips = finding.data["client_ips"]
    assert isinstance(ips, list)
    truth = {
        name: sum(ipaddress.ip_address(ip) in ipaddress.ip_network(network) for ip in ips)
        for name, network in (("BR", "192.0.0.0/16"), ("VN", "203.0.0.0/17"), ("ID", "203.0.128.0/17"))
    }
    assert finding.data["countries"] == ["BR", "ID", "VN"]
    (line,) = [each for each in finding.evidence if "countries" in each]
    assert line.startswith("these addresses are in 3 countries: ")
    assert dict(pair.split() for pair in line.partition(": ")[2].split(", ")) == {name: str(n) for name, n in truth.items()}  # fmt: skip


@pytest.mark.parametrize("ip", ["198.51.100.1", "2001:db8::1", "no address", ""])
def test_what_the_database_does_not_know(tmp_path: Path, ip: str) -> None:
    assert Countries(database(tmp_path, {"192.0.0.0/16": {"country": {"iso_code": "BR"}}})).of(ip) == ""


@pytest.mark.parametrize(
    "record", [{"country": {"iso_code": "<b>"}}, {"country": 7}, {"asn": "AS1"}, {"country": "Brazil"}]
)
def test_records_of_other_shapes(tmp_path: Path, record: object) -> None:
    assert Countries(database(tmp_path, {"192.0.0.0/16": record})).of("192.0.2.1") == ""


def test_no_database_is_one_clear_line(tmp_path: Path) -> None:
    log = hijacked(tmp_path)
    with pytest.raises(ParseError, match="cannot be read"):
        Countries(str(log))
    config = tmp_path / "postmend.toml"
    config.write_text(f'[report]\ncountries = "{tmp_path}/none.mmdb"\n')
    words = [sys.executable, "-m", "postmend", "report", str(log), "--config", str(config)]
    done = subprocess.run(words, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b"none.mmdb: cannot be read (no such file or directory)" in done.stderr
