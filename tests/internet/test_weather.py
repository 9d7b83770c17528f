"""Bad weather in the small internet: the verdict comes within the deadline, says what was not asked, and nothing breaks."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from postmend.app.explain import explain_bytes
from postmend.app.settings import Settings
from postmend.knowledge.blocklists import Blocklist
from tests.internet.identity import HANGS
from tests.internet.lab import Internet
from tests.internet.names import RESOLVER, ask
from tests.internet.weather import ADDRESSES, WEATHER, listen
from tests.servers import need, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.servers, pytest.mark.heavy, pytest.mark.xdist_group("internet")]
_DEADLINE_S, _GRACE_S = 3.0, 1.5
_NOBODY = "192.0.2.90:53"  # no name server there


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The internet, without mail in it, and a server for each kind of weather."""
    need("postfix", "exim", "opensmtpd", "names", "filters", "dovecot")
    made = Internet(tmp_path_factory.mktemp("weather"))
    servers = []
    try:
        made.start()
        for kind, ip in ADDRESSES.items():
            made.names.publish(f"{kind}.weather.example", [("MX", f"10 mx.{kind}.weather.example.")])
            made.names.publish(f"mx.{kind}.weather.example", [("A", ip)])
            servers.append(made.inside(listen, kind))
        made.names.reload()
        wait_for(lambda: bool(made.inside(ask, f"mx.{kind}.weather.example", "A")), "the zone")
        yield made
    finally:
        for server in servers:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        made.stop()


def _explained(internet: Internet, domain: str, **changed: Any) -> tuple[dict[str, Any], float]:
    """What is said of a refusal by a server of that domain, and how many seconds it took."""
    text = f"<anna@{domain}>: host mx.{domain} said: 550 5.1.1 User unknown (in reply to RCPT TO command)\n"
    it = next(iter(internet.identities.values()))
    settings = Settings(
        **{"resolver": f"{RESOLVER}:53", "local": False, "deadline_s": _DEADLINE_S, "ip": it.ip, "helo": it.helo}
        | {"mail_from": it.mail_from}
        | changed
    )
    start = time.monotonic()
    (result,) = internet.inside(explain_bytes, text.encode(), "pasted", settings)
    took = time.monotonic() - start
    (failure,) = msgspec.to_builtins(result.failures)
    return failure, took


@pytest.mark.parametrize("kind", WEATHER)
def test_server(internet: Internet, kind: str) -> None:
    found, took = _explained(internet, f"{kind}.weather.example")
    assert took < _DEADLINE_S + _GRACE_S
    assert found["cause"]["id"] == "user_unknown"
    assert found["cause"]["state"] != "confirmed"
    assert found["address"] != "keep"
    told = [*found["not_asked"], *(each["detail"] for each in found["evidence"] if each["id"].startswith("rcpt."))]
    assert told
    assert not any("\x1b" in each or "\x07" in each for each in told)


def test_name_server_gone(internet: Internet) -> None:
    found, took = _explained(internet, "tarpit.weather.example", resolver=_NOBODY)
    assert took < _DEADLINE_S + _GRACE_S
    assert found["cause"]["state"] in {"likely", "possible"}
    assert found["not_asked"]


def test_hanging_list(internet: Internet) -> None:
    found, took = _explained(internet, "gone.weather.example", blocklists=(Blocklist(HANGS, HANGS, ("ip4",)),))
    assert took < _DEADLINE_S + _GRACE_S
    assert any(each["id"] == "rdns.ok" for each in found["evidence"])
    assert not any(each["id"] == "blocklist.listed" and HANGS in str(each) for each in found["evidence"])
