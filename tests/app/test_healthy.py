"""Healthy set-ups of fifty shapes and more, against real name, mail and web servers: no false alarm."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from postmend.app.check import CheckOptions, check_targets
from postmend.app.checked import Checked
from postmend.app.settings import Settings
from postmend.evidence.certificate import read_certificate
from tests import dnslab, smtplab
from tests.evidence.test_receiving import POLICY, authority, trusted, web
from tests.healthy import MX, Shape, pinned, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["trusted"]  # a fixture
SHAPES = shapes()
_NAMES = sorted({name for zone, _ in SHAPES.values() for name in zone if not {*name} & {*"*_"}} | {"mx.dane.example"})


class Good(smtplab.Host):
    """A mail server that does everything right, for every domain."""

    def rcpt(self, connection: smtplab.Connection, path: str) -> str | bytes | None:
        return "250 2.1.5 Ok" if path.startswith(("postmaster@", "abuse@")) else "550 5.7.1 Relay denied"


@pytest.fixture(scope="module")
def certificate() -> tuple[ssl.SSLContext, bytes]:
    issued = authority().issue_cert(*_NAMES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    leaf = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    return context, read_certificate(leaf).public_key


@pytest.fixture(scope="module")
def mail(certificate: tuple[ssl.SSLContext, bytes]) -> Iterator[int]:
    server = Good()
    server.starttls, server.context = True, certificate[0]
    with smtplab.serve({MX: server, "::1": server}) as port:
        yield port


@pytest.fixture
def policy(trusted: str) -> Iterator[int]:
    with web(
        POLICY.replace("mx.example.com", "mx.sts.example"), name="mta-sts.sts.example", host="mta-sts.sts.example"
    ) as port:
        yield port


def check(shape: Shape, mail: int, policy: int, *, signed: bool = False, **options: Any) -> Checked:
    zone, target = shape
    with dnslab.serve(dnslab.Names(zone, signed=signed)) as (where, _):
        settings = Settings(
            resolver=where, timeout_s=1.0, smtp_port=mail, https_port=policy, allow_private=True, skip_blocklists=("*",)
        )
        (found,) = asyncio.run(check_targets((target,), CheckOptions(settings, **options)))
    return found


def test_there_are_fifty() -> None:
    assert len(SHAPES) + 1 > 50


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_no_false_alarm(name: str, mail: int, policy: int) -> None:
    found = check(SHAPES[name], mail, policy)
    alarms = [f"{f.id}: {f.detail}" for f in found.findings if f.grade not in {"fine", "advice"}]
    assert not alarms
    assert not found.bad
    assert not [f.detail for f in found.findings if f.result in {"fail", "permerror"}]
    assert not found.not_asked
    assert not [r for r in found.requirements if r.state == "broken"]


def test_dane_is_seen(mail: int, policy: int, certificate: tuple[ssl.SSLContext, bytes]) -> None:
    found = check(pinned(certificate[1]), mail, policy, signed=True)
    assert not found.bad
    assert "dane.ok" in {f.id for f in found.findings}
    wrong = check(pinned(b"another key"), mail, policy, signed=True)
    assert wrong.bad
    assert "dane.mismatch" in {f.id for f in wrong.findings}


def test_what_protects_is_seen(mail: int, policy: int) -> None:
    ids = {f.id for f in check(SHAPES["sts"], mail, policy).findings}
    assert {"mta_sts.ok", "tlsrpt.ok", "tls.certificate", "smtp.postmaster", "dkim_key.ok", "dmarc.record"} <= ids
