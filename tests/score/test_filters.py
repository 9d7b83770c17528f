"""Real filters from Debian's packages, started by the command itself on loopback and stopped afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import require
from tests.score.mails import LANGUAGES, TABLES, good

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTMEND = str(Path(sys.executable).with_name("postmend"))
SAMPLES = Path("/usr/share/doc/spamassassin/examples")
START = ("--offline", "--rspamd", "start", "--spamassassin", "start")

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def _own_folder() -> Iterator[None]:
    """A folder of this run's own for what the filters write: other runs start filters too."""
    for name in ("rspamd", "spamd"):
        require(name)
    with tempfile.TemporaryDirectory(prefix="pm", dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # the filters run as users of their own
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", folder)
            yield


def score(*words: str, raw: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([POSTMEND, "score", *words], input=raw, capture_output=True, check=False, timeout=120)


def ours() -> set[int]:
    """Filter processes of this run: their folders lie in its own."""
    found = set()
    mine = os.environ["TMPDIR"].encode() + b"/postmend-filter-"
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mine in entry.read_bytes():
                found.add(int(entry.parent.name))
        except OSError:
            continue
    return found


def gone() -> bool:
    """Whether none is left; one that was killed a moment ago may still be in the table."""
    end = time.monotonic() + 5
    while ours() and time.monotonic() < end:
        os.sched_yield()
    return not ours()


def test_both_filters_side_by_side_and_nothing_left() -> None:
    raw = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=True).written()
    done = score(*START, "--json", "--ip", "192.0.2.7", "--helo", "mail.example.com", raw=raw)
    made = json.loads(done.stdout)
    rspamd, spamassassin = made["filters"]
    assert (rspamd["state"], spamassassin["state"]) == ("answered", "answered"), done.stderr
    assert rspamd["symbols"]
    assert made["envelope"]["origin"] == {"ip": "option", "helo": "option", "mail_from": "From", "rcpt": "To"}
    assert gone()


def test_a_message_whose_last_line_has_no_end() -> None:
    """What stands in a pipe often ends so; spamd reads lines."""
    raw = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=True).written().rstrip()
    done = score(*START, "--json", raw=raw)
    assert [each["state"] for each in json.loads(done.stdout)["filters"]] == ["answered", "answered"]


@pytest.mark.skipif(not (SAMPLES / "sample-spam.txt").exists(), reason="SpamAssassin's samples are not installed")
def test_samples_of_spamassassin() -> None:
    done = score(*START, "--json", str(SAMPLES / "sample-spam.txt"), str(SAMPLES / "sample-nonspam.txt"))
    spam, ham = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert (spam["taken"], ham["taken"]) == ("refused", "fine")
    assert all(each["taken"] in {"refused", "marked"} for each in spam["filters"])


@pytest.mark.parametrize(("told", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_being_told_to_end_leaves_nothing_behind(told: signal.Signals, status: int) -> None:
    process = subprocess.Popen([POSTMEND, "score", *START, "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while len(ours()) < 2 and time.monotonic() < end:
        os.sched_yield()
    process.send_signal(told)
    _, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert b"Traceback" not in said
    assert gone()
    assert not list(Path(os.environ["TMPDIR"]).iterdir())
