"""The whole RFC 7208 suite over real UDP and TCP: every result and every explanation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from postmend import check_spf
from tests.dnslab import Zone, serve

SUITE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "spf" / "rfc7208-tests.yml"


def _zone(data: dict[str, list[Any]]) -> Zone:
    zone: Zone = {}
    for name, entries in data.items():
        records = zone.setdefault(name, [])
        explicit = any(isinstance(e, dict) and "TXT" in e for e in entries)
        for entry in entries:
            if entry == "TIMEOUT":
                records.append(("TIMEOUT", ""))
                continue
            for kind, value in entry.items():
                texts = value if isinstance(value, list) and kind in {"TXT", "SPF"} else [value]
                if kind == "MX":
                    records.append(
                        ("MX", f"{value[0]} {value[1] or '.'}{'' if not value[1] or value[1].endswith('.') else '.'}")
                    )
                elif kind in {"TXT", "SPF"}:
                    if value == "NONE" or (kind == "SPF" and explicit):
                        continue
                    records.append(("TXT", "".join(texts)))
                elif kind in {"PTR", "CNAME"}:
                    records.append((kind, value.rstrip(".") + "."))
                else:
                    records.append((kind, value))
    return zone


def _cases() -> list[Any]:
    if not SUITE.exists():
        return []
    made = []
    for document in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")):
        for name, test in document["tests"].items():
            made.append(pytest.param(document["zonedata"], test, id=f"{document['description']}/{name}"))
    return made


CASES = _cases()


@pytest.mark.corpus
@pytest.mark.skipif(not CASES, reason="the RFC 7208 suite is not there (../shared/corpus/spf)")
@pytest.mark.parametrize(("zonedata", "case"), CASES)
def test_rfc7208(zonedata: dict[str, list[Any]], case: dict[str, Any]) -> None:
    with serve(_zone(zonedata)) as (resolver, _):
        found = check_spf(case["host"], case.get("mailfrom") or "", case.get("helo") or "", resolver, timeout_s=0.5)
    wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert found.result in wanted, (found.problem, found.trace)
    if "explanation" in case and found.result == "fail":
        want = "" if case["explanation"] == "DEFAULT" else case["explanation"]
        assert found.explanation == want
