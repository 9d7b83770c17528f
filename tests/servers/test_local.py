"""The sender's own server, looked at through its own tools: real Postfix and Exim, and what explain makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from postmend.diagnosis import Subject, with_local
from postmend.evidence.local import check_local
from postmend.net.own_server import look
from tests.servers import Exim, Machine, Postfix, need, started, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.servers


def test_postfix_tells_its_name_address_and_queue(tmp_path: Path) -> None:
    need("postfix")
    main = {
        "myhostname": "out.example.com",
        "smtp_helo_name": "localhost",
        "smtp_bind_address": "127.0.0.3",
        "default_transport": "retry:4.7.1 Service unavailable, try later",
    }
    with started(Postfix(tmp_path, [], main)) as server:
        server.send("info@example.com", "anna@example.net", "Subject: hello\n\nhi\n")
        wait_for(lambda: "status=deferred" in server.log(), "the queue", log=server.log)
        found = asyncio.run(look(server.machine.command()))
    assert found is not None
    assert (found.program, found.host, found.helo, found.bind_ip) == (
        "Postfix",
        "out.example.com",
        "localhost",
        "127.0.0.3",
    )
    assert found.waiting == 1
    told = {each.id: each for each in check_local(found, "example.net")}
    assert "1 of them for example.net" in told["local.queue"].detail
    assert "try later" in told["local.queue"].detail
    subject = with_local(Subject(host="out.example.com"), found)
    assert (subject.ip, subject.helo) == ("127.0.0.3", "localhost")
    assert with_local(Subject(host="other.example.com"), found).local is None


def test_exim_tells_its_name(tmp_path: Path) -> None:
    need("exim")
    server = Exim(tmp_path, [], "primary_hostname = out.example.org\n")
    try:
        server.machine.write("/etc/exim4/exim4.conf", server.machine.read("/etc/exim4/test.conf"))
        found = asyncio.run(look(server.machine.command()))
    finally:
        server.stop()
    assert found is not None
    assert (found.program, found.host) == ("Exim", "out.example.org")


def test_a_machine_without_a_mail_server(tmp_path: Path) -> None:
    need("names")
    machine = Machine(tmp_path, ("names",))
    try:
        assert asyncio.run(look(machine.command())) is None
    finally:
        machine.stop()
