"""What every test may use."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
# A shell ignores SIGINT in what it starts in the background, and children inherit that: tests send it to commands.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples"


def require(program: str) -> str:
    """A server program; without it the test is skipped, or fails where POSTMEND_REQUIRE_SERVERS is set."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found:
        return found
    if os.environ.get("POSTMEND_REQUIRE_SERVERS", "0") not in {"", "0"}:
        pytest.fail(f"{program} is not installed (see tests/packages.txt)")
    pytest.skip(f"{program} is not installed (see tests/packages.txt)")
