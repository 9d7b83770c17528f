"""The small internet: a network namespace with name servers, blocklists, senders and receivers on real addresses.

Everything in it is Debian's own software on machines of its own (`tests.servers`). Its zones and lists can be changed
while it runs, which is how a repair is tested by doing it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Any, TypeVar

import dkim

from tests.internet import names, receivers, senders, weather
from tests.internet.identity import SELECTOR, Identity, signing_key
from tests.internet.scenario import Scenario, identities, scenarios
from tests.servers import new_network, wait_for

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000


class Internet:
    """The whole of it. `start` brings it up, `stop` takes everything down."""

    def __init__(self, folder: Path) -> None:
        self.identities = identities()
        self._holder = new_network(folder)
        self.network = self._holder.pid
        self._addresses()
        self.names = names.NameServers(
            folder, self.network, list(self.identities.values()), scenarios(), receivers.hosts()
        )
        smarthosts = {each.id: f"[{each.smarthost_name}]" for each in scenarios() if each.smarthost}
        self.senders = senders.Senders(folder, self.network, list(self.identities.values()), smarthosts)
        self.receivers = receivers.Receivers(folder, self.network, scenarios())

    def _addresses(self) -> None:
        wanted = [
            *names.ADDRESSES,
            *senders.ADDRESSES,
            *receivers.addresses(),
            *weather.ADDRESSES.values(),
            *(it.ip for it in self.identities.values()),
        ]
        batch = "".join(
            f"address add {ip}/{128 if ':' in ip else 32} dev lo {'nodad' if ':' in ip else ''}\n"
            for ip in dict.fromkeys(wanted)
        )
        subprocess.run(
            ["nsenter", f"--net=/proc/{self.network}/ns/net", "ip", "-batch", "-"], input=batch.encode(), check=True
        )

    def start(self) -> None:
        """Start everything side by side, and wait until all of it answers."""
        with ThreadPoolExecutor(8) as pool:
            starting = [pool.submit(server.start) for server in (self.names, *self.senders.all, *self.receivers.all)]
            for each in starting:
                each.result()
        self.inside(self._answers)

    def _answers(self) -> None:
        for server in (*self.senders.all, *self.receivers.all):
            wait_for(server.greets, type(server).__name__, log=server.log)
        self.names.wait()

    def inside(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Call `work` in a thread that lives in this network, and give what it returns or raises."""
        made: list[T] = []
        wrong: list[BaseException] = []

        def enter() -> None:
            try:
                fd = os.open(f"/proc/{self.network}/ns/net", os.O_RDONLY)
                try:
                    if ctypes.CDLL(None, use_errno=True).setns(fd, _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                finally:
                    os.close(fd)
                made.append(work(*args, **options))
            except BaseException as error:  # noqa: BLE001  handed on to the caller
                wrong.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if wrong:
            raise wrong[0]
        return made[0]

    def send(self, scenario: Scenario) -> None:
        """Send the scenario's message, really."""
        it = self.identities[scenario.id]
        self.senders.of(scenario).send(it.mail_from, scenario.to, message(scenario, it))

    def send_all(self, some: Sequence[Scenario]) -> None:
        """Send the message of each scenario, and before it as many as its recipient takes until a limit is reached."""
        limited = [each for each in some if each.before]
        for each in limited:
            for _ in range(each.before):
                self.send(each)
        for each in limited:
            wait_for(lambda each=each: self.delivered(each) >= each.before, f"what goes before {each.id}")  # type: ignore[misc]
            self.send(each)
        for each in some:
            if not each.before:
                self.send(each)

    def bounces(self, scenario: Scenario) -> list[bytes]:
        """The bounces that came back so far, oldest first."""
        return self.senders.bounces(scenario)

    def delivered(self, scenario: Scenario) -> int:
        """How many of the scenario's messages the receiver has taken."""
        return self.receivers.delivered(scenario)

    def stop(self) -> None:
        """End all of it."""
        with ThreadPoolExecutor(8) as pool:
            stopping = [pool.submit(server.stop) for server in (*self.senders.all, *self.receivers.all, self.names)]
            for each in stopping:
                each.result()
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout:
            self._holder.stdout.close()


def message(scenario: Scenario, it: Identity) -> str:
    """The message of a scenario, as its author wrote it."""
    made = EmailMessage()
    made["From"] = it.from_address
    made["To"] = scenario.to
    made["Subject"] = scenario.subject
    made["Date"] = format_datetime(datetime.now(tz=UTC))
    made["Message-ID"] = make_msgid(domain=it.domain)
    made.set_content(scenario.body + "Figure after figure.\n" * (scenario.size // 21))
    if scenario.attach:
        made.add_attachment(b"MZ\x90\x00", "application", "octet-stream", filename=scenario.attach)
    text = made.as_string()
    return text if it.signs == "none" else signed(text, it)


def signed(text: str, it: Identity) -> str:
    """The message with the identity's DKIM signature; changed after it where the identity's signature is broken."""
    raw = text.replace("\n", "\r\n").encode()
    field = dkim.sign(
        raw,
        SELECTOR.encode(),
        (it.signs_as or it.domain).encode(),
        signing_key().pem,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[b"from", b"to", b"subject", b"date", b"message-id"],
    )
    body = text.replace("Hello", "[outside mail] Hello") if it.signs == "broken" else text
    return field.decode().replace("\r\n", "\n") + body
