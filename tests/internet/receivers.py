"""The receivers: an Exim whose every scenario has a condition and words of its own, and a Postfix with real policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.internet import filters, spam
from tests.internet.appliance import RESOLV_CONF
from tests.internet.names import EXIM_IP, EXIM_IP6, EXIM_SMARTHOST_IP, OPENSMTPD_IP, POSTFIX_IP
from tests.internet.scenario import scenarios
from tests.servers import Exim, OpenSmtpd, Postfix, Service

if TYPE_CHECKING:
    from collections.abc import Sequence
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
_CERTIFICATE = """
cd /etc/postfix && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 \\
    -subj /CN=mx.postfix.example -keyout key.pem -out cert.pem && cat key.pem cert.pem >chain.pem
"""
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


def addresses() -> list[str]:
    """Every address that a receiver listens on."""
    return [
        EXIM_IP,
        EXIM_IP6,
        POSTFIX_IP,
        OPENSMTPD_IP,
        EXIM_SMARTHOST_IP,
        *(filters.POLICIES_IP, filters.MILTERS_IP, filters.DOVECOT_IP, spam.RSPAMD_IP, spam.SPAMASSASSIN_IP),
        *hosts().values(),
    ]


def on_postfix() -> list[Scenario]:
    """The scenarios whose receiver is a service of Postfix, each at an address of its own."""
    return [each for each in scenarios() if each.receiver == "postfix"]


def postfix_ip(scenario: Scenario) -> str:
    """Where a scenario's Postfix service listens."""
    return f"192.0.2.{110 + on_postfix().index(scenario)}"


def filtering() -> list[Scenario]:
    """The scenarios whose receiver is an OpenSMTPD with a filter, each at an address of its own."""
    return [each for each in scenarios() if each.receiver == "opensmtpd" and each.text]


def opensmtpd_ip(scenario: Scenario) -> str:
    """Where a scenario's OpenSMTPD listens."""
    return f"192.0.2.{80 + filtering().index(scenario)}"


def hosts() -> dict[str, str]:
    """The address of the receiver that a scenario has for itself, by the scenario's id."""
    own = {each.id: postfix_ip(each) for each in on_postfix()}
    return own | {each.id: opensmtpd_ip(each) for each in filtering()}


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


def _exim(folder: Path, network: int, scenarios: Sequence[Scenario]) -> Exim:
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


def _service(scenario: Scenario) -> Service:
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


def _postfix(folder: Path, network: int) -> Postfix:
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
        folder / "mx-postfix", [_service(each) for each in mine], main, master=master, files=files, network=network
    )
    made.machine.run("sh", "-c", _CERTIFICATE)
    return made


def _opensmtpd(folder: Path, network: int, scenarios: Sequence[Scenario]) -> OpenSmtpd:
    """OpenSMTPD, with an address and a filter for each scenario that has words: what its `refuses` says of the client."""
    filters = {opensmtpd_ip(each): (f"f{number}", each) for number, each in enumerate(filtering())}
    return OpenSmtpd(
        folder / "mx-opensmtpd",
        [(ip, 25) for ip in (OPENSMTPD_IP, *filters)],
        [each.to_domain for each in scenarios],
        name="mx.opensmtpd.example",
        head="".join(
            f'filter {name} phase connect match {each.refuses} disconnect "{each.text}"\n'
            for name, each in filters.values()
        ),
        own={ip: f"filter {name}" for ip, (name, _) in filters.items()},
        files=RESOLV_CONF,
        network=network,
    )


class Receivers:
    """All of them."""

    def __init__(self, folder: Path, network: int, known: Sequence[Scenario]) -> None:
        self.exim = _exim(folder, network, known)
        self.postfix = _postfix(folder, network)
        self.opensmtpd = _opensmtpd(folder, network, [each for each in known if each.receiver == "opensmtpd"])
        self.dovecot = filters.dovecot(folder, network)
        limits = {f"{each.id}.example": each.rule for each in known if each.asks == "postfwd"}
        settings = {each.to_domain: each.rule for each in known if each.asks == "rspamd" and each.rule}
        self.all = (
            self.exim,
            self.postfix,
            self.opensmtpd,
            filters.milters(folder, network),
            self.dovecot,
            filters.policies(folder, network, limits),
            spam.rspamd(folder, network, settings),
            spam.spamassassin(folder, network),
        )

    def forget(self) -> None:
        """Have Postfix's smtpd processes end, which remember what a list said."""
        self.postfix.machine.run("postfix", "reload")

    def lift(self, scenario: Scenario) -> None:
        """Have the Postfix of a scenario refuse for none of its own reasons any more."""
        service = f"{postfix_ip(scenario)}:25/inet"
        for name in _service(scenario).options:
            self.postfix.machine.run("postconf", "-PX", f"{service}/{name}")
        self.postfix.machine.run("postfix", "reload")

    def rewrite_senders(self) -> None:
        """Have Postfix forward in its own name (what SRS does, without the way back)."""
        settings = (
            "sender_canonical_classes=envelope_sender",
            "sender_canonical_maps=static:forward@mx.postfix.example",
        )
        self.postfix.machine.run("postconf", *settings)
        self.postfix.machine.run("postfix", "reload")

    def take(self, domain: str) -> None:
        """Make Postfix responsible for a domain."""
        machine = self.postfix.machine
        machine.write("/etc/postfix/domains", f"{machine.read('/etc/postfix/domains')}{domain} yes\n")
        machine.run("postfix", "reload")

    def make_room(self) -> None:
        """Raise the quota of Dovecot's mailboxes."""
        config = self.dovecot.machine.read(filters.DOVECOT_CONF)
        self.dovecot.machine.write(filters.DOVECOT_CONF, config.replace("*:bytes=100", "*:bytes=1000000"))
        self.dovecot.machine.run("doveadm", "-c", filters.DOVECOT_CONF, "reload")

    def delivered(self, scenario: Scenario) -> int:
        """How many messages for the scenario's recipient domain were taken."""
        if scenario.receiver == "opensmtpd":
            return self.opensmtpd.machine.read("/var/mail/anna").count(f"\nTo: anna@{scenario.to_domain}")
        postfix = scenario.receiver == "postfix" and not scenario.forwards
        root = self.postfix.machine.root / "var/mail" if postfix else self.exim.machine.root / "var/mail/exim"
        if "lmtp" in scenario.options:
            root = self.dovecot.machine.root / "var/mail"
        return sum(1 for _ in (root / scenario.last_domain).rglob("new/*"))

    def log(self) -> str:
        """What they logged."""
        return "\n".join(server.log()[-1500:] for server in self.all)
