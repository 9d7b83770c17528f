"""The receiving Exim, whose every scenario has a condition and words of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet import spam
from tests.internet.appliance import RESOLV_CONF
from tests.internet.names import EXIM_IP, EXIM_IP6, EXIM_SMARTHOST_IP
from tests.servers import Exim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.internet.scenario import Scenario

_CONDITIONS = {
    "always": "",
    "no_ptr": "!verify = reverse_host_lookup",
    "helo": "!verify = helo",
    "spf": "spf = fail",
    "spf_broken": "spf = permerror : fail",
    "unaligned": "condition = ${if !eqi{${domain:$h_from:}}{$sender_address_domain}}",
    "sender_verify": "!verify = sender",
    "user": "!local_parts = anna : boris : postmaster",
    "generic_ptr": r"condition = ${if match{$sender_host_name}{\N^host-\d+|\.dyn\.\N}}",
    "unauthenticated": "!spf = pass",
    "spam": "spam = nobody:true\n       condition = ${if >{$spam_score_int}{49}}",
    "anonymous": "!authenticated = *",
    "virus": "malware = *",
}
_EXIM = """
primary_hostname = mx.exim.example
domainlist here = lsearch;/etc/domains
acl_smtp_rcpt = rcpt
acl_smtp_data = data
helo_try_verify_hosts = *
smtp_accept_max = 200
spamd_address = {spamd}
av_scanner = cmdline:grep -rh STANDARD-ANTIVIRUS %s | cat:STANDARD-ANTIVIRUS:(EICAR)
begin acl
rcpt:
  deny !domains = +here
       message = 550 5.7.1 relaying denied
{rcpt}
  deny local_parts = closed
       message = 554 5.2.1 This account has been disabled
  deny !local_parts = anna : boris : postmaster
       message = 550 5.1.1 <$local_part@$domain>: no such mailbox here
  accept
data:
{data}
  accept
begin routers
keep:
  driver = accept
  domains = +here
  transport = keep
# Only to see whether a MAIL FROM can be answered to.
elsewhere:
  driver = dnslookup
  verify_only
begin transports
keep:
  driver = appendfile
  directory = /var/mail/exim/${{lookup{{$domain}}lsearch{{/etc/domains}}}}
  maildir_format
  create_directory
  user = Debian-exim
begin authenticators
login:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{{{eq{{$auth2}}{{info}}}}{{eq{{$auth3}}{{secret}}}}}}}}
  server_set_id = $auth2
"""


def _condition(refuses: str) -> str:
    name, _, argument = refuses.partition(":")
    if name == "ratelimit":
        return f"ratelimit = {argument} / leaky / $sender_address"
    if name == "listed":
        return f"dnslists = {argument}"
    if name == "domain_listed":
        return f"dnslists = {argument}/$sender_address_domain"
    return _CONDITIONS[name]


def _rule(scenario: Scenario) -> str:
    at_data = "data" in scenario.options
    lines = [
        # At the end of the message an ACL knows the recipients only as a list.
        f"condition = ${{if match{{$recipients}}{{\\N@{scenario.last_domain}\\N}}}}"
        if at_data
        else f"domains = {scenario.last_domain}",
        f"condition = ${{if eq{{$received_ip_address}}{{{EXIM_SMARTHOST_IP}}}}}" if scenario.smarthost else "",
        # Exim fills a message in when its ACL refuses: it may name what the conditions below find.
        f"message = {scenario.text}",
        _condition(scenario.refuses),
    ]
    verb = "defer" if scenario.text.startswith("4") else "deny"
    return f"  {verb} " + "\n       ".join(filter(None, lines)) + "\n"


def refusing_exim(folder: Path, network: int, scenarios: Sequence[Scenario]) -> Exim:
    """Make it, with a rule for each scenario that it refuses in."""
    mine = [each for each in scenarios if each.receiver == "exim" or each.forwards]
    refused = [each for each in mine if each.text]
    rules = {at_data: "".join(_rule(each) for each in refused if ("data" in each.options) is at_data)
             for at_data in (False, True)}  # fmt: skip
    # It is also the server behind the MX of whose mail a smarthost is to take.
    here = [each.last_domain for each in scenarios if each in mine or each.smarthost]
    files = {"/etc/domains": "".join(f"{domain}: {domain}\n" for domain in here)} | RESOLV_CONF
    return Exim(
        folder / "mx-exim",
        [(ip, 25) for ip in (EXIM_IP, EXIM_IP6, EXIM_SMARTHOST_IP)],
        _EXIM.format(rcpt=rules[False], data=rules[True], spamd=f"{spam.SPAMASSASSIN_IP} {spam.SPAMD}"),
        files=files,
        network=network,
    )
