"""What findings cost and what providers ask for: every id there is one that a check gives, and every repair can be read."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from postmend.knowledge.findings import Grade, grade_of, repairs
from postmend.knowledge.requirements import judge_rules, provider_rules
from postmend.knowledge.selectors import selectors_to_try
from postmend.model import Fact, Finding
from postmend.remedy.mend import mend
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = [
    *(ROOT / "src/postmend/evidence").rglob("*.py"),
    ROOT / "src/postmend/diagnosis/posture.py",
    ROOT / "src/postmend/app/message.py",
]


def _texts(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def given_ids() -> set[str]:
    """Every id that the evidence can give: written out, or made of a prefix and a word of the same family's modules."""
    texts = {path: _texts(path) for path in SOURCES}
    found = {text for held in texts.values() for text in held if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", text)}
    for path, held in texts.items():
        family = path.stem.partition("_")[0]
        words = {text for other, more in texts.items() if other.stem.partition("_")[0] == family for text in more}
        for prefix in (text for text in held if re.fullmatch(r"[a-z_]+\.(?:[a-z_]+_)?", text)):
            found |= {prefix + word for word in words if re.fullmatch(r"[a-z_0-9]+", word)}
    return found


IDS = given_ids() | {"compromised_host", "noisy_neighbour", "backscatter"}  # causes behind a cause: no family


def test_ids_of_the_table_are_given() -> None:
    content = (ROOT / "src/postmend/knowledge/content.toml").read_text()
    missing = [ident for ident in repairs() if ident not in IDS and f'id = "{ident}"' not in content]
    assert not missing


def test_ids_of_the_rules_are_given() -> None:
    content = (ROOT / "src/postmend/knowledge/content.toml").read_text()
    named = {ident for p in provider_rules() for rule in p.rule for ident in (*rule.met, *rule.broken)}
    assert not [ident for ident in named if ident not in IDS and f'id = "{ident}"' not in content]


@pytest.mark.parametrize("ident", sorted(repairs()))
def test_every_repair_can_be_filled(ident: str) -> None:
    data = {
        "selector": "sel",
        "destination": "reports.example",
        "at": "example.com",
        "include": "_spf.example.net",
        "expected": "192.0.2.7",
        "ptr": "mail.example.com",
        "domain": "example.com",
    }
    finding = Finding(
        ident.partition(".")[0], ident, "example.com", Fact.FAIL, "it is so", data=tuple(sorted(data.items()))
    )
    (step,) = mend([finding], {"domain": "example.com", "hostname": "mail.example.com"})
    assert step.id == ident
    assert "{" not in step.do + step.verify + step.letter + "".join(step.config)
    assert grade_of(finding) is repairs()[ident].grade


def test_what_is_not_known_costs_nothing() -> None:
    for result in (Fact.TEMPERROR, Fact.REFUSED, Fact.NOT_ASKED, Fact.PASS, Fact.NONE):
        assert grade_of(Finding("x", "x.not_there", "a", result, "")) is Grade.FINE
    assert grade_of(Finding("blocklist", "blocklist.refused", "a", Fact.REFUSED, "")) is Grade.FINE


def test_rules_are_met_broken_or_not_known() -> None:
    (gmail,) = [p for p in provider_rules() if p.id == "gmail"]

    def states(*ids: str) -> dict[str, str]:
        return {each.rule.id: each.state for each in judge_rules(gmail, ids)}

    assert set(states().values()) == {"unknown"}
    assert states("spf_record.ok")["authenticated"] == "met"
    assert states("spf_record.none")["authenticated"] == "unknown"
    assert states("spf_record.none", "dkim_key.none_at_all")["authenticated"] == "broken"
    assert states("dkim_key.ok", "dkim_key.weak")["dkim"] == "broken"


def test_selectors_of_the_provider_come_first() -> None:
    assert selectors_to_try(("aspmx.l.google.com",))[0] == "google"
    assert selectors_to_try(("x.mail.protection.outlook.com",))[:2] == ("selector1", "selector2")
    assert "default" in selectors_to_try(())
