"""The receiving Postfix, with real policies: each scenario has a service at an address of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet import filters, spam
from tests.internet.appliance import RESOLV_CONF
from tests.internet.names import POSTFIX_IP
from tests.internet.scenario import scenarios
from tests.servers import Postfix, Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.internet.scenario import Scenario

# What a receiving Postfix asks, by the word in a scenario's `asks`.
_ASKS = {
    "opendkim": ("smtpd_milters", f"inet:{filters.MILTERS_IP}:{filters.OPENDKIM}"),
    # OpenDMARC reads what OpenDKIM found.
    "opendmarc": (
        "smtpd_milters",
        f"inet:{filters.MILTERS_IP}:{filters.OPENDKIM}, inet:{filters.MILTERS_IP}:{filters.OPENDMARC}",
    ),
    "rspamd": ("smtpd_milters", f"inet:{spam.RSPAMD_IP}:{spam.RSPAMD}"),
    "spamassassin": ("smtpd_milters", f"inet:{spam.SPAMASSASSIN_IP}:{spam.SPAMASS_MILTER}"),
    "policyd-spf": ("check_policy_service", "unix:private/policyd-spf"),
    "postgrey": ("check_policy_service", f"inet:{filters.POLICIES_IP}:{filters.POSTGREY}"),
    "postfwd": ("check_policy_service", f"inet:{filters.POLICIES_IP}:{filters.POSTFWD}"),
}
_CERTIFICATE = """
cd /etc/postfix && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 \\
    -subj /CN=mx.postfix.example -keyout key.pem -out cert.pem && cat key.pem cert.pem >chain.pem
"""


def on_postfix() -> list[Scenario]:
    """The scenarios whose receiver is a service of Postfix, each at an address of its own."""
    return [each for each in scenarios() if each.receiver == "postfix"]


def postfix_ip(scenario: Scenario) -> str:
    """Where a scenario's Postfix service listens."""
    return f"192.0.2.{110 + on_postfix().index(scenario)}"


def service(scenario: Scenario) -> Service:
    """The service of a scenario: where it listens, and what it asks and refuses."""
    options = dict(
        option.split("=", 1) for option in scenario.options if "=" in option and not option.startswith("cleanup=")
    )
    if any(option.startswith("cleanup=") for option in scenario.options):
        options["cleanup_service_name"] = f"clean-{scenario.id}"
    if scenario.asks:
        name, value = _ASKS[scenario.asks]
        if name == "check_policy_service":
            name, value = "smtpd_recipient_restrictions", f"reject_unauth_destination, {name} {value}"
        options[name] = value
    return Service(postfix_ip(scenario), 25, options)


def refusing_postfix(folder: Path, network: int) -> Postfix:
    """Make it, with a service for each scenario that it refuses in."""
    mine = on_postfix()
    main = {
        "myhostname": "mx.postfix.example",
        "inet_interfaces": POSTFIX_IP,
        "virtual_mailbox_domains": "texthash:/etc/postfix/domains",
        "virtual_mailbox_base": "/var/mail",
        "virtual_mailbox_maps": "texthash:/etc/postfix/boxes",
        "virtual_uid_maps": "static:1000",
        "virtual_gid_maps": "static:1000",
        "virtual_alias_maps": "texthash:/etc/postfix/forwards",
        "smtp_bind_address": POSTFIX_IP,
        "maximal_queue_lifetime": "0",
        "smtpd_delay_reject": "yes",
        "smtpd_peername_lookup": "yes",
        "transport_maps": "texthash:/etc/postfix/transports",
        "anvil_rate_time_unit": "8s",
        "relocated_maps": "texthash:/etc/postfix/relocated",
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
            f"{each.to_domain} lmtp:inet:{filters.DOVECOT_IP}:{filters.LMTP}\n"
            for each in mine
            if "lmtp" in each.options
        ),
        "/etc/postfix/forwards": "".join(
            f"anna@{each.to_domain} anna@{each.last_domain}\n" for each in mine if each.forwards
        ),
        "/etc/postfix/relocated": "".join(
            f"anna@{each.to_domain} boris@{each.to_domain}\n" for each in mine if "moved" in each.options
        ),
        "/etc/postfix/generic": "/^host-/ 550 Refused: generic rDNS, use the mail relay of your ISP\n",
        "/etc/postfix/executables": "/name=.*[.]scr/ REJECT Executable content is forbidden by company policy\n",
        "/etc/postfix/attachments": "/name=.*[.]exe/ REJECT Attachments of this type are not accepted here\n",
        "/etc/postfix/spam_headers": "/^Subject: Figures/ REJECT Message content rejected as spam\n",
        "/etc/postfix-policyd-spf-python/policyd-spf.conf": "HELO_reject = False\nMail_From_reject = Fail\nskip_addresses = 127.0.0.0/8\n",
    } | RESOLV_CONF
    made = Postfix(
        folder / "mx-postfix", [service(each) for each in mine], main, master=master, files=files, network=network
    )
    made.machine.run("sh", "-c", _CERTIFICATE)
    return made
