"""Blocklists, against pydnsbl in the same run: one IP on 100 lists, and 2,500 IPs on 20 lists.

Peers: pip install -r bench/requirements.txt. The lists answer after 20 to 80 ms; for one IP two never answer.
"""

import statistics
from collections.abc import Callable

from bench.lab import measured, nameserver, there
from bench.timing import ROUNDS, row

IPS, LISTS = 2500, 20
_DEADLINE_S = 2.0

_ZONES = """
import asyncio, json, resource, sys, time
port, count, ips = (int(each) for each in sys.argv[1:4])
zones = [f"l{i}.d{20 + i * 60 // max(1, count - 1)}.example" for i in range(count)]
subjects = [f"192.0.{2 + i // 256}.{i % 256}" for i in range(ips)]
wanted = sum(int(ip.rpartition(".")[2]) % 5 == 0 for ip in subjects) * count
"""
_ONE = (
    _ZONES
    + """
zones = zones[:-2] + ["x.dead.example", "y.dead.example"]
from postmend.evidence.blocklists import stream_blocklists
from postmend.knowledge.blocklists import Blocklist
from postmend.net.dns import open_resolver
async def main():
    lists = [Blocklist(zone, zone) for zone in zones]
    async with open_resolver(f"127.0.0.1:{port}", 2.0) as resolver:
        start = time.perf_counter()
        findings = stream_blocklists(resolver, "192.0.2.5", lists=lists)
        told = [(f.id, time.perf_counter() - start) async for f in findings]
    alive = [at for ident, at in told if ident == "blocklist.listed"]
    assert len(alive) == count - 2, told
    print(json.dumps({"shown": max(alive), "all": told[-1][1]}))
asyncio.run(main())
"""
)
_ONE_PYDNSBL = (
    _ZONES
    + """
zones = zones[:-2] + ["x.dead.example", "y.dead.example"]
import aiodns, pydnsbl
from pydnsbl.providers import Provider
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
checker = pydnsbl.DNSBLIpChecker(providers=[Provider(zone) for zone in zones], loop=loop)
checker._resolver = aiodns.DNSResolver(nameservers=["127.0.0.1"], udp_port=port, timeout=5, tries=2, loop=loop)
start = time.perf_counter()
checker.check("192.0.2.5")
print(json.dumps({"all": time.perf_counter() - start}))
"""
)
_MANY = (
    _ZONES
    + """
from postmend.evidence.sweep import sweep
from postmend.knowledge.blocklists import Blocklist
from postmend.net.dns import open_resolver
async def main():
    lists = [Blocklist(zone, zone) for zone in zones]
    told = listed = 0
    async with open_resolver(f"127.0.0.1:{port}", 5.0) as resolver:
        start = time.perf_counter()
        async for swept in sweep(resolver, subjects, lists):
            told += swept.listing.state in {"listed", "not_listed"}
            listed += swept.listing.state == "listed"
        taken = time.perf_counter() - start
    assert listed == wanted or told < ips * count, (listed, wanted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": told / taken, "lost": ips * count - told, "mb": peak}))
asyncio.run(main())
"""
)
_MANY_PYDNSBL = (
    _ZONES
    + """
import aiodns, pydnsbl
from pydnsbl.providers import Provider
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
checker = pydnsbl.DNSBLIpChecker(providers=[Provider(zone) for zone in zones], loop=loop, concurrency=int(sys.argv[4]))
checker._resolver = aiodns.DNSResolver(nameservers=["127.0.0.1"], udp_port=port, timeout=5, tries=2, loop=loop)
start = time.perf_counter()
results = checker.bulk_check(subjects)
taken = time.perf_counter() - start
lost = sum(len(each.failed_providers) for each in results)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rate": ips * count / taken, "lost": lost, "mb": peak}))
"""
)


def _medians(*calls: Callable[[], dict[str, float]]) -> list[dict[str, float]]:
    taken = [[call() for call in calls] for _ in range(ROUNDS)]
    return [
        {name: statistics.median(each[i][name] for each in taken) for name in taken[0][i]} for i in range(len(calls))
    ]


def run() -> None:
    """Print both figures with their ratios."""
    peer = there("pydnsbl")
    with nameserver("lists") as port:
        one = [lambda: measured(_ONE, str(port), "100", "1")]
        many = [lambda: measured(_MANY, str(port), str(LISTS), str(IPS))]
        if peer:
            one.append(lambda: measured(_ONE_PYDNSBL, str(port), "100", "1"))
            many += [
                lambda: measured(_MANY_PYDNSBL, str(port), str(LISTS), str(IPS), "200"),
                lambda: measured(_MANY_PYDNSBL, str(port), str(LISTS), str(IPS), "1000"),
            ]
        (own, *others) = _medians(*one)
        slowest_s = 0.080
        row(
            "one IP, 100 lists: the 98 that answer",
            f"{own['shown']:.3f} s",
            f"{own['shown'] / slowest_s:.2f} x slowest",
        )
        row("one IP, 100 lists: all", f"{own['all']:.2f} s", f"{own['all'] / _DEADLINE_S:.2f} x the deadline")
        for other in others:
            row("  pydnsbl: all, nothing before", f"{other['all']:.2f} s")
        (own, *others) = _medians(*many)
        row(f"{IPS} IPs x {LISTS} lists", f"{own['rate']:,.0f}/s", f"lost {own['lost']:.0f}, peak {own['mb']:.0f} MB")
        for name, other in zip(("as it comes", "told to ask 1,000 at once"), others, strict=False):
            row(
                f"  pydnsbl, {name}",
                f"{other['rate']:,.0f}/s",
                f"postmend {own['rate'] / other['rate']:.1f} x; lost {other['lost']:.0f}, peak {other['mb']:.0f} MB",
            )
