"""Postfix: one instance with any number of services on given addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.servers.machine import Machine, greets, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MASTER = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
_MAIN = {
    "compatibility_level": "3.6",
    "maillog_file": "/var/log/mail.log",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "mynetworks": "127.0.0.0/8",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "biff": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtp_dns_support_level": "enabled",
    "smtputf8_enable": "no",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One smtpd: where it listens, and the parameters that differ there."""

    address: str
    port: int
    options: Mapping[str, str]

    def line(self) -> str:
        """Its entry in master.cf: the address with IPv6 in brackets, spaces in values in braces."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        options = "".join(f"\n  -o {{ {name} = {value} }}" for name, value in self.options.items())
        return f"{host}:{self.port} inet n - n - - smtpd{options}"


class Postfix:
    """A running Postfix on a machine of its own."""

    def __init__(
        self,
        folder: Path,
        services: Sequence[Service],
        main: Mapping[str, str],
        *,
        master: str = "",
        files: Mapping[str, str] | None = None,
        network: int | None = None,
    ) -> None:
        self.machine = Machine(folder, ("postfix",), network)
        self._services = services
        for path, text in (files or {}).items():
            self.machine.write(path, text)
        settings = {**_MAIN, **main}
        self.machine.write("/etc/postfix/main.cf", "".join(f"{name} = {value}\n" for name, value in settings.items()))
        lines = "\n".join(service.line() for service in services)
        self.machine.write("/etc/postfix/master.cf", f"{_MASTER}{lines}\n{master}")
        self.machine.mkdir("/var/lib/postfix", user="postfix")
        self.machine.mkdir("/var/spool/postfix")
        self.machine.mkdir("/var/mail", mode=0o777)
        # The set-gid bits that the package's installation script would have set.
        for tool in ("postdrop", "postqueue"):
            self.machine.run("chgrp", "postdrop", f"/usr/sbin/{tool}")
            self.machine.run("chmod", "2755", f"/usr/sbin/{tool}")

    def start(self) -> None:
        """Start it and wait until each service answers."""
        self.machine.run("postfix", "start")
        self.wait()

    def wait(self) -> None:
        """Wait for a round trip with the first service (in another network: for the log's word)."""
        wait_for(lambda: "daemon started" in self.log(), "Postfix", log=self.log)

    def greets(self) -> bool:
        """Whether each service answers, as seen from this network."""
        return all(greets(service.address, service.port) for service in self._services)

    def log(self) -> str:
        """Its mail log."""
        return self.machine.read("/var/log/mail.log")

    def send(self, mail_from: str, recipient: str, message: str) -> None:
        """Hand a message to it as a local program would."""
        self.machine.run("sendmail", "-oi", "-f", mail_from, recipient, given=message)

    def stop(self) -> None:
        """End it."""
        self.machine.stop()
