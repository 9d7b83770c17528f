"""Carrying out a plan: what its steps say is done to the message, the lab's zones, lists and servers, and nothing else.

Each repair first finds in the plan what it is about to do. A step that is for somebody else (the recipient, their
administrator, the sender's provider) is done by the lab in their place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.internet.identity import key_name, reverse_name, signing_key
from tests.internet.names import EXIM_IP, ask
from tests.servers import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.internet.lab import Internet
    from tests.internet.scenario import Scenario

_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+\w")


def _told(found: dict[str, Any], *words: str, who: str = "") -> dict[str, Any]:
    """The step of the plan whose instruction has all these words (and is for this side)."""
    for step in found["plan"]:
        if all(word in step["do"] for word in words) and who in {"", step["who"]}:
            told: dict[str, Any] = step
            return told
    raise AssertionError((words, who, [(step["who"], step["do"]) for step in found["plan"]]))


def _config(found: dict[str, Any], name: str) -> str:
    """The value that the plan gives a parameter of Postfix."""
    lines = [line for step in found["plan"] for line in step.get("config", ())]
    return str(next(line.partition(" = ")[2] for line in lines if line.startswith(f"{name} = ")))


# --- the message and the address --------------------------------------------------------------------------------


def _address(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> Scenario:
    """Write to the address that the plan names."""
    named = [each for step in found["plan"] for each in _EMAIL.findall(step["do"]) if each != scenario.to]
    return replace(scenario, written=named[0])


def _asked(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> Scenario:
    """Write to the address that the recipient tells by another channel."""
    _told(found, "Ask the recipient by another channel")
    return replace(scenario, recipient="boris")


def _plain(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> Scenario:
    """Leave out what was taken for spam, a virus or not allowed."""
    words = {"content_spam": "plain, short text", "content_policy": "without it", "virus": "in another form"}
    _told(found, words[scenario.cause])
    return replace(scenario, body="Hello Anna,\n\nplease call me.\n", attach="", subject="A call")


def _smaller(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> Scenario:
    """Stay below the size that the plan names."""
    step = _told(found, "smaller than")
    limit = re.search(r"smaller than (\d+) ?bytes", step["do"])
    assert limit is not None, step["do"]
    return replace(scenario, size=int(limit[1]) // 2)


# --- the sender's zones and lists -------------------------------------------------------------------------------


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


def _publish(internet: Internet, name: str, kind: str, text: str) -> None:
    """Put a record in the place of those of its type, and wait until the resolver tells it."""
    internet.names.publish(name, [(kind, text)], instead_of=kind)
    internet.names.reload()
    wait_for(
        lambda: any(text in each.replace('" "', "") for each in internet.inside(ask, name, kind)),
        f"the {kind} record of {name}",
    )


def _record(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    (record,) = [step["record"] for step in found["plan"] if step.get("record")]
    assert record["proof"]
    _publish(internet, record["name"], record["type"], record["after"])


def _ptr(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    ip = internet.identities[scenario.id].ip
    letter = next(step["letter"] for step in found["plan"] if "PTR" in step.get("letter", ""))
    host = re.search(rf"PTR record of {re.escape(ip)} to\s+(\S+)", letter)
    assert host is not None
    _told(found, f"{host[1]} must resolve to {ip}")
    _publish(internet, host[1], "AAAA" if ":" in ip else "A", ip)
    _publish(internet, reverse_name(ip), "PTR", f"{host[1]}.")


def _dkim_key(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    name = key_name(internet.identities[scenario.id])
    assert any(name in str(step) for step in found["plan"])
    _publish(internet, name, "TXT", signing_key().record)


def _mail_from(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Make the MAIL FROM's domain one that takes replies."""
    it = internet.identities[scenario.id]
    _told(found, f"{it.mail_from} must be able to take replies")
    _publish(internet, it.mail_from.rpartition("@")[2], "MX", "10 mx.back.example.")


