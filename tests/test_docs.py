"""The documents say what is so: the README's sample, its length, links, and that nothing is left unfilled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.readme import written

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_readme_shows_what_the_command_prints() -> None:
    text = (ROOT / "README.md").read_text()
    assert written(text) == text, "run: python -m tools.readme"
    assert len(text.splitlines()) <= 70


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_paths_named_in_architecture_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for name in re.findall(r"`((?:src|tests|docs|samples|bench|tools)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
