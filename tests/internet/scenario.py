"""Scenarios as data (`scenarios/*.toml`): who sends with which faults, what the receiver really refuses, its words,
and what `postmend explain` must and must not make of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.internet.identity import Identity, identity

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; tests/internet/README.md says what each field means."""

    id: str
    cause: str
    kind: str = "plain"
    faults: tuple[str, ...] = ()
    refuses: str = "always"
    text: str = ""
    sender: str = "postfix"
    receiver: str = "exim"
    recipient: str = "anna"
    options: tuple[str, ...] = ()
    body: str = "Hello Anna,\n\nhere are the figures you asked for.\n"
    told: bool = True
    blocklists: tuple[str, ...] = ()
    mx: str = "ok"
    states: tuple[str, ...] = ()
    address: str = ""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    repair: str = ""
    ipv6: bool = False
    asks: str = ""
    rule: str = ""
    smarthost: bool = False
    before: int = 0
    subject: str = "Figures"
    attach: str = ""
    size: int = 0
    domain: str = ""
    written: str = ""

    @property
    def to_domain(self) -> str:
        """The recipient's domain: one for each scenario, so that each has a receiver of its own."""
        return self.domain or f"to-{self.id}.example"

    @property
    def forwards(self) -> bool:
        """Whether the receiver forwards to an Exim of somebody else, which is who refuses."""
        return "forwards" in self.options

    @property
    def last_domain(self) -> str:
        """The domain whose server refuses: the recipient's, or the one that it forwards to."""
        return f"at-{self.id}.example" if self.forwards else self.to_domain

    @property
    def smarthost_name(self) -> str:
        """The server of the sender's own provider, where the mail goes out through one."""
        return f"smtp.{self.id}.provider.example"

    @property
    def to(self) -> str:
        """The recipient, as the sender wrote the address."""
        return self.written or f"{self.recipient}@{self.to_domain}"


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All of them, in the order of their files."""
    made: list[Scenario] = []
    for path in sorted(FOLDER.glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        common = {"kind": path.stem} | raw.get("all", {})
        made += [Scenario(**_tuples(common | each)) for each in raw["scenario"]]
    if len({each.id for each in made}) != len(made):
        raise ValueError("two scenarios of one id")
    return tuple(made)


@cache
def identities() -> dict[str, Identity]:
    """The sending identity of each scenario, by its id, each with an address of its own."""
    made = {}
    for number, each in enumerate(scenarios(), 1):
        net, host = divmod(number, 200)
        ip = f"2001:db8:25::{number:x}" if each.ipv6 else f"203.0.{113 + net}.{host + 1}"
        made[each.id] = identity(each.id, ip, each.faults)
    return made
