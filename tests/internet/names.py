"""The name servers: NSD for every zone, rbldnsd for the lists, Unbound in front as everybody's resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.message
import dns.query
import dns.rcode

from tests.dnslab import Zone, quoted
from tests.internet import weather
from tests.internet.identity import (
    ANSWERS,
    ENDED,
    EVERYTHING,
    HANGS,
    LISTS,
    REFUSES,
    TEST_NAMES,
    Identity,
    reverse_name,
)
from tests.servers import Machine, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.internet.scenario import Scenario

RESOLVER, _NSD, _LISTS, _SILENT = "192.0.2.53", "192.0.2.54", "192.0.2.55", "192.0.2.56"
ADDRESSES = (RESOLVER, _NSD, _LISTS, _SILENT)
EXIM_IP, POSTFIX_IP, OPENSMTPD_IP, BACK_IP = "192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.20"
EXIM_SMARTHOST_IP = "192.0.2.104"
EXIM_IP6 = "2001:db8:25::6:101"
_UNBOUND = (
    f"""
server:
  interface: {RESOLVER}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: "/run/unbound-lab.pid"
  directory: "/tmp"
  use-syslog: no
  verbosity: 0
  module-config: "iterator"
  do-not-query-localhost: no
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  infra-host-ttl: 0
  outgoing-range: 400
  num-queries-per-thread: 400
  local-zone: "2.0.192.in-addr.arpa." nodefault
  local-zone: "113.0.203.in-addr.arpa." nodefault
  local-zone: "100.51.198.in-addr.arpa." nodefault
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: {_NSD}
"""
    + "".join(f"stub-zone:\n  name: {zone}\n  stub-addr: {_LISTS}\n" for zone in (*LISTS, REFUSES, EVERYTHING))
    + (f"stub-zone:\n  name: {HANGS}\n  stub-addr: {_SILENT}\n")
)
_NSD_CONF = f"""
server:
  ip-address: {_NSD}
  username: root
  zonesdir: "/etc/nsd"
  database: ""
  pidfile: "/run/nsd-lab.pid"
  xfrdfile: ""
  zonelistfile: "/run/nsd-zone.list"
  server-count: 1
  zonefiles-check: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: root.zone
"""
_SOA = ". 1 IN SOA ns.root.example. admin.root.example. {serial} 3600 600 86400 1\n. 1 IN NS ns.root.example.\n"


def world(scenarios: Sequence[Scenario], hosts: Mapping[str, str]) -> Zone:
    """Every domain that is not a sender's; `hosts` are receivers that one scenario has for itself."""
    made: Zone = {
        "ns.root.example": [("A", _NSD)],
        "mx.back.example": [("A", BACK_IP)],
        "mx.exim.example": [("A", EXIM_IP)],
        "mx6.exim.example": [("AAAA", EXIM_IP6)],
        "mx.postfix.example": [("A", POSTFIX_IP)],
        "mx.opensmtpd.example": [("A", OPENSMTPD_IP)],
        "newsletter.example": [("TXT", "v=spf1 ip4:192.0.2.99 -all")],
        f"gone.{ENDED}": [("TXT", "a name, so that the zone exists")],
    }
    for each in scenarios:
        host = f"mx{6 if each.ipv6 else ''}.{each.receiver}.example"
        if each.smarthost:
            host = "mx.exim.example"
            made[each.smarthost_name] = [("A", hosts.get(each.id, EXIM_SMARTHOST_IP))]
        elif each.id in hosts:
            host = f"mx.{each.to_domain}"
            made[host] = [("A", hosts[each.id])]
            made[reverse_name(hosts[each.id])] = [("PTR", f"{host}.")]
        mx = {
            "ok": [("MX", f"10 {host}.")],
            "null": [("MX", "0 .")],
            "nowhere": [("TXT", "nothing takes mail here")],
            "broken": [("MX", f"10 gone.{each.to_domain}.")],
            "private": [("MX", "10 inside.example.")],
            "loop": [("MX", "10 mx.back.example.")],
            "closed": [("MX", "10 closed.example.")],
            "none": [],
        }[each.mx]
        if mx:
            made[each.to_domain] = mx
        if each.forwards:
            made[each.last_domain] = [("MX", "10 mx.exim.example.")]
    for kind, ip in weather.ADDRESSES.items():
        made[f"{kind}.weather.example"] = [("MX", f"10 mx.{kind}.weather.example.")]
        made[f"mx.{kind}.weather.example"] = [("A", ip)]
    # Who asks a server of this internet does so from that server's own address: it has a name that leads back.
    for ip, host in (
        (EXIM_IP, "mx.exim.example"),
        (POSTFIX_IP, "mx.postfix.example"),
        (OPENSMTPD_IP, "mx.opensmtpd.example"),
        (BACK_IP, "mx.back.example"),
    ):
        made[reverse_name(ip)] = [("PTR", f"{host}.")]
    made["inside.example"] = [("A", "10.77.0.25")]
    made["closed.example"] = [("A", _SILENT)]
    return made


