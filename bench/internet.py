"""The verdict on the small internet's real bounces, beside Sisimai (Debian's libsisimai-perl) on the same bounces.

    python -m bench.internet

Both sides see the same files. A cause counts as right for Sisimai where it gives the reason that `causes.toml` pairs
with it (or, for a cause that its words do not tell apart, any of the reasons that mean the same to a reader).
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from postmend.app.explain import explain_bytes
from postmend.app.settings import Settings
from postmend.knowledge.causes import cause_info
from postmend.model import Cause
from tests.internet.lab import Internet
from tests.internet.names import RESOLVER
from tests.internet.scenario import Scenario, scenarios
from tests.internet.test_internet import own_lists
from tests.servers import wait_for

_SAME = {"blocked": {"blocked", "badreputation", "requireptr"}, "authfailure": {"authfailure", "policyviolation"}}


def sisimai(path: Path) -> str:
    """The reason that Sisimai gives; empty where it finds no bounce."""
    call = ["perl", "-MSisimai", "-e", "my $d = Sisimai->make($ARGV[0]); print $d ? $d->[0]->reason : ''", str(path)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()


def measure(internet: Internet, each: Scenario, path: Path) -> tuple[bool, bool, bool, float]:
    """Whether Postmend and Sisimai are right, whether a wrong cause was called confirmed, and Postmend's seconds."""
    it = internet.identities[each.id]
    given = {"ip": it.ip, "helo": it.helo} if each.told else {}
    settings = Settings(resolver=f"{RESOLVER}:53", local=False, blocklists=own_lists(each), **given)
    begun = time.perf_counter()
    (result,) = internet.inside(explain_bytes, path.read_bytes(), path.name, settings)
    taken = time.perf_counter() - begun
    cause = result.failures[0].cause
    reason = cause_info(Cause(each.cause)).sisimai
    ours = cause.id == each.cause
    return ours, sisimai(path) in _SAME.get(reason, {reason}), cause.state == "confirmed" and not ours, taken


def main() -> None:
    """Run as the module's documentation says."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    taken: list[float] = []
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        internet = Internet(Path(folder))
        try:
            internet.start()
            internet.send_all(scenarios())
            for each in scenarios():
                wait_for(lambda each=each: bool(internet.bounces(each)), each.id)  # type: ignore[misc]
                path = Path(folder, f"{each.id}.eml")
                path.write_bytes(internet.bounces(each)[0])
                ours, theirs, bad, seconds = measure(internet, each, path)
                counts[each.kind] = [a + b for a, b in zip(counts[each.kind], (1, ours, theirs), strict=True)]
                taken.append(seconds)
                wrong += bad
        finally:
            internet.stop()
    for kind, (whole, ours, theirs) in sorted(counts.items()):
        print(f"{kind:12} {whole:3} scenarios   postmend {ours / whole:6.1%}   sisimai {theirs / whole:6.1%}")
    whole, ours, theirs = (sum(each[i] for each in counts.values()) for i in range(3))
    print(f"{'all':12} {whole:3} scenarios   postmend {ours / whole:6.1%}   sisimai {theirs / whole:6.1%}")
    print(f"wrong and called confirmed: {wrong}")
    print(f"one explain: median {statistics.median(taken):.2f} s, most {max(taken):.2f} s")


if __name__ == "__main__":
    main()
