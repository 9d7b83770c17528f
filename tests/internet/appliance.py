"""What a receiving server asks or hands on to: programs on a machine that need no more than files and command lines."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.internet.names import RESOLVER
from tests.servers import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

RESOLV_CONF = {"/etc/resolv.conf": f"nameserver {RESOLVER}\n", "/etc/hosts": "127.0.0.1 localhost\n"}


class Appliance:
    """A machine with some programs. `commands` are their command lines by name, `answers` whether they are there.

    `folders` are made for the users named beside them.
    """

    def __init__(
        self,
        folder: Path,
        network: int,
        groups: Sequence[str],
        files: Mapping[str, str],
        commands: Mapping[str, Sequence[str]],
        answers: Callable[[], bool],
        *,
        folders: Mapping[str, str] | None = None,
    ) -> None:
        self.machine = Machine(folder, groups, network)
        self._commands = commands
        self.greets = answers
        for path, user in (folders or {}).items():
            self.machine.mkdir(path, user=user)
        for path, text in (RESOLV_CONF | dict(files)).items():
            self.machine.write(path, text)

    def start(self) -> None:
        """Start the programs."""
        for name, words in self._commands.items():
            self.machine.spawn(name, *words)

    def log(self) -> str:
        """What they printed."""
        return "\n".join(f"{name}: {self.machine.log(name)[-1500:]}" for name in self._commands)

    def stop(self) -> None:
        """End them."""
        self.machine.stop()


def negotiates(ip: str, port: int) -> bool:
    """Whether a milter takes part in the protocol's first exchange."""
    offer = b"O" + (6).to_bytes(4) + (0x1FF).to_bytes(4) + (0x1FFFFF).to_bytes(4)
    return says(ip, port, len(offer).to_bytes(4) + offer)[4:5] == b"O"


def decides(ip: str, port: int) -> bool:
    """Whether a Postfix policy service answers a request."""
    return says(ip, port, b"request=smtpd_access_policy\nclient_address=192.0.2.1\nclient_name=x\n\n").startswith(
        b"action="
    )


def says(ip: str, port: int, question: bytes) -> bytes:
    """The beginning of what a server answers to some bytes."""
    with socket.create_connection((ip, port), timeout=5) as sock:
        sock.settimeout(5)
        sock.sendall(question)
        return sock.recv(100)