class NameServers:
    """All three, and the zones and lists they serve; `publish` changes a name while they run."""

    def __init__(
        self,
        folder: Path,
        network: int,
        identities: Sequence[Identity],
        scenarios: Sequence[Scenario],
        hosts: Mapping[str, str],
    ) -> None:
        self._machine = Machine(folder / "names", ("names",), network)
        self._zone = world(scenarios, hosts)
        self._lists: dict[str, set[str]] = {zone: set() for zone in LISTS}
        for it in identities:
            self._zone |= it.zone
            for zone, subjects in it.listed.items():
                self._lists[zone] |= set(subjects)
        self._serial = 1
        self._machine.write("/etc/unbound-lab.conf", _UNBOUND)
        self._machine.write("/etc/nsd-lab.conf", _NSD_CONF)
        self._write()

    def start(self) -> None:
        """Start them."""
        self._machine.spawn("nsd", "nsd", "-d", "-c", "/etc/nsd-lab.conf")
        kinds = [f"{zone}:{'dnset' if zone.startswith('dbl.') else 'ip4set'}:/etc/lists/{zone}" for zone in LISTS]
        kinds += [f"{REFUSES}:ip4set:/etc/lists/{REFUSES}", f"{EVERYTHING}:ip4set:/etc/lists/{EVERYTHING}"]
        self._machine.spawn(
            "rbldnsd",
            "rbldnsd",
            "-n",
            "-u",
            "rbldns",
            "-c",
            "0",
            "-p",
            "/run/rbldnsd-lab.pid",
            "-b",
            f"{_LISTS}/53",
            *kinds,
        )
        self._machine.spawn("unbound", "unbound", "-d", "-p", "-c", "/etc/unbound-lab.conf")
        # A list whose name server hangs: a socket that takes every question and says nothing.
        self._machine.spawn(
            "silent",
            "python3",
            "-c",
            f"import socket,time;s=socket.socket(2,2);s.bind(('{_SILENT}',53));time.sleep(1e6)",
        )

    def wait(self) -> None:
        """Wait until the resolver answers for NSD and for rbldnsd (called inside the network)."""
        for name, rdtype in (("mx.back.example", "A"), ("2.0.0.127.bl.lists.example", "A")):
            wait_for(lambda name=name, rdtype=rdtype: bool(ask(name, rdtype)), name, log=self.log, timeout_s=10)  # type: ignore[misc]

    def log(self) -> str:
        """What they printed."""
        return "\n".join(self._machine.log(name)[-1500:] for name in ("nsd", "rbldnsd", "unbound", "silent"))

    def publish(self, name: str, records: list[tuple[str, str]], *, instead_of: str = "") -> None:
        """Put records at a name, in the place of all that stood there (or only of those of one type)."""
        kept = [(kind, text) for kind, text in self._zone.get(name, []) if instead_of and kind != instead_of]
        self._zone[name] = kept + records
        self._write()

    def records(self, name: str) -> list[tuple[str, str]]:
        """What stands at a name."""
        return list(self._zone.get(name, []))

    def delist(self, subject: str) -> None:
        """Take an address or a domain off every list."""
        for subjects in self._lists.values():
            subjects.discard(subject)
        self._write()

    def reload(self) -> None:
        """Have both read their files again."""
        for name in ("nsd", "rbldnsd"):
            self._machine.run("sh", "-c", f"kill -HUP $(cat /run/{name}-lab.pid)")

    def stop(self) -> None:
        """End them."""
        self._machine.stop()

    def _write(self) -> None:
        self._serial += 1
        lines = [_SOA.format(serial=self._serial)]
        for name, records in self._zone.items():
            lines += [f"{name}. 1 IN {kind} {quoted(text) if kind == 'TXT' else text}\n" for kind, text in records]
        self._machine.write("/etc/nsd/root.zone", "".join(lines))
        for zone, subjects in self._lists.items():
            domains = zone.startswith("dbl.")
            points = [TEST_NAMES.get(zone, "test")] if domains else ["127.0.0.2"]
            text = [
                f":{ANSWERS.get(zone, '127.0.0.2')}:see https://{zone}/why\n",
                *(f"{each}\n" for each in (*points, *sorted(subjects)) if domains or ":" not in each),
            ]
            self._machine.write(f"/etc/lists/{zone}", "".join(text))
        self._machine.write(f"/etc/lists/{REFUSES}", ":127.255.255.254:not for you\n0.0.0.0/1\n128.0.0.0/1\n")
        self._machine.write(f"/etc/lists/{EVERYTHING}", ":127.0.0.2:everything\n0.0.0.0/1\n128.0.0.0/1\n")


def ask(name: str, rdtype: str) -> list[str]:
    """Ask the lab's resolver (called inside the network). Raises TimeoutError where it gives no answer."""
    try:
        reply, _ = dns.query.udp_with_fallback(dns.message.make_query(name, rdtype), RESOLVER, timeout=1)
    except dns.exception.Timeout as error:
        raise TimeoutError(name) from error
    if reply.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise TimeoutError(name)
    return [str(record) for rrset in reply.answer for record in rrset]