def _sign(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Sign as the domain of the From address."""
    it = internet.identities[scenario.id]
    it.signs, it.signs_as = "good", it.from_address.rpartition("@")[2]
    _told(found, "Sign with DKIM", f"d={it.signs_as}")
    _publish(internet, key_name(it), "TXT", signing_key().record)


# --- the sender's server ----------------------------------------------------------------------------------------


def _helo(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    internet.senders.greet_as(scenario, _config(found, "smtp_helo_name"))


def _tls(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    internet.senders.change(scenario, smtp_tls_security_level=_config(found, "smtp_tls_security_level"))


def _login(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    _told(found, "Turn on authentication for outgoing mail")
    internet.senders.change(
        scenario,
        smtp_sasl_auth_enable="yes",
        smtp_sasl_password_maps="static:info:secret",
        smtp_sasl_security_options="noanonymous",
    )


def _slower(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Send the same burst again, with the plan's settings: all of it is taken."""
    names = ("slow_destination_concurrency_limit", "slow_destination_rate_delay")
    internet.senders.slow_down(scenario, {name: _config(found, name) for name in names})
    goal = internet.delivered(scenario) + scenario.before
    for _ in range(scenario.before):
        internet.send(scenario)
    wait_for(lambda: internet.delivered(scenario) >= goal, "the burst", log=internet.senders.postfix.log)


# --- what others do ---------------------------------------------------------------------------------------------


def _wait(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    words = {"greylisted": "tries again by itself", "rate_limited": "Send slower", "daily_limit_exceeded": "until the limit is reset"}  # fmt: skip
    _told(found, words[scenario.cause])


def _lifted(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Whoever runs the server that refuses does what the plan asks of them."""
    if scenario.smarthost or scenario.cause == "sender_account_blocked":
        _told(found, "ask your own mail provider")
    elif scenario.cause == "system_error":
        _told(found, "Wait some hours")
    else:
        assert any(step.get("letter") and step["who"].startswith("recipient") for step in found["plan"])
    internet.receivers.lift(scenario)


def _room(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    _told(found, "quota raised", who="recipient")
    internet.receivers.make_room()


def _srs(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """The forwarding server rewrites the MAIL FROM."""
    _told(found, "rewrite the MAIL FROM")
    internet.receivers.rewrite_senders()


def _own_domain(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    _told(found, f"If {scenario.to_domain} is your own", "virtual_mailbox_domains")
    internet.receivers.take(scenario.to_domain)


def _mx(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """The recipient's domain gets a server that takes its mail."""
    assert any(step["who"] != "sender" for step in found["plan"])
    _publish(internet, f"mx.{scenario.to_domain}", "A", EXIM_IP)
    _publish(internet, scenario.to_domain, "MX", f"10 mx.{scenario.to_domain}.")


_REPAIRS: dict[str, Callable[[Internet, Scenario, dict[str, Any]], Scenario | None]] = {
    "address": _address, "asked": _asked, "plain": _plain, "smaller": _smaller, "delist": _delist, "record": _record, "ptr": _ptr,
    "dkim_key": _dkim_key, "mail_from": _mail_from, "sign": _sign, "helo": _helo, "tls": _tls, "login": _login,
    "slower": _slower, "wait": _wait, "lifted": _lifted, "room": _room, "srs": _srs, "own_domain": _own_domain, "mx": _mx,
}  # fmt: skip


def repair(internet: Internet, scenario: Scenario, found: dict[str, Any]) -> None:
    """Do what the plan says, send again, and see it arrive: at once, but where the plan says to wait."""
    mended = _REPAIRS[scenario.repair](internet, scenario, found) or scenario
    if scenario.repair == "wait":
        wait_for(lambda: _gets_through(internet, mended), "the limit to pass", log=internet.receivers.log)
    else:
        assert _gets_through(internet, mended), internet.bounces(mended)[-1].decode(errors="replace")


def _gets_through(internet: Internet, scenario: Scenario) -> bool:
    taken, returned = internet.delivered(scenario), len(internet.bounces(scenario))
    internet.send(scenario)
    wait_for(
        lambda: internet.delivered(scenario) > taken or len(internet.bounces(scenario)) > returned,
        "the mended message or its bounce",
        log=internet.receivers.log,
    )
    return internet.delivered(scenario) > taken
