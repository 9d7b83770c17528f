"""The shared corpus of replies and bounces, where it is there: the shares that must be reached, a little under what is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
POSTMEND = str(Path(sys.executable).with_name("postmend"))

pytestmark = pytest.mark.skipif(not (CORPUS / "score.py").exists(), reason=f"no corpus in {CORPUS}")


def figures(what: str) -> dict[str, float]:
    words = [sys.executable, str(CORPUS / "score.py"), what, "--cmd", POSTMEND]
    printed = subprocess.run(words, capture_output=True, check=True, timeout=120).stdout.decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+) +(\d\.\d+) \(", printed, re.MULTILINE)}


def test_replies() -> None:
    found = figures("replies")
    assert found["lenient"] >= 0.97, found
    assert found["macro"] >= 0.92, found
    assert found["wrong_suppress"] <= 0.005, found
    assert found["missed_suppress"] <= 0.08, found


def test_bounces() -> None:
    found = figures("bounces")
    assert found["cause_lenient"] >= 0.94, found
    assert found["extracts"] >= 0.93, found
    assert found["wrong_suppress"] <= 0.011, found
