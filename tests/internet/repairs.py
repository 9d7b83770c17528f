"""Carrying out a plan: what its steps say is done to the lab's zones, lists and servers, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.internet.identity import key_name, reverse_name, signing_key
from tests.internet.names import ask
from tests.servers import wait_for

if TYPE_CHECKING:
    from tests.internet.lab import Internet
    from tests.internet.scenario import Scenario


def _delist(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    listed = [each for each in found["evidence"] if each["id"] in {"blocklist.listed", "blocklist.domain_listed"}]
    steps = {step["id"] for step in found["plan"]}
    for each in listed:
        assert f"delist.{each['data']['zone']}" in steps
        internet.names.delist(each["subject"])
    internet.names.reload()
    internet.receivers.forget()
    for each in listed:
        wait_for(lambda each=each: not internet.inside(ask, each["data"]["query"], "A"), "the list to forget")  # type: ignore[misc]


def _record(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    (record,) = [step["record"] for step in found["plan"] if step.get("record")]
    assert record["proof"]
    internet.names.publish(record["name"], [(record["type"], record["after"])], instead_of=record["type"])
    internet.names.reload()
    wait_for(
        lambda: any(
            record["after"] in each.replace('" "', "") for each in internet.inside(ask, record["name"], record["type"])
        ),
        "the new record",
    )


def _ptr(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    ip = internet.identities[scenario.id].ip
    letter = next(step["letter"] for step in found["plan"] if "PTR" in step.get("letter", ""))
    host = re.search(rf"PTR record of {re.escape(ip)} to\s+(\S+)", letter)
    assert host is not None
    assert any(f"{host[1]} must resolve to {ip}" in step["do"] for step in found["plan"])
    kind = "AAAA" if ":" in ip else "A"
    internet.names.publish(host[1], [(kind, ip)], instead_of=kind)
    internet.names.publish(reverse_name(ip), [("PTR", f"{host[1]}.")])
    internet.names.reload()
    wait_for(lambda: internet.inside(ask, reverse_name(ip), "PTR") == [f"{host[1]}."], "the PTR record")


def _helo(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    lines = [line for step in found["plan"] for line in step.get("config", ())]
    name = next(line.partition(" = ")[2] for line in lines if line.startswith("smtp_helo_name"))
    internet.senders.greet_as(scenario, name)


def _dkim_key(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    it = internet.identities[scenario.id]
    assert any(key_name(it) in str(step) for step in found["plan"])
    internet.names.publish(key_name(it), [("TXT", signing_key().record)])
    internet.names.reload()
    wait_for(lambda: "p=M" in "".join(internet.inside(ask, key_name(it), "TXT")), "the key")


_REPAIRS = {"dkim_key": _dkim_key, "delist": _delist, "record": _record, "ptr": _ptr, "helo": _helo}


def repair(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Do what the plan says."""
    _REPAIRS[scenario.repair](internet, scenario, found)
