"""What judges mail for a receiving Postfix: OpenDKIM and OpenDMARC as milters, postgrey and postfwd as policy services,
and Dovecot, whose LMTP has a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet.appliance import Appliance, decides, negotiates
from tests.internet.names import RESOLVER
from tests.servers import greets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POLICIES_IP, MILTERS_IP, DOVECOT_IP = "192.0.2.60", "192.0.2.61", "192.0.2.62"
DOVECOT_CONF = "/etc/dovecot-lab.conf"
POSTGREY, POSTFWD, OPENDKIM, OPENDMARC, LMTP = 10023, 10040, 8891, 8893, 24
_OPENDKIM = f"""
Mode v
Socket inet:{OPENDKIM}@{MILTERS_IP}
UserID opendkim
On-BadSignature reject
On-KeyNotFound reject
On-NoSignature accept
Nameservers {RESOLVER}
"""
_OPENDMARC = f"""
Socket inet:{OPENDMARC}@{MILTERS_IP}
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


def milters(folder: Path, network: int) -> Appliance:
    """OpenDKIM and OpenDMARC, both refusing what fails."""
    return Appliance(
        folder / "milters",
        network,
        ("filters",),
        {"/etc/dkim-lab.conf": _OPENDKIM, "/etc/dmarc-lab.conf": _OPENDMARC},
        {
            "opendkim": ("opendkim", "-f", "-x", "/etc/dkim-lab.conf"),
            "opendmarc": ("opendmarc", "-f", "-c", "/etc/dmarc-lab.conf"),
        },
        lambda: negotiates(MILTERS_IP, OPENDKIM) and negotiates(MILTERS_IP, OPENDMARC),
    )


def dovecot(folder: Path, network: int) -> Appliance:
    """Dovecot's LMTP, whose mailboxes hold next to nothing."""
    made = Appliance(
        folder / "dovecot",
        network,
        ("dovecot",),
        {DOVECOT_CONF: _DOVECOT},
        {"dovecot": ("dovecot", "-F", "-c", DOVECOT_CONF)},
        lambda: greets(DOVECOT_IP, LMTP),
    )
    made.machine.mkdir("/var/mail", mode=0o777)
    return made


def policies(folder: Path, network: int, limits: Mapping[str, str]) -> Appliance:
    """postgrey, and postfwd with a rule for each sending domain: what `limits` says of it."""
    rules = "".join(f"id=LIMIT{number}; sender_domain=={domain}; protocol_state==RCPT; action={action}\n"
                    for number, (domain, action) in enumerate(limits.items()))  # fmt: skip
    return Appliance(
        folder / "policies",
        network,
        ("postfix", "limits"),
        {"/etc/postfwd-lab.cf": rules},
        {
            "postgrey": (
                "postgrey", f"--inet={POLICIES_IP}:{POSTGREY}", "--delay=5", "--user=postgrey", "--group=postgrey",
            ),
            "postfwd": (
                "postfwd1", "--daemon", "--perfmon", "--nodns", "--cache=0", "--file=/etc/postfwd-lab.cf", f"--interface={POLICIES_IP}",
                f"--port={POSTFWD}", "--user=nobody", "--group=nogroup", "--pidfile=/tmp/postfwd.pid",
            ),
        },
        lambda: decides(POLICIES_IP, POSTGREY) and decides(POLICIES_IP, POSTFWD),
        folders={"/var/lib/postgrey": "postgrey"},
    )  # fmt: skip
