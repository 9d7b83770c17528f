"""`postmend verify` against real Postfix, Exim and OpenSMTPD: right verdicts, and no delay or 421 provoked."""

from __future__ import annotations

import asyncio
import re
import smtplib
import time
from typing import TYPE_CHECKING

import pytest

from tests.dnslab import free_port
from tests.dnslab import serve as serve_names
from tests.servers import Exim, OpenSmtpd, Postfix, Service, need, started
from tests.verify.test_park import _all, settings

if TYPE_CHECKING:
    from pathlib import Path

    from postmend.model.verified import Verified

pytestmark = [pytest.mark.servers, pytest.mark.heavy]
ZONE = {"example.net": [("MX", "10 mx.example.net.")], "mx.example.net": [("A", "127.0.0.1")]}


def verify(port: int, addresses: list[str]) -> dict[str, Verified]:
    with serve_names(ZONE) as (resolver, _):
        found = asyncio.run(_all(settings(resolver, port), addresses))
    return {each.address: each for each in found}


def test_a_default_postfix_is_neither_delayed_nor_provoked(tmp_path: Path) -> None:
    need("postfix")
    port = free_port()
    living = [f"user{i}@example.net" for i in range(400)]
    gone = [f"gone{i}@example.net" for i in range(100)]
    maps = "".join(f"{address} x\n" for address in living)
    main = {
        "myhostname": "mx.example.net",
        "virtual_mailbox_domains": "example.net",
        "virtual_mailbox_base": "/var/mail",
        "virtual_mailbox_maps": "texthash:/etc/postfix/users",
    }
    server = Postfix(tmp_path / "mx", [Service("127.0.0.1", port, {})], main, files={"/etc/postfix/users": maps})
    with started(server):
        start = time.monotonic()
        found = verify(port, [*living, *gone])
        taken_s = time.monotonic() - start
        start = time.monotonic()
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.example.com", timeout=20) as client:
            client.sendmail("a@example.com", ["user1@example.net"], "Subject: innocent\r\n\r\nhello\r\n")
        innocent_s = time.monotonic() - start
        log = server.log()
    assert {str(found[each].verdict) for each in living} == {"deliverable"}
    assert {str(found[each].reason) for each in gone} == {"user_unknown"}
    assert "too many errors" not in log
    assert " 421 " not in log
    commands = [dict(pair.split("=") for pair in re.findall(r"\w+=[\d/]+", line)) for line in log.splitlines() if "commands=" in line]  # fmt: skip
    assert all(int(each["rcpt"].split("/")[-1]) <= 16 for each in commands if "rcpt" in each)
    refused = [int(good_bad[1]) - int(good_bad[0]) for each in commands if "/" in each.get("rcpt", "") for good_bad in [each["rcpt"].split("/")]]  # fmt: skip
    assert max(refused) <= 8
    # Each delay of a default Postfix is a whole second (smtpd_error_sleep_time, in_flow_delay) in every session.
    assert taken_s < len(commands) * 1.0
    assert innocent_s < 1.0


def test_exim(tmp_path: Path) -> None:
    need("exim")
    port = free_port()
    body = """
primary_hostname = mx.example.net
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  require verify = recipient
  accept domains = example.net
  deny
begin routers
keep:
  driver = accept
  domains = example.net
  local_parts = anna : boris
  transport = keep
begin transports
keep:
  driver = appendfile
  file = /var/mail/exim/$local_part
"""
    with started(Exim(tmp_path / "mx", [("127.0.0.1", port)], body)):
        found = verify(port, ["anna@example.net", "boris@example.net", "gone@example.net"])
    assert {each.split("@")[0]: str(got.reason) for each, got in found.items()} == {
        "anna": "accepted", "boris": "accepted", "gone": "user_unknown",
    }  # fmt: skip


def test_opensmtpd(tmp_path: Path) -> None:
    need("opensmtpd")
    port = free_port()
    with started(OpenSmtpd(tmp_path / "mx", [("127.0.0.1", port)], ["example.net"])):
        found = verify(port, ["anna@example.net", "boris@example.net", "gone@example.net"])
    assert {each.split("@")[0]: str(got.reason) for each, got in found.items()} == {
        "anna": "accepted", "boris": "accepted", "gone": "user_unknown",
    }  # fmt: skip
