"""Zones for SPF repairs, made from a number: anything that people publish, slips and dead ends included."""

from __future__ import annotations

import ipaddress
import random
from dataclasses import dataclass

from postmend.evidence.spf import check_host
from postmend.evidence.spf_repair import propose
from postmend.evidence.spf_result import SpfResult
from postmend.evidence.spf_tree import cost_of, read_tree
from postmend.model import RecordChange
from postmend.model.dns import Answer, Rcode
from tests.dnslab import Zone

DOMAIN = "example.com"
NAMES = [f"{letter}.example.net" for letter in "abcdefghij"]
NOWHERE = ["gone.example.net", "void.example.org"]
LOCALS = ["alice", "bob", "list+tag"]


class ZoneResolver:
    """A Resolver over a zone in memory, wildcards and silent names included."""

    def __init__(self, zone: Zone) -> None:
        self.zone = {name.lower(): records for name, records in zone.items()}

    async def query(self, name: str, rdtype: str) -> Answer:
        plain = name.lower().rstrip(".")
        records = self.zone.get(plain)
        if records is None and "." in plain:
            records = self.zone.get("*." + plain.partition(".")[2])
        if records is None:
            return Answer(name, rdtype, Rcode.NXDOMAIN)
        if any(kind == "TIMEOUT" for kind, _ in records):
            return Answer(name, rdtype, Rcode.TIMEOUT)
        return Answer(name, rdtype, Rcode.NOERROR, tuple(text for kind, text in records if kind == rdtype))


@dataclass(frozen=True)
class Case:
    """A zone, who is to pass, and others who may pass now."""

    zone: Zone
    ip: str
    mail_from: str
    others: tuple[tuple[str, str], ...]  # IP address, MAIL FROM


def _v4(r: random.Random) -> str:
    return f"{r.choice(['192.0.2', '198.51.100', '203.0.113'])}.{r.randrange(256)}"


def _v6(r: random.Random) -> str:
    return f"2001:db8::{r.randrange(1, 200):x}"


def _term(r: random.Random) -> str:
    name = r.choice([*NAMES, *NAMES, *NOWHERE])
    sign = r.choice(["", "", "", "", "+", "-", "~", "?"])
    return r.choice(
        [
            f"ip4:{_v4(r)}", f"{sign}ip4:{_v4(r)}/{r.choice([8, 16, 24, 25, 28, 32])}", f"ip6:{_v6(r)}",
            f"{sign}ip6:2001:db8::/{r.choice([32, 64, 120])}", f"include:{name}", f"include:{name}", f"include:{name}",
            f"{sign}include:{name}", f"a:{name}", f"{sign}a:{name}/{r.choice([24, 30])}", f"mx:{name}", "a", "mx",
            f"{sign}mx:{name}//{r.choice([64, 120])}", f"exists:{name}", "exists:%{i}.%{l}.l.example.net",
            "exists:%{ir}.l.example.net", "include:%{d}.x.example.net", "ptr", f"ptr:{name}", f"exp={name}",
            f"unknown={name}", f"include:{DOMAIN}", f"a:{r.choice(NOWHERE)}", f"INCLUDE:{name.upper()}",
        ]
    )  # fmt: skip


def _slip(r: random.Random) -> str:
    return r.choice(
        [
            f"ipv4:{_v4(r)}", f"ip4:{_v6(r)}", f"a:{_v4(r)}", f"ip4:{_v4(r)}/33", "include:", "foo:bar", "ip4:mail",
            f"ip4:{_v4(r)},ip4:{_v4(r)}", f"include: {r.choice(NAMES)}", "all:x", f"ip4:{_v4(r)};", "“a”", "-al",
        ]
    )  # fmt: skip


def _record(r: random.Random, most: int = 6) -> str:
    terms = [_term(r) for _ in range(r.randrange(most + 1))]
    if r.random() < 0.05:
        terms.insert(r.randrange(len(terms) + 1), _slip(r))
    end = r.choice(["-all", "-all", "~all", "~all", "?all", "+all", "", "", f"redirect={r.choice([*NAMES, *NOWHERE])}"])
    return " ".join(["v=spf1", *terms, *([end] if end else [])])


