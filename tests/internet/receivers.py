"""The receivers: an Exim whose every scenario has a condition and words of its own, and a Postfix with real policies."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.internet.filters import DOVECOT_IP, FILTERS_IP, LMTP, Dovecot, Milters
from tests.internet.names import EXIM_IP, EXIM_IP6, OPENSMTPD_IP, POSTFIX_IP
from tests.internet.scenario import scenarios
from tests.internet.senders import RESOLV_CONF
from tests.servers import Exim, Machine, OpenSmtpd, Postfix, Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.internet.scenario import Scenario

POSTGREY_IP = "192.0.2.60"
_CONDITIONS = {
    "always": "",
    "no_ptr": "!verify = reverse_host_lookup",
    "helo": "!verify = helo",
    "spf": "spf = fail",
    "spf_broken": "spf = permerror : fail",
    "unaligned": "condition = ${if !eqi{${domain:$h_from:}}{$sender_address_domain}}",
    "sender_verify": "!verify = sender",
    "user": "!local_parts = anna : boris : postmaster",
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
  deny local_parts = closed
       message = 554 5.2.1 This account has been disabled
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
    return [
        EXIM_IP,
        EXIM_IP6,
        POSTFIX_IP,
        OPENSMTPD_IP,
        POSTGREY_IP,
        FILTERS_IP,
        DOVECOT_IP,
        *(postfix_ip(each) for each in on_postfix()),
    ]


def on_postfix() -> list[Scenario]:
    """The scenarios whose receiver is a service of Postfix, each at an address of its own."""
    return [each for each in scenarios() if each.receiver == "postfix"]


def postfix_ip(scenario: Scenario) -> str:
    """Where a scenario's Postfix service listens."""
    return f"192.0.2.{110 + on_postfix().index(scenario)}"


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
    return Exim(
        folder / "mx-exim",
        [(EXIM_IP, 25), (EXIM_IP6, 25)],
        _EXIM.format(rcpt=rcpt, data=data),
        files=files,
        network=network,
    )


def _service(scenario: Scenario) -> Service:
    options = dict(
        option.split("=", 1) for option in scenario.options if "=" in option and not option.startswith("cleanup=")
    )
    cleanup = next((f"clean-{scenario.id}" for option in scenario.options if option.startswith("cleanup=")), "")
    return Service(postfix_ip(scenario), 25, options | ({"cleanup_service_name": cleanup} if cleanup else {}))


def _postfix(folder: Path, network: int) -> Postfix:
    mine = on_postfix()
    main = {
        "myhostname": "mx.postfix.example",
        "inet_interfaces": POSTFIX_IP,
        "virtual_mailbox_domains": "texthash:/etc/postfix/domains",
        "virtual_mailbox_base": "/var/mail",
        "virtual_mailbox_maps": "texthash:/etc/postfix/boxes",
        "virtual_uid_maps": "static:1000",
        "virtual_gid_maps": "static:1000",
        "smtpd_delay_reject": "yes",
        "smtpd_peername_lookup": "yes",
        "transport_maps": "texthash:/etc/postfix/transports",
    }
    master = "policyd-spf unix - n n - 0 spawn user=policyd-spf argv=/usr/bin/policyd-spf\n"
    for each in mine:
        for option in each.options:
            if option.startswith("cleanup="):
                master += f"clean-{each.id} unix n - n - 0 cleanup -o {{ {option.removeprefix('cleanup=').replace('=', ' = ', 1)} }}\n"
    files = {
        "/etc/postfix/domains": "".join(f"{each.to_domain} yes\n" for each in mine if "elsewhere" not in each.options),
        "/etc/postfix/boxes": "".join(
            f"{name}@{each.to_domain} {each.to_domain}/\n" for each in mine for name in ("anna", "boris", "postmaster")
        ),
        "/etc/postfix/transports": "".join(
            f"{each.to_domain} lmtp:inet:{DOVECOT_IP}:{LMTP}\n" for each in mine if "lmtp" in each.options
        ),
        "/etc/postfix/spam_headers": "/^Subject: Figures/ REJECT Message content rejected as spam\n",
        "/etc/postfix-policyd-spf-python/policyd-spf.conf": "HELO_reject = False\nMail_From_reject = Fail\nskip_addresses = 127.0.0.0/8\n",
    } | RESOLV_CONF
    return Postfix(
        folder / "mx-postfix", [_service(each) for each in mine], main, master=master, files=files, network=network
    )


class Postgrey:
    """postgrey at an address of its own."""

    def __init__(self, folder: Path, network: int) -> None:
        self.machine = Machine(folder / "postgrey", ("postfix",), network)
        self.machine.mkdir("/var/lib/postgrey", user="postgrey")
        for path, text in RESOLV_CONF.items():
            self.machine.write(path, text)

    def start(self) -> None:
        """Start it."""
        self.machine.spawn(
            "postgrey", "postgrey", f"--inet={POSTGREY_IP}:10023", "--delay=300", "--user=postgrey", "--group=postgrey"
        )

    def greets(self) -> bool:
        """Whether it answers a policy request."""
        with socket.create_connection((POSTGREY_IP, 10023), timeout=5) as sock:
            sock.settimeout(5)
            sock.sendall(b"request=smtpd_access_policy\nprotocol_state=CONNECT\n\n")
            return sock.recv(100).startswith(b"action=")

    def log(self) -> str:
        """What it printed."""
        return self.machine.log("postgrey")

    def stop(self) -> None:
        """End it."""
        self.machine.stop()


class Receivers:
    """All of them."""

    def __init__(self, folder: Path, network: int, known: Sequence[Scenario]) -> None:
        self.exim = _exim(folder, network, known)
        self.postfix = _postfix(folder, network)
        self.postgrey = Postgrey(folder, network)
        domains = [each.to_domain for each in known if each.receiver == "opensmtpd"]
        self.opensmtpd = OpenSmtpd(
            folder / "mx-opensmtpd", [(OPENSMTPD_IP, 25)], domains, name="mx.opensmtpd.example", network=network
        )
        self.milters = Milters(folder, network)
        self.dovecot = Dovecot(folder, network)
        self.all = (self.exim, self.postfix, self.postgrey, self.opensmtpd, self.milters, self.dovecot)

    def forget(self) -> None:
        """Have Postfix's smtpd processes end, which remember what a list said."""
        self.postfix.machine.run("postfix", "reload")

    def delivered(self, scenario: Scenario) -> bool:
        """Whether a message for the scenario's recipient was taken."""
        postfix = scenario.receiver == "postfix"
        root = self.postfix.machine.root / "var/mail" if postfix else self.exim.machine.root / "var/mail/exim"
        return any((root / scenario.to_domain / "new").glob("*"))

    def log(self) -> str:
        """What they logged."""
        return f"{self.exim.log()[-1500:]}\n{self.postfix.log()[-1500:]}"
