"""Hosts and domains are asked about once a run, however many messages name them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from postmend.app.score_asked import Asked
from postmend.model import Fact, Finding
from tests.dnslab import serve
from tests.scenarios import IP, world
from tests.score.mails import LANGUAGES, TABLES, good
from tests.score.test_filters import score

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("--json", "--ip", IP, "--helo", "mail.example.com", "--rspamd", "off", "--spamassassin", "off")
FOUND = (Finding("blocklist", "blocklist.not_listed", "192.0.2.7", Fact.PASS, "not listed"),)


def test_every_message_gets_what_was_asked_once(tmp_path: Path) -> None:
    raw = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=True).written()
    for number in range(20):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    with serve(world()) as (resolver, _):
        done = score(*WORDS, "--resolver", resolver, str(tmp_path))
    made = [json.loads(line) for line in done.stdout.splitlines()]
    passed = [{each["id"] for each in one["passed"]} for one in made]
    assert len(passed) == 20
    assert all(each >= {"spf.pass", "rdns.ok", "helo.ok", "blocklist.not_listed"} for each in passed)


def test_whoever_stops_waiting_stops_nobody_else() -> None:
    async def run() -> None:
        answer = asyncio.Event()
        times = 0

        async def ask() -> tuple[Finding, ...]:
            nonlocal times
            times += 1
            await answer.wait()
            return FOUND

        async with Asked() as asked:
            first, second = (asyncio.create_task(asked.once("a", ask)) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            answer.set()
            assert await second == FOUND
            assert await asked.once("a", ask) == FOUND
        assert times == 1

    asyncio.run(run())


def test_what_failed_is_asked_again() -> None:
    async def run() -> None:
        answers = [ValueError("once"), None]

        async def ask() -> tuple[Finding, ...]:
            if fault := answers.pop(0):
                raise fault
            return FOUND

        async with Asked() as asked:
            with pytest.raises(ValueError, match="once"):
                await asked.once("a", ask)
            assert await asked.once("a", ask) == FOUND

    asyncio.run(run())
