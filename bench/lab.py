"""Bench helpers for DNS: the name server as a process of its own, and calls in fresh interpreters."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def nameserver(mode: str) -> Iterator[int]:
    """Run `bench.nameserver` on the second core; give its port."""
    words = ["taskset", "-c", "1", sys.executable, "-m", "bench.nameserver", mode]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait(timeout=5)


def measured(code: str, *words: str) -> dict[str, float]:
    """Run `code` in an interpreter of its own on the first core; it prints one JSON object of figures."""
    done = subprocess.run(
        ["taskset", "-c", "0", sys.executable, "-W", "ignore", "-c", code, *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def there(name: str) -> bool:
    """Whether a peer is installed (bench/requirements.txt)."""
    return find_spec(name) is not None