def _host(r: random.Random) -> list[tuple[str, str]]:
    records = [("A", _v4(r)) for _ in range(r.choice([0, 1, 1, 2]))]
    records += [("AAAA", _v6(r)) for _ in range(r.choice([0, 0, 1]))]
    records += [("MX", f"{i} {r.choice(NAMES)}") for i in range(r.choice([0, 1, 1, 3, 12]))]
    if r.random() < 0.1:
        records.append(("MX", "0 ."))
    return records


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def make(number: int) -> Case:
    """The case with this number, always the same."""
    r = random.Random(number)
    zone: Zone = {}
    for name in NAMES:
        zone[name] = _host(r) + [("TXT", _record(r, 4)) for _ in range(r.choice([0, 1, 1, 1, 1, 1, 1, 2]))]
        zone[name] += [("TXT", "some other text")] if r.random() < 0.2 else []
    if r.random() < 0.05:
        zone[r.choice(NAMES)] = [("TIMEOUT", "")]
    big = r.random() < 0.25
    zone[DOMAIN] = _host(r) + [("TXT", _record(r, 14 if big else 6)) for _ in range(r.choice([0, 1, 1, 1, 1, 1, 2, 3]))]
    zone[f"{DOMAIN}.x.example.net"] = [("TXT", _record(r, 2))]
    zone["*.l.example.net"] = [("A", "127.0.0.2")] if r.random() < 0.3 else []
    zone["*.alice.l.example.net"] = [("A", "127.0.0.2")] if r.random() < 0.5 else []
    ips = [_v4(r) if r.random() < 0.8 else _v6(r) for _ in range(10)]
    if r.random() < 0.3:
        zone[f"{'.'.join(reversed(ips[0].split('.')))}.in-addr.arpa"] = [("PTR", r.choice(NAMES))]
    senders = [f"{r.choice(LOCALS)}@{DOMAIN}" for _ in ips]
    covered = [text.partition(":")[2] for _, text in zone[DOMAIN] for text in text.split() if text.startswith("ip4:")]
    others = [*zip(ips[1:], senders[1:], strict=True), *((text.partition("/")[0], senders[0]) for text in covered)]
    return Case(zone, ips[0], senders[0], tuple(pair for pair in others if _is_ip(pair[0])))


async def evaluate(zone: Zone, ip: str, mail_from: str) -> SpfResult:
    """SPF in a zone in memory."""
    return await check_host(ZoneResolver(zone), ip, mail_from=mail_from)


async def proposal(case: Case) -> RecordChange | None:
    """What is proposed for a case."""
    resolver = ZoneResolver(case.zone)
    return await propose(resolver, case.ip, await check_host(resolver, case.ip, mail_from=case.mail_from))


def repaired(case: Case, change: RecordChange) -> Zone:
    """The zone with the proposed record in it."""
    kept = [record for record in case.zone[DOMAIN] if record[0] != "TXT"]
    return case.zone | {DOMAIN: [*kept, ("TXT", change.after)]}


async def fault_of(case: Case, change: RecordChange) -> str:
    """What is wrong with a repair: the address does not pass, a limit is passed, or somebody is shut out."""
    fixed = repaired(case, change)
    now = await evaluate(fixed, case.ip, case.mail_from)
    if now.result != "pass" or now.lookups > 10 or now.void_lookups > 2:
        return f"{case.ip} {now.result}, {now.lookups} lookups, {now.void_lookups} void: {change}"
    cost = cost_of(await read_tree(ZoneResolver(fixed), DOMAIN))
    if cost.lookups > 10:
        return f"{cost}: {change}"
    for ip, mail_from in case.others:
        before = await evaluate(case.zone, ip, mail_from)
        if before.result == "pass" != (await evaluate(fixed, ip, mail_from)).result:
            return f"{ip} <{mail_from}> passed before: {change}"
    return ""
