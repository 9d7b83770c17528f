"""Replies as providers and programs document them: what the book makes of texts that are not its own examples."""

from __future__ import annotations

from pathlib import Path

from postmend.knowledge.read import read_reply
from postmend.model import AddressVerdict

FILE = Path(__file__).with_name("documented.tsv")


def rows() -> list[tuple[str, str]]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [(causes, text) for line in lines if line and line[0] != "#" for causes, text in [line.split("\t")]]


def test_documented_replies() -> None:
    wrong, addresses = [], []
    for causes, text in rows():
        reading = read_reply(text)
        if reading.cause not in causes.lstrip("!").split("|"):
            wrong.append(f"{reading.cause}, not {causes}: {text}")
        if (reading.address is AddressVerdict.SUPPRESS) is not causes.startswith("!"):
            addresses.append(f"{reading.address} for {causes}: {text}")
    assert not wrong, "\n".join(wrong)
    assert not addresses, "\n".join(addresses)
