"""Wrong repairs of SPF over 10,000 generated zones, judged by Postmend's evaluation and by spftrace's, if installed.

The zones are those of the tests (`tests/evidence/spf_zones.py`); POSTMEND_BENCH_ZONES says how many.
"""

import asyncio
import os
import sys
from collections import Counter

from bench.lab import there
from bench.timing import row
from tests.evidence.spf_zones import DOMAIN, Case, evaluate, fault_of, make, proposal, repaired

ZONES = int(os.environ.get("POSTMEND_BENCH_ZONES") or 10_000)


def _peer_zone(zone: dict[str, list[tuple[str, str]]]) -> dict[str, dict[str, list[str]]]:
    made: dict[str, dict[str, list[str]]] = {}
    for name, records in zone.items():
        held = made.setdefault(name, {})
        for kind, text in records:
            held.setdefault(kind, []).append(text.partition(" ")[2].rstrip(".") if kind == "MX" else text)
    return made


def _second_opinion(case: Case, zone: dict[str, list[tuple[str, str]]]) -> str:
    import spftrace

    class Zone(spftrace.BaseResolver):
        async def _lookup(self, name: str, rtype: str) -> tuple[str, list[str]]:
            held = made.get(name.lower().rstrip(".")) or made.get("*." + name.lower().rstrip(".").partition(".")[2])
            if held is None:
                return "NXDOMAIN", []
            return ("TIMEOUT", []) if "TIMEOUT" in held else ("NOERROR", held.get(rtype, []))

    made = _peer_zone(zone)
    return str(spftrace.check(case.ip, case.mail_from, resolver=Zone()).result)


async def _all() -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(ZONES):
        case = make(number)
        before = await evaluate(case.zone, case.ip, case.mail_from)
        change = await proposal(case)
        counts["to mend"] += before.result not in {"pass", "temperror"}
        if change is None:
            counts[f"none for {before.result}"] += 1
            continue
        counts["proposed"] += 1
        fault = await fault_of(case, change)
        if not fault and there("spftrace"):
            second = await asyncio.to_thread(_second_opinion, case, repaired(case, change))
            fault = "" if "pass" in second.lower() else f"spftrace says {second}: {change}"
        if fault:
            wrong.append(f"zone {number}: {fault}")
    return counts, wrong


def run() -> None:
    """Print how many were wrong, and how many of those that need one got a repair."""
    counts, wrong = asyncio.run(_all())
    judges = "Postmend and spftrace" if there("spftrace") else "Postmend"
    row(
        "SPF repairs: wrong",
        str(len(wrong)),
        f"of {counts['proposed']} in {ZONES} zones of {DOMAIN}; judged by {judges}",
    )
    row(
        "SPF repairs: proposed",
        f"{counts['proposed'] / max(1, counts['to mend']):.1%}",
        f"of {counts['to mend']} that do not pass",
    )
    for line in wrong[:20]:
        sys.stdout.write(line + "\n")
