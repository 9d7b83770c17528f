"""The receivers: an Exim whose every scenario has a condition and words of its own, and a Postfix with real policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet.names import EXIM_IP
from tests.internet.senders import RESOLV_CONF
from tests.servers import Exim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.internet.identity import Identity
    from tests.internet.scenario import Scenario

_CONDITIONS = {
    "always": "",
    "no_ptr": "!verify = reverse_host_lookup",
    "helo": "!verify = helo",
    "spf": "spf = fail",
    "sender_verify": "!verify = sender",
    "user": "!local_parts = anna : boris",
}
_EXIM = """
primary_hostname = mx.exim.example
domainlist here = lsearch;/etc/domains
acl_smtp_rcpt = rcpt
acl_smtp_data = data
helo_try_verify_hosts = *
smtp_accept_max = 200
begin acl
rcpt:
  deny !domains = +here
       message = 550 5.7.1 relaying denied
{rcpt}
  deny !local_parts = anna : boris : postmaster
       message = 550 5.1.1 <$local_part@$domain>: no such mailbox here
  accept
data:
{data}
  accept
begin routers
keep:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = /var/mail/exim/${{lookup{{$domain}}lsearch{{/etc/domains}}}}
  maildir_format
  create_directory
  user = Debian-exim
"""


def addresses() -> list[str]:
    """Every address that a receiver listens on."""
    return [EXIM_IP]


def _condition(refuses: str) -> str:
    name, _, argument = refuses.partition(":")
    if name == "listed":
        return f"dnslists = {argument}"
    if name == "domain_listed":
        return f"dnslists = {argument}/$sender_address_domain"
    return _CONDITIONS[name]


def _rule(scenario: Scenario) -> str:
    verb = "defer" if scenario.text.startswith("4") else "deny"
    condition = _condition(scenario.refuses)
    return f"  {verb} domains = {scenario.to_domain}\n       message = {scenario.text}\n" + (
        f"       {condition}\n" if condition else ""
    )


def _exim(folder: Path, network: int, scenarios: Sequence[Scenario]) -> Exim:
    mine = [each for each in scenarios if each.receiver == "exim"]
    rcpt = "".join(_rule(each) for each in mine if "data" not in each.options)
    data = "".join(
        _rule(each).replace(
            f"domains = {each.to_domain}", f"condition = ${{if match{{$recipients}}{{\\N@{each.to_domain}\\N}}}}"
        )
        for each in mine
        if "data" in each.options
    )
    files = {"/etc/domains": "".join(f"{each.to_domain}: {each.to_domain}\n" for each in mine)} | RESOLV_CONF
    return Exim(folder / "mx-exim", [(EXIM_IP, 25)], _EXIM.format(rcpt=rcpt, data=data), files=files, network=network)


class Receivers:
    """All of them."""

    def __init__(
        self, folder: Path, network: int, scenarios: Sequence[Scenario], identities: Mapping[str, Identity]
    ) -> None:
        self.exim = _exim(folder, network, scenarios)
        self.all = (self.exim,)

    def delivered(self, scenario: Scenario) -> bool:
        """Whether a message for the scenario's recipient was taken."""
        box = self.exim.machine.root / "var/mail/exim" / scenario.to_domain / "new"
        return any(box.glob("*"))

    def log(self) -> str:
        """What they logged."""
        return self.exim.log()
