"""SPF of a record with nine includes, 40 ms a reply, against spftrace (prefetching), pyspf and checkdmarc.

Peers: pip install -r bench/requirements.txt. Each side evaluates in an interpreter of its own; imports are not counted.
"""

import statistics

from bench.lab import measured, nameserver, there
from bench.timing import ROUNDS, row

_HEAD = """
import json, sys, time
port = int(sys.argv[1])
def timed(call):
    start = time.perf_counter()
    found = call()
    print(json.dumps({"s": time.perf_counter() - start, "right": float("fail" in str(found))}))
"""
_SIDES = {
    "postmend": (
        "postmend",
        """
import asyncio
from postmend import check_spf
check_spf("192.0.2.7", "a@gone.example", "", f"127.0.0.1:{port}")
timed(lambda: check_spf("192.0.2.7", "a@example.com", "", f"127.0.0.1:{port}").result)
""",
    ),
    "spftrace, prefetch": (
        "spftrace",
        """
import spftrace
def resolver():
    made = spftrace.LiveResolver(["127.0.0.1"], 2.0)
    made.resolver.port = port
    return made
spftrace.check("192.0.2.7", "a@gone.example", resolver=resolver(), prefetch=True)
timed(lambda: spftrace.check("192.0.2.7", "a@example.com", resolver=resolver(), prefetch=True).result)
""",
    ),
    "pyspf": (
        "spf",
        """
import dns.resolver, spf
dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
dns.resolver.default_resolver.nameservers, dns.resolver.default_resolver.port = ["127.0.0.1"], port
timed(lambda: spf.check2("192.0.2.7", "a@example.com", "mail.example.com")[0])
""",
    ),
    "checkdmarc (reads the record, no IP)": (
        "checkdmarc",
        """
import dns.resolver, checkdmarc.spf
made = dns.resolver.Resolver(configure=False)
made.nameservers, made.port = ["127.0.0.1"], port
timed(lambda: checkdmarc.spf.check_spf("example.com", resolver=made) and "fail")
""",
    ),
}


def run() -> None:
    """Print each side's milliseconds, and the ratio to Postmend's."""
    sides = {name: _HEAD + code for name, (module, code) in _SIDES.items() if there(module)}
    with nameserver("spf") as port:
        rounds = [{name: measured(code, str(port)) for name, code in sides.items()} for _ in range(ROUNDS)]
    taken = {name: statistics.median(each[name]["s"] for each in rounds) for name in sides}
    for name in sides:
        assert all(each[name]["right"] for each in rounds), f"{name} gave another result"
        note = "" if name == "postmend" else f"postmend takes {taken['postmend'] / taken[name]:.2f} of it"
        row(f"SPF, 9 includes at 40 ms: {name}", f"{taken[name] * 1000:.0f} ms", note)
