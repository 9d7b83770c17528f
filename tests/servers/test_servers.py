"""Each server starts on a given address, takes mail for whom it knows, and leaves nothing behind."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

from tests.dnslab import free_port
from tests.servers import Exim, OpenSmtpd, Postfix, Service, greets, need, started, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.servers

EXIM = """
primary_hostname = mx.example.net
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = example.net
         local_parts = anna : boris
  deny message = 550 5.1.1 User unknown
begin routers
keep:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  file = /var/mail/exim/$local_part
"""


def answers(port: int) -> dict[str, int]:
    """What the server says to RCPT TO of one who is there and one who is not."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.example.com", timeout=20) as client:
        client.ehlo()
        client.mail("")
        return {name: client.rcpt(f"{name}@example.net")[0] for name in ("anna", "nobody-here")}


def gone(port: int) -> bool:
    """Whether nobody listens any more."""
    try:
        return not greets("127.0.0.1", port)
    except ConnectionError:
        return True


def test_postfix(tmp_path: Path) -> None:
    need("postfix")
    port = free_port()
    main = {
        "myhostname": "mx.example.net",
        "virtual_mailbox_domains": "example.net",
        "virtual_mailbox_base": "/var/mail",
        "virtual_mailbox_maps": "inline:{ anna@example.net=anna }",
    }
    with started(Postfix(tmp_path, [Service("127.0.0.1", port, {})], main)) as server:
        wait_for(server.greets, "Postfix", log=server.log)
        assert answers(port) == {"anna": 250, "nobody-here": 550}
    assert gone(port)


def test_exim(tmp_path: Path) -> None:
    need("exim")
    port = free_port()
    with started(Exim(tmp_path, [("127.0.0.1", port)], EXIM)) as server:
        wait_for(server.greets, "Exim", log=server.log)
        assert answers(port) == {"anna": 250, "nobody-here": 550}
    assert gone(port)


def test_opensmtpd(tmp_path: Path) -> None:
    need("opensmtpd")
    port = free_port()
    with started(OpenSmtpd(tmp_path, [("127.0.0.1", port)], ["example.net"])) as server:
        wait_for(server.greets, "OpenSMTPD", log=server.log)
        assert answers(port) == {"anna": 250, "nobody-here": 550}
    assert gone(port)
