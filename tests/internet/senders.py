"""The senders: a Postfix and an Exim, each with all identities; the bounces come back into their mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet.appliance import RESOLV_CONF
from tests.internet.names import BACK_IP
from tests.servers import Exim, Postfix, Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.internet.identity import Identity
    from tests.internet.scenario import Scenario

_EXIM_IP = "192.0.2.21"
ADDRESSES = (BACK_IP, _EXIM_IP)
_EXIM = """
primary_hostname = out.exim.example
qualify_domain = out.exim.example
begin routers
back:
  driver = accept
  domains = +back
  transport = keep
out:
  driver = dnslookup
  transport = out
  errors_to = ${sender_address}
begin transports
keep:
  driver = appendfile
  directory = /var/mail/exim/${lookup{$local_part@$domain}lsearch{/etc/identities}{$value}{other}}
  maildir_format
  create_directory
  user = Debian-exim
out:
  driver = smtp
  interface = ${lookup{$sender_address}lsearch{/etc/addresses}{$value}{}}
  helo_data = ${lookup{$sender_address}lsearch{/etc/helos}{$value}{out.exim.example}}
  hosts_try_fastopen =
begin retry
begin rewrite
"""


def _postfix(folder: Path, network: int, identities: Sequence[Identity], smarthosts: Mapping[str, str]) -> Postfix:
    domains = sorted({it.mail_from.rpartition("@")[2] for it in identities})
    transports = "".join(
        f"out-{it.id} unix - - n - - smtp\n  -o {{ smtp_bind_address{'6' if ':' in it.ip else ''} = {it.ip} }}\n  -o {{ smtp_helo_name = {it.helo} }}\n"
        for it in identities
    )
    main = {
        "myhostname": "out.postfix.example",
        # Every address of this internet is an own one of the kernel: only these are this server.
        "inet_interfaces": BACK_IP,
        "virtual_mailbox_domains": "texthash:/etc/postfix/domains",
        "virtual_mailbox_base": "/var/mail",
        "virtual_mailbox_maps": "texthash:/etc/postfix/boxes",
        "virtual_uid_maps": "static:1000",
        "virtual_gid_maps": "static:1000",
        "sender_dependent_default_transport_maps": "texthash:/etc/postfix/transports",
        # Nothing is tried twice: a transient refusal comes back as a bounce too.
        "maximal_queue_lifetime": "0",
        "bounce_queue_lifetime": "0",
        "smtp_tls_security_level": "none",
        "smtp_connect_timeout": "3s",
        "smtp_helo_timeout": "10s",
        "default_process_limit": "30",
    }
    files = {
        "/etc/postfix/domains": "".join(f"{domain} yes\n" for domain in domains),
        "/etc/postfix/boxes": "".join(f"{it.mail_from} {it.id}/\n" for it in identities),
        "/etc/postfix/transports": "".join(
            f"{it.mail_from} out-{it.id}:{smarthosts.get(it.id, '')}\n" for it in identities
        ),
    } | RESOLV_CONF
    return Postfix(
        folder / "out-postfix", [Service(BACK_IP, 25, {})], main, master=transports, files=files, network=network
    )


def _exim(folder: Path, network: int, identities: Sequence[Identity]) -> Exim:
    domains = ":".join(sorted({it.mail_from.rpartition("@")[2] for it in identities}))
    files = {
        "/etc/identities": "".join(f"{it.mail_from}: {it.id}\n" for it in identities),
        # In an Exim list of interfaces a colon separates, unless another sign is named first.
        "/etc/addresses": "".join(f"{it.mail_from}: {'<; ' if ':' in it.ip else ''}{it.ip}\n" for it in identities),
        "/etc/helos": "".join(f"{it.mail_from}: {it.helo}\n" for it in identities),
    } | RESOLV_CONF
    body = f"domainlist back = {domains}\nacl_smtp_rcpt = accept\n{_EXIM}"
    return Exim(folder / "out-exim", [(_EXIM_IP, 25)], body, files=files, network=network)


class Senders:
    """Both of them."""

    def __init__(
        self, folder: Path, network: int, identities: Sequence[Identity], smarthosts: Mapping[str, str]
    ) -> None:
        self.postfix = _postfix(folder, network, identities, smarthosts)
        self.exim = _exim(folder, network, identities)
        self.all = (self.postfix, self.exim)

    def of(self, scenario: Scenario) -> Postfix | Exim:
        """Who sends a scenario's message."""
        return self.exim if scenario.sender == "exim" else self.postfix

    def bounces(self, scenario: Scenario) -> list[bytes]:
        """What came back to a scenario's MAIL FROM, oldest first."""
        server = self.of(scenario)
        base = "var/mail/exim" if scenario.sender == "exim" else "var/mail"
        box = server.machine.root / base / scenario.id / "new"
        return [path.read_bytes() for path in sorted(box.glob("*"), key=lambda each: each.stat().st_mtime_ns)]

    def greet_as(self, scenario: Scenario, name: str) -> None:
        """Change the HELO name that a scenario's identity gives."""
        if scenario.sender == "exim":
            path = "/etc/helos"
            lines = self.exim.machine.read(path).splitlines()
            kept = [line for line in lines if scenario.id not in line.partition(":")[0]]
            changed = [f"{line.partition(':')[0]}: {name}" for line in lines if scenario.id in line.partition(":")[0]]
            self.exim.machine.write(path, "\n".join([*kept, *changed]) + "\n")
            return
        self.change(scenario, smtp_helo_name=name)

    def change(self, scenario: Scenario, **parameters: str) -> None:
        """Change parameters of Postfix for a scenario's identity."""
        service = f"out-{scenario.id}/unix"
        self.postfix.machine.run("postconf", "-P", *(f"{service}/{name}={value}" for name, value in parameters.items()))
        self.postfix.machine.run("postfix", "reload")

    def slow_down(self, scenario: Scenario, parameters: Mapping[str, str]) -> None:
        """Send a scenario's mail through a transport of its own called `slow`, with these parameters of the queue."""
        machine = self.postfix.machine
        own = machine.run("postconf", "-M", f"out-{scenario.id}/unix").replace(f"out-{scenario.id}", "slow", 1)
        machine.run("postconf", "-M", f"slow/unix={' '.join(own.split())}")
        machine.write("/etc/postfix/transport", f"{scenario.to_domain} slow:\n")
        machine.run("postconf", "transport_maps=texthash:/etc/postfix/transport", *map("=".join, parameters.items()))
        machine.run("postfix", "reload")
