"""The library: typed functions that give what the commands print, each also to be awaited."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import postmend
from tests.conftest import ROOT
from tests.dnslab import serve
from tests.scenarios import IP, WORLD

SAMPLE = ROOT / "samples" / "bounce-barracuda.eml"
POSTMEND = str(Path(sys.executable).with_name("postmend"))


def printed(*words: str, given: bytes = b"") -> dict[str, object]:
    done = subprocess.run([POSTMEND, *words], input=given, capture_output=True, check=True, cwd=ROOT)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_explain_is_what_the_command_prints() -> None:
    (found,) = postmend.explain(SAMPLE.read_bytes(), source="samples/bounce-barracuda.eml", offline=True)
    assert json.loads(msgspec.json.encode(found)) == printed("explain", "--offline", "--json", str(found.source))


def test_classify_is_what_the_command_prints() -> None:
    text = "550 5.1.1 <user@example.net>: no such user"
    found = postmend.classify(text)
    assert (found.cause, found.address) == ("user_unknown", "suppress")
    assert json.loads(msgspec.json.encode(found)) == printed("classify", "-", given=text.encode())


def test_each_can_be_awaited() -> None:
    async def all_of_them(resolver: str) -> None:
        raw = SAMPLE.read_bytes()
        (offline,) = await postmend.explain_async(raw, offline=True)
        assert offline.failures[0].recipient == "anna@example.net"
        found = await asyncio.gather(*(postmend.explain_async(raw, resolver=resolver, smtp=False) for _ in range(3)))
        assert {each[0].failures[0].cause.id for each in found} == {found[0][0].failures[0].cause.id}
        assert (await postmend.classify_async("452 4.2.2 mailbox full")).cause == "mailbox_full"
        assert (await postmend.parse_address_async("a@example.com")).domain == "example.com"
        assert (await postmend.check_spf_async(IP, "a@example.com", resolver=resolver)).result == "pass"

    with serve(WORLD) as (resolver, _):
        asyncio.run(all_of_them(resolver))


@pytest.mark.parametrize("raw", [b"", b"hello", b"\0" * 99])
def test_what_is_no_input_is_a_parse_error(raw: bytes) -> None:
    with pytest.raises(postmend.ParseError, match=r"expected|no mail"):
        postmend.explain(raw, offline=True)


def test_the_import_costs_nothing() -> None:
    code = "import sys, postmend; print(len([m for m in sys.modules if m.startswith(('postmend.', 'dns', 'msgspec'))]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_one_reply_many_times_is_judged_once_and_told_each_time() -> None:
    (many,) = postmend.explain("550 5.1.1 User unknown\n452 4.2.2 mailbox full\n" * 200, offline=True)
    one, two = many.failures[:2]
    assert (one.cause.id, two.cause.id) == ("user_unknown", "mailbox_full")
    assert many.failures == [one, two] * 200
