"""RCPT TO as evidence: what a server says of an address, of one that is not there, and of postmaster; and bad weather."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from postmend.evidence.rcpt import Probe, check_rcpt
from postmend.model import Fact
from postmend.model.dialogue import Timeouts
from postmend.net.smtp import NetDialer
from tests.asking import ZoneFile
from tests.smtplab import Connection, Host, serve

if TYPE_CHECKING:
    from postmend.model import Finding

ADDRESS = "anna@example.net"
ZONE = {"example.net": [("MX", "10 mx.example.net")], "mx.example.net": [("A", "127.0.0.2")]}
SOON = Timeouts(connect_s=0.5, greeting_s=0.5, command_s=0.5, tls_s=0.5, quit_s=0.2, deadline_s=1.0)


def asked(host: Host) -> Finding:
    with serve({"127.0.0.2": host}) as port:
        probe = Probe("probe.example.com", "surely-absent", timeouts=SOON, port=port)
        (found,) = asyncio.run(check_rcpt(ZoneFile(ZONE), NetDialer(), ADDRESS, probe))
    return found


class Says(Host):
    """Answers each RCPT TO from a table, by local part."""

    def __init__(self, **said: str) -> None:
        super().__init__()
        self.said = said

    def rcpt(self, connection: Connection, path: str) -> str:
        return self.said.get(path.partition("@")[0].replace("-", "_"), "250 2.1.5 Ok")


GONE = "550 5.1.1 User unknown"
SHUT = "550 5.7.1 Access denied"


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"surely_absent": GONE}, "rcpt.accepted"),
        ({}, "rcpt.accepts_all"),
        ({"anna": GONE, "surely_absent": GONE}, "rcpt.unknown"),
        ({"anna": GONE, "surely_absent": GONE, "postmaster": GONE}, "rcpt.refuses_us"),
        ({"anna": SHUT, "surely_absent": SHUT, "postmaster": SHUT}, "rcpt.refuses_us"),
        ({"anna": SHUT}, "rcpt.only_this"),
        ({"anna": "450 4.2.0 Greylisted"}, "rcpt.deferred"),
    ],
)
def test_what_the_server_says(said: dict[str, str], finding: str) -> None:
    assert asked(Says(**said)).id == finding


def test_polite() -> None:
    host = Says(surely_absent=GONE)
    asked(host)
    (connection,) = host.connections
    assert connection.mail_from == ""
    assert len(connection.rcpts) == 3
    assert not [line for line in connection.lines if line.upper().startswith("DATA")]


class Greets(Host):
    """Says something of its own at the start."""

    def __init__(self, greeting: str | bytes | None) -> None:
        super().__init__()
        self.words = greeting

    def greeting(self, connection: Connection) -> str | bytes | None:
        return self.words


@pytest.mark.parametrize(
    "greeting",
    [
        None,
        b"\x00\xff\xfe garbage\r\n" * 50,
        b"220-" + b"x" * 10_000_000 + b"\r\n",
        b"220-\x1b[2J\x1b]0;owned\x07 hello\r\n" * 200_000,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "554 5.7.1 We do not like you \x1b[31m",
        "421 4.3.2 Too busy",
    ],
    ids=["gone", "garbage", "long-line", "endless", "http", "554", "421"],
)
def test_bad_weather_tells_nothing_of_the_address(greeting: str | bytes | None) -> None:
    begun = time.monotonic()
    found = asked(Greets(greeting))
    assert found.id in {"rcpt.temperror", "rcpt.refuses_us"}
    assert found.result in {Fact.TEMPERROR, Fact.REFUSED}
    assert not found.supports
    assert not found.against
    assert len(found.detail) < 1000
    assert "\x1b" not in found.detail + found.record
    assert time.monotonic() - begun < 10


class Tarpit(Host):
    delay_s = 30.0


class Leaves(Host):
    def rcpt(self, connection: Connection, path: str) -> None:
        return None


@pytest.mark.parametrize("host", [Tarpit(), Leaves()], ids=["tarpit", "leaves"])
def test_slow_or_gone_in_the_middle(host: Host) -> None:
    begun = time.monotonic()
    assert asked(host).id == "rcpt.temperror"
    assert time.monotonic() - begun < 10


def test_no_server_is_not_asked() -> None:
    probe = Probe("probe.example.com", "surely-absent", timeouts=SOON)
    (found,) = asyncio.run(check_rcpt(ZoneFile({}), NetDialer(), ADDRESS, probe))
    assert (found.id, found.result) == ("rcpt.no_host", Fact.NOT_ASKED)
