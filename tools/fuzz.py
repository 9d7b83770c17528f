"""Break mails at random and see that reading them only ever says so: `python -m tools.fuzz [COUNT [FOLDER...]]`.

COUNT mutations (20,000) of every mail of the folders (the corpus beside the repository if it is there, else the
samples), then each run of `tests.hostile` at 250,000 characters. Ends with 1 where anything but ParseError was
raised or an input took longer than LIMIT_S.
"""

import contextlib
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from postmend.app.explain import explain_bytes
from postmend.app.settings import Settings
from postmend.model import ParseError
from tests.hostile import mutations, runs

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "bounces"
LIMIT_S = 2.0  # CPU seconds for one input
SEED = 20_000


def _mails(folders: list[str]) -> list[Path]:
    places = [Path(folder) for folder in folders] or [CORPUS if CORPUS.is_dir() else ROOT / "samples"]
    return sorted(path for place in places for path in place.rglob("*") if path.is_file())


def _mutated(paths: list[Path], count: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible, not secret
    for path in paths:
        raw = path.read_bytes()
        yield str(path), raw
        if raw:
            yield from ((str(path), data) for data in mutations(raw, rng, count // len(paths) + 1))


def _seconds(raw: bytes) -> float:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        msgspec.json.encode(explain_bytes(raw, "x", Settings(offline=True)))
    return time.process_time() - start


def main() -> int:
    """Read them all; print what went wrong, the slowest, and the peak of memory."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    paths = _mails(sys.argv[2:])
    done, bad, slowest = 0, 0, (0.0, "")
    for inputs in (_mutated(paths, count), runs(250_000)):
        for name, raw in inputs:
            done += 1
            try:
                taken = _seconds(raw)
            except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
                bad += 1
                sys.stdout.write(f"{name}: {type(error).__name__}: {error}\n")
                continue
            slowest = max(slowest, (taken, name))
            if taken > LIMIT_S:
                bad += 1
                sys.stdout.write(f"{name}: {taken:.1f} s\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    sys.stdout.write(f"{done:,} inputs, {bad} bad; slowest {slowest[0]:.2f} s ({slowest[1]}); peak {peak} MB\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
