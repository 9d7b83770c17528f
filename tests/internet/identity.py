"""Sending identities and their DNS, healthy but for named faults: the one place that knows what each fault looks like.

Pure: a fault changes records and names, nothing else. The same identities serve the real servers (through NSD) and
the fast scenarios (through `tests.dnslab`).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import cache

from tests.dnslab import Zone
from tests.signing import Key, make_key

LISTS = (
    "bl.lists.example",
    "dbl.lists.example",
    "zen.spamhaus.org",
    "b.barracudacentral.org",
    "bl.spamcop.net",
    "psbl.surriel.com",
    "dbl.lists.example",
    "dbl.spamhaus.org",
)
# Misbehaving lists: one that refuses this resolver, one that lists everything, one that has ended, one that hangs.
REFUSES, EVERYTHING, ENDED, HANGS = (
    "refuses.lists.example",
    "all.lists.example",
    "ended.lists.example",
    "hangs.lists.example",
)
# What a list answers for a listing, and its own test point, where they are not those of RFC 5782.
ANSWERS = {"dbl.spamhaus.org": "127.0.1.2"}
TEST_NAMES = {"dbl.spamhaus.org": "dbltest.com"}
OTHER_IP = "198.51.100.250"  # a host of somebody else


@dataclass(slots=True)
class Identity:
    """Who sends: its address, its names, its part of the DNS, and on which lists it stands."""

    id: str
    ip: str
    helo: str = ""
    mail_from: str = ""
    from_address: str = ""
    zone: Zone = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    signs_as: str = ""  # the signing domain, where it is not its own
    signs: str = "none"  # none, good (the key is published), or broken (the body is changed afterwards)

    @property
    def domain(self) -> str:
        """Its own domain."""
        return f"{self.id}.example"

    @property
    def host(self) -> str:
        """Its server's proper name."""
        return f"mail.{self.domain}"


def reverse_name(ip: str) -> str:
    """The name of an address's PTR record."""
    return ipaddress.ip_address(ip).reverse_pointer


def dnsbl_name(subject: str, zone: str) -> str:
    """Where a list keeps an address or a domain (RFC 5782)."""
    try:
        pointer = ipaddress.ip_address(subject).reverse_pointer
    except ValueError:
        return f"{subject}.{zone}"
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def _spf(ip: str) -> str:
    return f"ip{ipaddress.ip_address(ip).version}:{ip}"


def healthy(ident: str, ip: str) -> Identity:
    """An identity in which all is well: PTR, HELO, SPF, MX, and a DMARC record that asks for nothing."""
    made = Identity(ident, ip)
    made.helo = made.host
    made.mail_from = made.from_address = f"info@{made.domain}"
    kind = "A" if ipaddress.ip_address(ip).version == 4 else "AAAA"
    made.zone = {
        reverse_name(ip): [("PTR", f"{made.host}.")],
        made.host: [(kind, ip)],
        made.domain: [("MX", "10 mx.back.example."), ("TXT", f"v=spf1 {_spf(ip)} -all")],
        f"_dmarc.{made.domain}": [("TXT", "v=DMARC1; p=none")],
    }
    return made


def _set_spf(it: Identity, *records: str) -> None:
    others = [(kind, text) for kind, text in it.zone[it.domain] if kind != "TXT"]
    it.zone[it.domain] = others + [("TXT", record) for record in records]


def _spf_over(it: Identity) -> None:
    for number in range(11):
        it.zone[f"s{number}.{it.domain}"] = [("TXT", f"v=spf1 ip4:203.0.113.{number} -all")]
    _set_spf(
        it, "v=spf1 " + " ".join(f"include:s{number}.{it.domain}" for number in range(11)) + f" {_spf(it.ip)} -all"
    )


def _foreign(it: Identity, *, policy: str) -> str:
    """Another domain whose SPF does not name this server."""
    name = f"other-{it.id}.example"
    it.zone[name] = [("MX", "10 mx.back.example."), ("TXT", f"v=spf1 ip4:{OTHER_IP} -all")]
    it.zone[f"_dmarc.{name}"] = [("TXT", f"v=DMARC1; p={policy}")]
    return f"author@{name}"


def _generic(it: Identity) -> None:
    name = f"host-{it.ip.replace('.', '-').replace(':', '-')}.dyn.provider.example"
    it.zone[reverse_name(it.ip)] = [("PTR", f"{name}.")]
    it.zone[name] = [("A" if "." in it.ip else "AAAA", it.ip)]


