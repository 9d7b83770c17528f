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
from tests.internet.names import RESOLVER
from tests.internet.weather import WEATHER, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.internet.lab import Internet

pytestmark = [pytest.mark.servers, pytest.mark.heavy, pytest.mark.xdist_group("internet")]
_DEADLINE_S, _GRACE_S = 3.0, 1.5
_NOBODY = "192.0.2.90:53"  # no name server there


@pytest.fixture(scope="module", autouse=True)
def _servers(internet: Internet) -> Iterator[None]:
    """A server for each kind of weather."""
    servers = [internet.inside(listen, kind) for kind in WEATHER]
    yield
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


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
