"""The spam filters that receivers ask: Rspamd as a milter with Redis behind it, SpamAssassin as a milter and for Exim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet.appliance import Appliance, negotiates, says
from tests.internet.names import RESOLVER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RSPAMD_IP, SPAMASSASSIN_IP = "192.0.2.63", "192.0.2.64"
RSPAMD, SPAMD, SPAMASS_MILTER = 11332, 783, 8894
_OFF = "enabled = false;\n"
_RSPAMD = {
    "options.inc": f'dns {{ nameserver = ["{RESOLVER}:53"]; }}\ndisable_hyperscan = true;\nrrd = "";\nurl_tld = "/etc/tlds";\n',
    "logging.inc": 'type = "console";\nlevel = "notice";\n',
    "worker-normal.inc": _OFF,
    "worker-controller.inc": _OFF,
    "worker-proxy.inc": f'bind_socket = "{RSPAMD_IP}:{RSPAMD}";\nupstream "local" {{ default = yes; self_scan = yes; }}\n',
    "redis.conf": 'servers = "127.0.0.1:6379";\n',
    "dmarc.conf": 'actions = { reject = "reject"; }\n',
    "ratelimit.conf": 'rates { from_domain { selector = "from(smtp):domain.lower.prepend(\'d:\')"; bucket { burst = 3; rate = "1 / 1h"; } } }\n',
    "greylist.conf": "greylist_min_score = 2;\ntimeout = 5s;\n",
    "rbl.conf": """
rbls {
  zen_lab { rbl = "zen.spamhaus.org"; symbol = "LAB_ZEN"; checks = ["from"]; ipv4 = true; }
}
""",
    "groups.conf": """
group "rbl" { symbols { "LAB_ZEN" { weight = 20.0; } } }
""",
} | {f"{each}.conf": _OFF for each in ("fuzzy_check", "rspamd_update", "neural", "bimi", "asn", "dkim_signing", "arc")}


def rspamd(folder: Path, network: int, settings: Mapping[str, str]) -> Appliance:
    """Rspamd, asked through the milter protocol; `settings` are what differs for a recipient domain."""
    rules = "".join(f'lab{number} {{ priority = high; rcpt = "@{domain}"; apply {{ {apply} }} }}\n'
                    for number, (domain, apply) in enumerate(settings.items()))  # fmt: skip
    # Rspamd compiles the list of public suffixes at its start: the whole of it takes fifteen seconds.
    files = {"/etc/tlds": "com\norg\nnet\nexample\n"}
    files |= {f"/etc/rspamd/local.d/{name}": text for name, text in (_RSPAMD | {"settings.conf": rules}).items()}
    return Appliance(
        folder / "rspamd",
        network,
        ("rspamd",),
        files,
        {
            "redis": ("redis-server", "--save", "", "--dir", "/tmp", "--bind", "127.0.0.1"),
            "rspamd": ("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf"),
        },
        lambda: negotiates(RSPAMD_IP, RSPAMD),
        folders=dict.fromkeys(("/var/lib/rspamd", "/var/log/rspamd", "/run/rspamd"), "_rspamd"),
    )  # fmt: skip


def spamassassin(folder: Path, network: int) -> Appliance:
    """SpamAssassin's spamd, and spamass-milter in front of it, which refuses from a score of 5."""
    return Appliance(
        folder / "spamassassin",
        network,
        ("spamassassin",),
        {},
        {
            "spamd": (
                "spamd", "-i", SPAMASSASSIN_IP, "-p", str(SPAMD), "-A", "0.0.0.0/0", "-L", "-x", "--max-children=2", "-s",
                "stderr", "-r", "/tmp/spamd.pid", "-u", "nobody",
            ),
            "spamass-milter": (
                "spamass-milter", "-p", f"inet:{SPAMASS_MILTER}@{SPAMASSASSIN_IP}", "-r", "5", "--", "-d", SPAMASSASSIN_IP, "-p",
                str(SPAMD),
            ),
        },
        lambda: (
            says(SPAMASSASSIN_IP, SPAMD, b"PING SPAMC/1.2\r\n\r\n").startswith(b"SPAMD/")
            and negotiates(SPAMASSASSIN_IP, SPAMASS_MILTER)
        ),
    )  # fmt: skip