def apply(it: Identity, fault: str) -> None:
    """Give an identity one fault, `name` or `name:argument`; raises KeyError for one that is not known."""
    name, _, argument = fault.partition(":")
    if name == "listed":
        it.listed.setdefault(argument, []).append(it.ip)
    elif name == "domain_listed":
        it.listed.setdefault(argument, []).append(it.domain)
    elif name == "spf_fail":
        _set_spf(it, f"v=spf1 ip4:{OTHER_IP} -all")
    elif name == "spf_softfail":
        _set_spf(it, f"v=spf1 ip4:{OTHER_IP} ~all")
    elif name == "spf_two":
        _set_spf(it, f"v=spf1 {_spf(it.ip)} -all", "v=spf1 include:newsletter.example ~all")
    elif name == "spf_syntax":
        _set_spf(it, f"v=spf1 {_spf(it.ip)} ipv4:192.0.2.1 -all")
    elif name == "spf_none":
        _set_spf(it)
    elif name == "dmarc":
        it.zone[f"_dmarc.{it.domain}"] = [("TXT", f"v=DMARC1; p={argument}")]
    elif name == "from_other":
        it.from_address = _foreign(it, policy=argument)
    elif name == "forwarded":
        it.mail_from = it.from_address = _foreign(it, policy=argument or "none")
    elif name == "helo":
        it.helo = argument
    elif name == "signs":
        _signs(it, argument)
    else:
        _PLAIN[name](it)


SELECTOR = "s1"


@cache
def signing_key() -> Key:
    """The key that every identity signs with."""
    return make_key(2048)


def key_name(it: Identity) -> str:
    """Where an identity's DKIM key stands."""
    return f"{SELECTOR}._domainkey.{it.signs_as or it.domain}"


def _signs(it: Identity, how: str) -> None:
    """`good`, `broken` (body changed after signing), `no_key` or `revoked`."""
    it.signs = how
    record = {"no_key": None, "revoked": "v=DKIM1; p="}.get(how, signing_key().record)
    if record:
        it.zone[key_name(it)] = [("TXT", record)]


def _drop(it: Identity, name: str) -> None:
    it.zone.pop(name, None)


_PLAIN = {
    "no_ptr": lambda it: _drop(it, reverse_name(it.ip)),
    "ptr_mismatch": lambda it: it.zone.update(
        {reverse_name(it.ip): [("PTR", f"old.{it.domain}.")], f"old.{it.domain}": [("A", OTHER_IP)]}
    ),
    "ptr_generic": _generic,
    "helo_unresolvable": lambda it: apply(it, f"helo:gone.{it.domain}"),
    "helo_mismatch": lambda it: (
        it.zone.update({f"web.{it.domain}": [("A", OTHER_IP)]}),
        apply(it, f"helo:web.{it.domain}"),
    ),
    "spf_over": _spf_over,
    "no_dmarc": lambda it: _drop(it, f"_dmarc.{it.domain}"),
    "mail_from_nowhere": lambda it: setattr(it, "mail_from", f"info@gone-{it.id}.example"),
}


def identity(ident: str, ip: str, faults: tuple[str, ...]) -> Identity:
    """A healthy identity with these faults."""
    made = healthy(ident, ip)
    for fault in faults:
        apply(made, fault)
    return made


def zone_of(it: Identity) -> Zone:
    """The identity's records together with those of the lists that it stands on, and every list's test points."""
    made = dict(it.zone) | list_points()
    for zone, subjects in it.listed.items():
        made |= {
            dnsbl_name(subject, zone): [("A", ANSWERS.get(zone, "127.0.0.2")), ("TXT", f"see https://{zone}/why")]
            for subject in subjects
        }
    return made


def list_points() -> Zone:
    """The test points of the sound lists (RFC 5782 section 5), and how the others misbehave."""
    made: Zone = {}
    for zone in LISTS:
        front = TEST_NAMES.get(zone, "test") if zone.startswith("dbl.") else "2.0.0.127"
        made[f"{front}.{zone}"] = [("A", ANSWERS.get(zone, "127.0.0.2"))]
    made[f"*.{REFUSES}"] = [("A", "127.255.255.254")]
    made[f"*.{EVERYTHING}"] = [("A", "127.0.0.2")]
    made[f"*.{HANGS}"] = [("TIMEOUT", "")]
    return made
