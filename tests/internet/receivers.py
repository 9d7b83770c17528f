"""The receivers, where each of them listens, and what their administrators may be asked to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet import filters, spam
from tests.internet.appliance import RESOLV_CONF
from tests.internet.exim import refusing_exim
from tests.internet.names import EXIM_IP, EXIM_IP6, EXIM_SMARTHOST_IP, OPENSMTPD_IP, POSTFIX_IP
from tests.internet.postfix import on_postfix, postfix_ip, refusing_postfix, service
from tests.internet.scenario import scenarios
from tests.servers import OpenSmtpd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.internet.scenario import Scenario


def addresses() -> list[str]:
    """Every address that a receiver listens on."""
    return [
        EXIM_IP,
        EXIM_IP6,
        POSTFIX_IP,
        OPENSMTPD_IP,
        EXIM_SMARTHOST_IP,
        *(filters.POLICIES_IP, filters.MILTERS_IP, filters.DOVECOT_IP, spam.RSPAMD_IP, spam.SPAMASSASSIN_IP),
        *hosts().values(),
    ]


def filtering() -> list[Scenario]:
    """The scenarios whose receiver is an OpenSMTPD with a filter, each at an address of its own."""
    return [each for each in scenarios() if each.receiver == "opensmtpd" and each.text]


def opensmtpd_ip(scenario: Scenario) -> str:
    """Where a scenario's OpenSMTPD listens."""
    return f"192.0.2.{80 + filtering().index(scenario)}"


def hosts() -> dict[str, str]:
    """The address of the receiver that a scenario has for itself, by the scenario's id."""
    own = {each.id: postfix_ip(each) for each in on_postfix()}
    return own | {each.id: opensmtpd_ip(each) for each in filtering()}


def _opensmtpd(folder: Path, network: int, scenarios: Sequence[Scenario]) -> OpenSmtpd:
    """OpenSMTPD, with an address and a filter for each scenario that has words: what its `refuses` says of the client."""
    filters = {opensmtpd_ip(each): (f"f{number}", each) for number, each in enumerate(filtering())}
    return OpenSmtpd(
        folder / "mx-opensmtpd",
        [(ip, 25) for ip in (OPENSMTPD_IP, *filters)],
        [each.to_domain for each in scenarios],
        name="mx.opensmtpd.example",
        head="".join(
            f'filter {name} phase connect match {each.refuses} disconnect "{each.text}"\n'
            for name, each in filters.values()
        ),
        own={ip: f"filter {name}" for ip, (name, _) in filters.items()},
        files=RESOLV_CONF,
        network=network,
    )


class Receivers:
    """All of them."""

    def __init__(self, folder: Path, network: int, known: Sequence[Scenario]) -> None:
        self.exim = refusing_exim(folder, network, known)
        self.postfix = refusing_postfix(folder, network)
        self.opensmtpd = _opensmtpd(folder, network, [each for each in known if each.receiver == "opensmtpd"])
        self.dovecot = filters.dovecot(folder, network)
        limits = {f"{each.id}.example": each.rule for each in known if each.asks == "postfwd"}
        settings = {each.to_domain: each.rule for each in known if each.asks == "rspamd" and each.rule}
        self.all = (
            self.exim,
            self.postfix,
            self.opensmtpd,
            filters.milters(folder, network),
            self.dovecot,
            filters.policies(folder, network, limits),
            spam.rspamd(folder, network, settings),
            spam.spamassassin(folder, network),
        )

    def forget(self) -> None:
        """Have Postfix's smtpd processes end, which remember what a list said."""
        self.postfix.machine.run("postfix", "reload")

    def lift(self, scenario: Scenario) -> None:
        """Have the Postfix of a scenario refuse for none of its own reasons any more."""
        entry = f"{postfix_ip(scenario)}:25/inet"
        for name in service(scenario).options:
            self.postfix.machine.run("postconf", "-PX", f"{entry}/{name}")
        self.postfix.machine.run("postfix", "reload")

    def rewrite_senders(self) -> None:
        """Have Postfix forward in its own name (what SRS does, without the way back)."""
        settings = (
            "sender_canonical_classes=envelope_sender",
            "sender_canonical_maps=static:forward@mx.postfix.example",
        )
        self.postfix.machine.run("postconf", *settings)
        self.postfix.machine.run("postfix", "reload")

    def take(self, domain: str) -> None:
        """Make Postfix responsible for a domain."""
        machine = self.postfix.machine
        machine.write("/etc/postfix/domains", f"{machine.read('/etc/postfix/domains')}{domain} yes\n")
        machine.run("postfix", "reload")

    def make_room(self) -> None:
        """Raise the quota of Dovecot's mailboxes."""
        config = self.dovecot.machine.read(filters.DOVECOT_CONF)
        self.dovecot.machine.write(filters.DOVECOT_CONF, config.replace("*:bytes=100", "*:bytes=1000000"))
        self.dovecot.machine.run("doveadm", "-c", filters.DOVECOT_CONF, "reload")

    def delivered(self, scenario: Scenario) -> int:
        """How many messages for the scenario's recipient domain were taken."""
        if scenario.receiver == "opensmtpd":
            return self.opensmtpd.machine.read("/var/mail/anna").count(f"\nTo: anna@{scenario.to_domain}")
        postfix = scenario.receiver == "postfix" and not scenario.forwards
        root = self.postfix.machine.root / "var/mail" if postfix else self.exim.machine.root / "var/mail/exim"
        if "lmtp" in scenario.options:
            root = self.dovecot.machine.root / "var/mail"
        return sum(1 for _ in (root / scenario.last_domain).rglob("new/*"))

    def log(self) -> str:
        """What they logged."""
        return "\n".join(server.log()[-1500:] for server in self.all)
