"""Exim: one daemon on given addresses, with a configuration of the caller's making."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.machine import Machine, greets, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CONFIG = "/etc/exim4/test.conf"
_HEAD = """\
exim_user = Debian-exim
exim_group = Debian-exim
trusted_users = root
never_users = root
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
log_selector = +all
disable_ipv6 = false
host_lookup = *
rfc1413_query_timeout = 0s
timeout_frozen_after = 1d
message_logs = false
"""


class Exim:
    """A running Exim on a machine of its own. `body` is the configuration after the common head."""

    def __init__(
        self,
        folder: Path,
        listens: Sequence[tuple[str, int]],
        body: str,
        *,
        files: Mapping[str, str] | None = None,
        network: int | None = None,
    ) -> None:
        self.machine = Machine(folder, ("exim",), network)
        self._listens = listens
        where = " ; ".join(f"[{host}]:{port}" for host, port in listens)
        head = f"local_interfaces = <; {where}\n" if listens else ""
        for path, text in (files or {}).items():
            self.machine.write(path, text)
        self.machine.write(_CONFIG, head + _HEAD + body)
        for path in ("/var/spool/exim4", "/var/log/exim4", "/var/mail/exim"):
            self.machine.mkdir(path, mode=0o750, user="Debian-exim")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it listens."""
        self.process = self.machine.spawn("exim", "exim4", "-C", _CONFIG, "-bdf", "-q1m")
        wait_for(lambda: "listening for SMTP" in self.log(), "Exim", log=lambda: self.log() + self.machine.log("exim"))

    def greets(self) -> bool:
        """Whether each address answers, as seen from this network."""
        return all(greets(host, port) for host, port in self._listens)

    def log(self) -> str:
        """Its main log."""
        return self.machine.read("/var/log/exim4/mainlog")

    def send(self, mail_from: str, recipient: str, message: str) -> None:
        """Hand a message to it as a local program would, and deliver at once."""
        self.machine.run("exim4", "-C", _CONFIG, "-odi", "-oi", "-f", mail_from, recipient, given=message)

    def stop(self) -> None:
        """End it."""
        self.machine.stop()
