"""Weeks with a hijacked account or a bad neighbour in them, and clean ones: found at the right time, and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

import postmend
from tests.traffic.generator import Postfix
from tests.traffic.weeks import week

CULPRITS = {"compromised_account", "noisy_neighbour", "script_spam"}


@pytest.mark.heavy
@pytest.mark.parametrize("plant", ["clean", "compromised", "neighbour"])
@pytest.mark.parametrize("seed", range(1000, 1004))
def test_week(tmp_path: Path, plant: str, seed: int) -> None:
    """The whole count (50 of each) is `python -m bench report`."""
    mails, planted = week(seed, plant)
    writer = Postfix(seed=seed % 7 + 1, iso=seed % 2 == 0, hop=seed % 3 == 0)
    for mail in mails:
        writer.write(mail)
    path = tmp_path / "mail.log"
    path.write_bytes(writer.text())
    found = [finding for finding in postmend.report(path).findings if finding.id in CULPRITS]
    if planted is None:
        assert found == []
        return
    (finding,) = found
    assert finding.id == ("compromised_account" if plant == "compromised" else "noisy_neighbour")
    assert planted.name.removeprefix("uid:") in finding.name
    began = datetime.strptime(finding.began or "", "%Y-%m-%d %H:%M")  # noqa: DTZ007  the log's own clock
    assert abs((began - planted.began).total_seconds()) <= 3600
