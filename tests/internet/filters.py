"""What a receiving Postfix asks or hands on to: OpenDKIM and OpenDMARC as milters, and Dovecot's LMTP with a quota."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.internet.senders import RESOLV_CONF
from tests.servers import Machine, greets

if TYPE_CHECKING:
    from pathlib import Path

FILTERS_IP, DOVECOT_IP = "192.0.2.61", "192.0.2.62"
OPENDKIM, OPENDMARC, LMTP = 8891, 8893, 24
_OPENDKIM = f"""
Mode v
Socket inet:{OPENDKIM}@{FILTERS_IP}
UserID opendkim
On-BadSignature reject
On-KeyNotFound reject
On-NoSignature accept
Nameservers {RESOLV_CONF["/etc/resolv.conf"].split()[1]}
"""
_OPENDMARC = f"""
Socket inet:{OPENDMARC}@{FILTERS_IP}
UserID opendmarc
RejectFailures true
SPFSelfValidate true
AuthservID mx.postfix.example
"""
_DOVECOT = f"""
protocols = lmtp
base_dir = /run/dovecot
log_path = /dev/stderr
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
mail_location = maildir:~/Maildir
mail_plugins = quota
first_valid_uid = 1
auth_mechanisms = plain
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/var/mail/%d/%n allow_all_users=yes
}}
passdb {{
  driver = static
  args = nopassword=y
}}
service lmtp {{
  inet_listener lmtp {{
    address = {DOVECOT_IP}
    port = {LMTP}
  }}
}}
protocol lmtp {{
  mail_plugins = quota
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:bytes=100
  quota_grace = 0
}}
"""


class Milters:
    """OpenDKIM and OpenDMARC, both refusing what fails."""

    def __init__(self, folder: Path, network: int) -> None:
        self.machine = Machine(folder / "milters", ("filters",), network)
        for path, text in (RESOLV_CONF | {"/etc/dkim-lab.conf": _OPENDKIM, "/etc/dmarc-lab.conf": _OPENDMARC}).items():
            self.machine.write(path, text)

    def start(self) -> None:
        """Start both."""
        self.machine.spawn("opendkim", "opendkim", "-f", "-x", "/etc/dkim-lab.conf")
        self.machine.spawn("opendmarc", "opendmarc", "-f", "-c", "/etc/dmarc-lab.conf")

    def greets(self) -> bool:
        """Whether both take part in a milter's first exchange."""
        return all(_negotiates(port) for port in (OPENDKIM, OPENDMARC))

    def log(self) -> str:
        """What they printed."""
        return self.machine.log("opendkim") + self.machine.log("opendmarc")

    def stop(self) -> None:
        """End them."""
        self.machine.stop()


def _negotiates(port: int) -> bool:
    offer = b"O" + (6).to_bytes(4) + (0x1FF).to_bytes(4) + (0x1FFFFF).to_bytes(4)
    with socket.create_connection((FILTERS_IP, port), timeout=5) as sock:
        sock.settimeout(5)
        sock.sendall(len(offer).to_bytes(4) + offer)
        return sock.recv(5)[4:] == b"O"


class Dovecot:
    """Dovecot's LMTP, whose mailboxes hold next to nothing."""

    def __init__(self, folder: Path, network: int) -> None:
        self.machine = Machine(folder / "dovecot", ("dovecot",), network)
        self.machine.mkdir("/var/mail", mode=0o777)
        for path, text in (RESOLV_CONF | {"/etc/dovecot-lab.conf": _DOVECOT}).items():
            self.machine.write(path, text)

    def start(self) -> None:
        """Start it."""
        self.machine.spawn("dovecot", "dovecot", "-F", "-c", "/etc/dovecot-lab.conf")

    def greets(self) -> bool:
        """Whether it answers."""
        return greets(DOVECOT_IP, LMTP)

    def log(self) -> str:
        """What it printed."""
        return self.machine.log("dovecot")

    def stop(self) -> None:
        """End it."""
        self.machine.stop()
