"""Start-up: `postmend --version` and `postmend explain --offline` of one mail, against `python3 -c pass`."""

import sys
from pathlib import Path

from bench.timing import command, in_turn, row

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "bounce-barracuda.eml"


def run() -> None:
    """Print seconds, and the ratio to an empty interpreter."""
    postmend = str(Path(sys.executable).with_name("postmend"))
    explain = [postmend, "explain", "--offline", str(SAMPLE)]
    command(explain)()  # the first run may compile the knowledge
    empty, version, one = in_turn(
        command([sys.executable, "-c", "pass"]), command([postmend, "--version"]), command(explain)
    )
    row("start-up: python3 -c pass", f"{empty:.3f} s")
    row("start-up: postmend --version", f"{version:.3f} s", f"{version / empty:.1f} times")
    row("start-up: postmend explain --offline", f"{one:.3f} s", f"{one / empty:.1f} times")
