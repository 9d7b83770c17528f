"""Addresses a second against scripted mail hosts that answer after 20 ms, beside PyPI's verifiers in the same run.

The hosts run in a process of their own and count sessions, recipients and refusals. The rivals are run by the Python
that POSTMEND_BENCH_RIVALS names (`pip install py3-validate-email verify-email` in an environment of theirs), on fewer
addresses; without it their dialogue is replayed with smtplib: a session for each address.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from bench.timing import ROUNDS, row
from postmend.app.settings import Settings, VerifySettings
from postmend.app.verify import Verifier

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES, RIVAL_ADDRESSES, DELAY_S = 1000, 100, 0.02

_HOSTS = """
import json, sys
from tests.dnslab import serve as names
from tests.smtplab import Host, serve

count, delay = int(sys.argv[1]), float(sys.argv[2])
class Mx(Host):
    delay_s = delay
    def rcpt(self, connection, path):
        return "250 2.1.5 Ok" if path.startswith("user") else "550 5.1.1 User unknown"
hosts = {f"127.0.8.{i + 1}": Mx() for i in range(count)}
zone = {}
for i, ip in enumerate(hosts):
    zone[f"d{i}.example"] = [("MX", f"10 mx{i}.example.")]
    zone[f"mx{i}.example"] = [("A", ip)]
with names(zone) as (resolver, _), serve(hosts) as port:
    print(json.dumps([resolver, port]), flush=True)
    for line in sys.stdin:
        sessions = [c for h in hosts.values() for c in h.connections]
        most = max(h.most_open for h in hosts.values())
        rcpts, refusals = max(len(c.rcpts) for c in sessions), max(c.refusals for c in sessions)
        print(json.dumps([len(sessions), most, rcpts, refusals]), flush=True)
        for h in hosts.values():
            h.connections.clear(); h.most_open = 0
"""
# Their own code, led to the hosts: names, resolver and port; what they ask and how is theirs.
_RIVAL = """
import json, smtplib, socket, sys, time
from concurrent.futures import ThreadPoolExecutor
name, threads, resolver, port, addresses = json.loads(sys.stdin.readline())
real = socket.getaddrinfo
def led(host, *rest, **more):
    if isinstance(host, str) and host.startswith("mx"):
        host = f"127.0.8.{int(host.split('.')[0][2:]) + 1}"
    return real(host, *rest, **more)
socket.getaddrinfo = led
smtplib.SMTP.default_port = port
host = lambda address: "mx" + address.partition("@")[2].partition(".")[0][1:] + ".example"
if name == "py3-validate-email":
    import dns.resolver
    own = dns.resolver.Resolver(configure=False)
    own.nameservers, own.port = [resolver.partition(":")[0]], int(resolver.partition(":")[2])
    dns.resolver.default_resolver = own
    from validate_email import validate_email
    ask = lambda a: validate_email(a, check_blacklist=False, smtp_helo_host="p.example",
                                   smtp_from_address="p@p.example")
elif name == "verify-email":
    import asyncio, types
    from verify_email.verify_email import network_calls
    ask = lambda a: asyncio.run(network_calls(types.SimpleNamespace(host=host(a)), a))
else:
    def ask(a):
        with smtplib.SMTP(host(a), local_hostname="p.example", timeout=10) as smtp:
            smtp.ehlo(); smtp.mail("p@p.example"); smtp.rcpt("absent@" + a.partition("@")[2])
            return smtp.rcpt(a)[0] == 250
with ThreadPoolExecutor(threads) as pool:
    start = time.perf_counter()
    good = sum(map(bool, pool.map(ask, addresses)))
    print(json.dumps([len(addresses) / (time.perf_counter() - start), good]))
"""


def _addresses(hosts: int) -> list[str]:
    return [f"user{i}@d{i % hosts}.example" for i in range(ADDRESSES)]


async def _ours(resolver: str, port: int, addresses: list[str]) -> int:
    told = VerifySettings("probe@prober.example", "probe.prober.example", smtp_port=port, self_check=False)
    async with Verifier(Settings(resolver=resolver, verify=told)) as verifier:
        return sum([found.verdict == "deliverable" async for found in verifier.verify_many(addresses)])


def _ask(pipes: tuple[IO[str], IO[str]]) -> list[int]:
    pipes[0].write("count\n")
    pipes[0].flush()
    found: list[int] = json.loads(pipes[1].readline())
    return found


def _theirs(name: str, threads: int, where: list[Any], addresses: list[str]) -> float:
    python = os.environ.get("POSTMEND_BENCH_RIVALS") or sys.executable
    given = json.dumps([name, threads, *where, addresses])
    done = subprocess.run([python, "-c", _RIVAL], input=given + "\n", capture_output=True, text=True, check=True)
    rate, good = json.loads(done.stdout.splitlines()[-1])
    assert good == len(addresses), f"{name} found {good} of {len(addresses)} alive"
    return float(rate)


def _compare(hosts: int, pipes: tuple[IO[str], IO[str]]) -> None:
    where = json.loads(pipes[1].readline())
    addresses = _addresses(hosts)
    taken: list[float] = []
    counted = [0, 0, 0, 0]
    for _ in range(ROUNDS):
        start = time.perf_counter()
        assert asyncio.run(_ours(*where, addresses)) == ADDRESSES
        taken.append(time.perf_counter() - start)
        counted = _ask(pipes)
    rate = ADDRESSES / statistics.median(taken)
    told = "{} sessions, {} at a time; at most {} recipients, {} refusals in one".format(*counted)
    row(f"verify, {hosts} MX at 20 ms: postmend", f"{rate:.0f}/s", told)
    rivals = ["py3-validate-email", "verify-email"] if os.environ.get("POSTMEND_BENCH_RIVALS") else ["smtplib"]
    for name in rivals:
        for threads in (1, 10):
            theirs = _theirs(name, threads, where, addresses[:RIVAL_ADDRESSES])
            row(f"  {name}, {threads} at a time", f"{theirs:.0f}/s", f"postmend {rate / theirs:.1f} times")


def run() -> None:
    """Print addresses a second, and what the hosts counted."""
    for hosts in (20, 1):
        words = [sys.executable, "-c", _HOSTS, str(hosts), str(DELAY_S)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            _compare(hosts, (server.stdin, server.stdout))
            server.kill()
