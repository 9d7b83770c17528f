"""OpenSMTPD: one daemon on given addresses, taking mail for given domains and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.machine import Machine, greets, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CONFIG = "/etc/smtpd-test.conf"


class OpenSmtpd:
    """A running OpenSMTPD on a machine of its own. Mail to anna and boris of `domains` is kept.

    `head` are lines before the listeners (tables, filters, limits), `own` what follows the `listen on` line of an address.
    """

    def __init__(
        self,
        folder: Path,
        listens: Sequence[tuple[str, int]],
        domains: Sequence[str],
        *,
        name: str = "mx.example.net",
        head: str = "",
        own: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        network: int | None = None,
    ) -> None:
        self.machine = Machine(folder, ("opensmtpd",), network)
        self._listens = listens
        lines = [
            head,
            *(f"listen on {host} port {port} hostname {name} {(own or {}).get(host, '')}" for host, port in listens),
            'action "keep" mbox',
            f'match from any for domain {{ {", ".join(domains)} }} action "keep"',
        ]
        for path, text in (files or {}).items():
            self.machine.write(path, text)
        self.machine.write(_CONFIG, "\n".join(lines) + "\n")
        self.machine.mkdir("/var/lib/opensmtpd/empty", mode=0o711)
        self.machine.mkdir("/var/spool/smtpd", mode=0o711)
        self.machine.mkdir("/var/mail", mode=0o1777)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.process = self.machine.spawn("smtpd", "smtpd", "-d", "-v", "-f", _CONFIG)
        wait_for(lambda: "smtp: will accept" in self.log(), "OpenSMTPD", log=self.log)

    def greets(self) -> bool:
        """Whether each address answers, as seen from this network."""
        return all(greets(host, port) for host, port in self._listens)

    def log(self) -> str:
        """What it printed."""
        return self.machine.log("smtpd")

    def stop(self) -> None:
        """End it."""
        self.machine.stop()
