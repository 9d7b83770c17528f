"""Mail is really sent, the bounce really comes back, the verdict is right, and the plan, when carried out, lets it through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from postmend.app.explain import explain_bytes
from postmend.app.settings import Settings
from postmend.knowledge.blocklists import Blocklist
from tests.internet.names import RESOLVER
from tests.internet.repairs import repair
from tests.internet.scenario import Scenario, scenarios
from tests.servers import wait_for

if TYPE_CHECKING:
    from tests.internet.lab import Internet

pytestmark = [pytest.mark.servers, pytest.mark.heavy, pytest.mark.xdist_group("internet")]


def own_lists(scenario: Scenario) -> tuple[Blocklist, ...]:
    """The lists that the scenario's settings file adds."""
    return tuple(Blocklist(zone, zone, ("ip4",)) for zone in scenario.blocklists)


def bounce(internet: Internet, scenario: Scenario) -> bytes:
    """The bounce of a scenario's message, once it is there."""
    wait_for(
        lambda: bool(internet.bounces(scenario)),
        f"the bounce of {scenario.id}",
        log=internet.senders.of(scenario).log,
        timeout_s=60,
    )
    return internet.bounces(scenario)[0]


def explained(internet: Internet, scenario: Scenario) -> dict[str, Any]:
    """What `postmend explain` says of a scenario's bounce, as JSON values."""
    it = internet.identities[scenario.id]
    given = {"ip": it.ip, "helo": it.helo} if scenario.told else {}
    raw = bounce(internet, scenario)
    settings = Settings(resolver=f"{RESOLVER}:53", local=False, blocklists=own_lists(scenario), **given)
    (result,) = internet.inside(explain_bytes, raw, "bounce.eml", settings)
    (failure,) = msgspec.to_builtins(result.failures)
    return failure


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda each: each.id)
def test_scenario(internet: Internet, scenario: Scenario) -> None:
    found = explained(internet, scenario)
    ids = {each["id"] for each in found["evidence"]}
    assert scenario.to in {found["recipient"], found["original_recipient"]}
    assert found["cause"]["id"] == scenario.cause, (found["cause"], sorted(ids), found["not_asked"])
    assert not scenario.states or found["cause"]["state"] in scenario.states, (found["cause"], sorted(ids))
    assert set(scenario.present) <= ids
    assert not set(scenario.absent) & ids
    if scenario.address:
        assert found["address"] == scenario.address
    if scenario.repair:
        repair(internet, scenario, found)
