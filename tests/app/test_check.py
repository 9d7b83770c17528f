"""What `check` says of faulty set-ups: the finding, its grade, the repair; bad weather; what changed since."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dkim as dkimpy
import jsonschema
import msgspec
import pytest

from postmend.app.check import CheckOptions, check_targets
from postmend.app.checked import Checked
from postmend.app.settings import Settings
from postmend.app.snapshots import compare_and_save, moment
from postmend.evidence.dmarc import discover
from postmend.model import ParseError
from postmend.remedy.dmarc_path import dmarc_steps
from tests import smtplab
from tests.asking import ZoneFile
from tests.cli.test_cli import run, schema
from tests.dnslab import Names, Zone, serve
from tests.evidence.test_dkim import MAIL
from tests.healthy import base, key

if TYPE_CHECKING:
    from pathlib import Path

D = "plain.example"
ONLY_DNS = frozenset({"mx", "spf", "dkim", "dmarc", "bimi", "rdns", "helo", "blocklist", "tlsrpt", "dnssec", "message"})


def check(zone: Zone | Names, target: str = D, only: frozenset[str] = ONLY_DNS, **options: Any) -> Checked:
    with serve(zone) as (where, _):
        settings = Settings(
            resolver=where, timeout_s=1.0, skip_blocklists=("*",), allow_private=True, ip=options.pop("ip", "")
        )
        (found,) = asyncio.run(check_targets((target,), CheckOptions(settings, only, **options)))
    jsonschema.validate(json.loads(msgspec.json.encode(found)), schema("check.v1.json"))
    return found


def grades(found: Checked) -> dict[str, str]:
    return {each.id: each.grade for each in found.findings}


@pytest.mark.parametrize(
    ("changes", "finding", "grade"),
    [
        ({"dkim": None}, "dkim_key.none_at_all", "bulk"),
        ({"dkim": [("TXT", key().record[:150])]}, "dkim_key.selector_unknown", "fine"),
        ({"dmarc": None}, "dmarc.no_record", "bulk"),
        ({"dmarc": [("TXT", "p=reject; v=DMARC1")]}, "dmarc.not_a_record", "bulk"),
        ({"dmarc": [("TXT", "v=DMARC1; p=none"), ("TXT", "v=DMARC1; p=reject")]}, "dmarc.several_records", "bulk"),
        ({"mx": None}, "mx.broken", "refused"),
        ({"mx": [("CNAME", "real.plain.example.")]}, "mx.broken", "refused"),
        ({"apex": [("MX", "0 ."), ("TXT", "v=spf1 ip4:192.0.2.1 -all")]}, "mx.null_but_sends", "refused"),
        ({"apex": [("TXT", "v=spf1 ip4:192.0.2.1 -all")], "mx": None}, "mx.nowhere", "refused"),
        ({"apex": [("MX", "10 192.0.2.1."), ("TXT", "v=spf1 ip4:192.0.2.1 -all")]}, "mx.broken", "refused"),
        ({"apex": [("MX", "10 mx.plain.example."), ("MX", "20 gone.plain.example."), ("TXT", "v=spf1 mx -all")]}, "mx.partly_broken", "harms"),
        ({"apex": [("MX", "0 ."), ("MX", "20 mx.plain.example."), ("TXT", "v=spf1 mx -all")]}, "mx.null_among_others", "harms"),
        ({"apex": [("MX", "10 mx.plain.example.")]}, "spf_record.none", "refused"),
        ({"apex": [("MX", "10 mx.plain.example."), ("TXT", "v=spf1 +all")]}, "spf_record.plus_all", "refused"),
    ],
)  # fmt: skip
def test_faults_and_what_they_cost(changes: dict[str, Any], finding: str, grade: str) -> None:
    found = check(base(D, **changes))
    assert grades(found).get(finding) == grade, grades(found)
    assert found.bad is (grade == "refused")
    if grade != "fine":
        (step,) = [each for each in found.plan if each.id == finding]
        assert step.do


def test_a_key_by_name_is_judged_hard() -> None:
    found = check(base(D, dkim=[("TXT", "v=DKIM1; p=")]), selectors=("default",))
    assert grades(found)["dkim_key.revoked"] == "refused"
    assert check(base(D), selectors=("nosuch",)).bad


def test_repairs_are_proven() -> None:
    found = check(base(D, dmarc=None, apex=[("MX", f"10 mx.{D}."), ("TXT", "v=spf1 -all"), ("TXT", "v=spf1 mx ~all")]))
    records = {step.id: step.record for step in found.plan if step.record}
    dmarc, spf = records["dmarc.no_record"], records["spf_record.several"]
    assert dmarc is not None
    assert spf is not None
    assert dmarc.after == f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{D}"
    assert "passes" in spf.proof
    mended = check(base(D, dmarc=[("TXT", dmarc.after)], apex=[("MX", f"10 mx.{D}."), ("TXT", spf.after)]))
    assert not mended.bad
    assert not {"dmarc.no_record", "spf_record.several"} & grades(mended).keys()


@pytest.mark.parametrize(
    "spf",
    [
        "v=spf1 mx +all",
        "v=spf1 mx ?all",
        "v=spf1 mx",
        "v=spf1 mx -all a",
        "v=spf1 mx include:gone.test -all",
        "v=spf1: mx -all",
    ],
)
def test_an_spf_record_that_is_published_as_told_is_in_order(spf: str) -> None:
    apex = [("MX", f"10 mx.{D}."), ("A", "192.0.2.80")]
    (step,) = check(base(D, apex=[*apex, ("TXT", spf)])).plan
    assert step.record is not None
    assert check(base(D, apex=[*apex, ("TXT", step.record.after)])).plan == []


@pytest.mark.parametrize(
    ("mx", "after"),
    [
        (["10 gone.plain.example.", "20 mx.plain.example."], "20 mx.plain.example"),
        (["0 .", "20 mx.plain.example."], "20 mx.plain.example"),
        (["10 alias.plain.example."], "10 mx.plain.example"),
        (["10 192.0.2.25.", "20 mx.plain.example."], "10 out.plain.example\n20 mx.plain.example"),
        (["10 gone.plain.example."], None),
    ],
)
def test_mx_records_that_are_published_as_told_are_in_order(mx: list[str], after: str | None) -> None:
    def zone(records: list[str]) -> Zone:
        return base(D, apex=[("TXT", "v=spf1 ip4:192.0.2.1 -all"), *(("MX", text) for text in records)]) | {
            f"alias.{D}": [("CNAME", f"mx.{D}.")],
            "25.2.0.192.in-addr.arpa": [("PTR", f"out.{D}.")],
            f"out.{D}": [("A", "192.0.2.25")],
        }

    (step,) = check(zone(mx)).plan
    assert (step.record.after if step.record else None) == after
    if after:
        assert check(zone([f"{each}." for each in after.splitlines()])).plan == []


def test_a_domain_with_mailboxes_at_a_service_gets_its_include() -> None:
    zone = base(D, apex=[("MX", "1 smtp.google.com.")]) | {
        "smtp.google.com": [("A", "127.0.0.2")],
        "_spf.google.com": [("TXT", "v=spf1 ip4:198.51.100.0/24 ~all")],
    }
    (record,) = [step.record for step in check(zone).plan if step.id == "spf_record.none"]
    assert record is not None
    assert record.after == "v=spf1 include:_spf.google.com ~all"


def test_the_way_from_none_to_reject() -> None:
    text = ""
    seen = []
    for _ in range(6):
        zone = ZoneFile({f"_dmarc.{D}": [("TXT", text)]} if text else {})
        change, later = dmarc_steps(asyncio.run(discover(zone, D)))
        if change is None:
            break
        text = change.after
        seen.append((text.partition("; rua")[0], len(later)))
    assert seen == [
        ("v=DMARC1; p=none", 3),
        ("v=DMARC1; p=quarantine; t=y", 2),
        ("v=DMARC1; p=quarantine", 1),
        ("v=DMARC1; p=reject", 0),
    ]


def test_a_message_tells_its_selectors_and_whether_it_would_pass(tmp_path: Path) -> None:
    mail = MAIL.replace(b"example.com", D.encode()).replace(b"\n", b"\r\n")
    path = tmp_path / "mail.eml"
    path.write_bytes(dkimpy.sign(mail, b"x9", D.encode(), key().pem) + mail)
    zone = base(D, dkim=None) | {f"x9._domainkey.{D}": [("TXT", key().record)]}
    assert "dkim_key.selector_unknown" in grades(check(zone))
    found = grades(check(zone, message=str(path)))
    assert {"dkim_key.ok", "dkim.pass", "dmarc.pass"} <= found.keys()
    path.write_bytes(path.read_bytes().replace(b"Hello", b"Howdy"))
    broken = check(zone, message=str(path))
    assert grades(broken)["dkim.body_changed"] == "refused"
    assert {(r.provider, r.id): r.state for r in broken.requirements}["gmail", "spf"] == "met"


def test_the_sending_address_is_judged_too() -> None:
    found = check(base(D), ip="192.0.2.99")
    assert {"spf.fail": "refused", "rdns.no_ptr": "refused"}.items() <= grades(found).items()
    (step,) = [each for each in found.plan if each.id == "spf.fail"]
    assert step.record is not None
    assert "192.0.2.99" in step.record.after
    (letter,) = [each.letter for each in found.plan if each.id == "rdns.no_ptr"]
    assert letter is not None
    assert "192.0.2.99" in letter


def test_an_invalid_certificate_matters_once_the_policy_is_enforced() -> None:
    from postmend.diagnosis.posture import together
    from postmend.model import Fact, Finding

    invalid = Finding("tls", "tls.certificate_invalid", "mx", Fact.NONE, "it does not verify")
    policy = Finding("mta_sts", "mta_sts.ok", D, Fact.PASS, "", data=(("mode", "enforce"),))
    assert {f.id for f in together([invalid], "domain")} == {"tls.certificate_invalid"}
    assert {f.id for f in together([invalid, policy], "domain")} == {"tls.certificate_refused", "mta_sts.ok"}


LOOPS: Zone = {
    D: [("MX", f"10 a.{D}."), ("TXT", f"v=spf1 include:{D} redirect={D}")],
    f"a.{D}": [("CNAME", f"b.{D}.")],
    f"b.{D}": [("CNAME", f"a.{D}.")],
    f"_dmarc.{D}": [("CNAME", f"_dmarc.{D}.")],
}
HUGE: Zone = base(
    D,
    apex=[("MX", f"10 mx.{D}."), ("TXT", "v=spf1 " + "a" * 64_000)],
    dmarc=[("TXT", "v=DMARC1; p=none; " + "x=1;" * 15_000)],
)
MANY: Zone = base(D, apex=[("TXT", "v=spf1 mx -all"), *(("MX", f"{i} m{i}.{D}.") for i in range(2000))])


@pytest.mark.parametrize("zone", [LOOPS, HUGE, MANY], ids=["loops", "huge", "many-mx"])
def test_bad_zones_end_in_findings(zone: Zone) -> None:
    start = time.monotonic()
    found = check(zone)
    assert found.findings
    assert time.monotonic() - start < 20
    assert len(msgspec.json.encode(found)) < 400_000


@pytest.mark.parametrize("how", ["TIMEOUT", "SERVFAIL", "REFUSED"])
def test_a_resolver_that_fails_makes_nothing_bad(how: str) -> None:
    found = check({"*.example": [(how, "")]})
    assert not found.bad
    assert not [f for f in found.findings if f.grade != "fine"]


def test_the_deadline_holds_where_the_resolver_says_nothing() -> None:
    with serve({"*.example": [("TIMEOUT", "")], "*.arpa": [("TIMEOUT", "")]}) as (where, _):
        settings = Settings(resolver=where, timeout_s=5.0, deadline_s=1.0)
        start = time.monotonic()
        (found,) = asyncio.run(check_targets((D,), CheckOptions(settings)))
    assert time.monotonic() - start < 2.5
    assert not found.bad
    assert found.not_asked == ["the resolver answered none of the questions: see --resolver"]


def test_a_private_sending_address_is_never_put_into_a_record() -> None:
    with serve(base(D, mx=[("A", "192.0.2.25")])) as (where, _):
        settings = Settings(resolver=where, ip="10.0.0.1", skip_blocklists=("*",))
        (found,) = asyncio.run(check_targets((D,), CheckOptions(settings, frozenset({"spf", "rdns", "blocklist"}))))
    assert "ip.private" in grades(found)
    assert not found.bad
    assert not found.plan


def test_what_stands_in_braces_is_filled_in() -> None:
    found = check(base(D), selectors=("nosuch",))
    (missing,) = [each for each in found.findings if each.id == "dkim_key.missing"]
    assert missing.by.endswith("what is signed with nosuch fails")


def test_private_addresses_are_told_and_lists_spared() -> None:
    names = Names(
        {"1.0.168.192.in-addr.arpa": [("PTR", "nas.home.example.")], "nas.home.example": [("A", "192.168.0.1")]}
    )
    with serve(names) as (where, _):
        (found,) = asyncio.run(check_targets(("192.168.0.1",), CheckOptions(Settings(resolver=where))))
    assert {"ip.private", "rdns.ok"} <= grades(found).keys()
    assert not [name for name, _ in names.asked if "spamhaus" in name]


@pytest.mark.parametrize("ip", ["10.1.2.3", "fe80::1", "127.0.0.9"])
def test_no_ptr_costs_nothing_where_nobody_sees_the_address(ip: str) -> None:
    with serve({"other.example": []}) as (where, _):
        (found,) = asyncio.run(check_targets((ip,), CheckOptions(Settings(resolver=where))))
    assert grades(found).items() >= {"ip.private": "fine", "rdns.inside": "fine"}.items()
    assert not found.bad
    assert not found.plan


def test_a_domain_that_does_not_exist_is_told_that_and_nothing_else() -> None:
    found = check({"other.example": []}, "gone.test")
    assert grades(found) == {"mx.no_domain": "refused"}
    assert [step.id for step in found.plan] == ["mx.no_domain"]


def test_what_is_not_known_is_graded_fine_whatever_the_table_says() -> None:
    from postmend.knowledge.findings import grade_of
    from postmend.model import Fact, Finding

    known = Finding("mta_sts", "mta_sts.policy_unreachable", D, Fact.PERMERROR, "404")
    assert grade_of(known) == "harms"
    assert grade_of(replace(known, result=Fact.TEMPERROR)) == "fine"


def test_what_has_changed_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first = check(base(D))
    assert compare_and_save([first], "last", save=True) == [f"no saved check of {D} to compare with: --save keeps one"]
    same = check(base(D))
    compare_and_save([same], "last", save=False)
    assert same.since is not None
    assert same.since.changes == []
    worse = check(base(D, dmarc=None))
    compare_and_save([worse], "last", save=True)
    assert worse.since is not None
    assert {(c.before, c.now) for c in worse.since.changes} >= {("dmarc.record", "dmarc.no_record")}
    silent = check({"*.example": [("TIMEOUT", "")]})
    compare_and_save([silent], "last", save=False)
    assert silent.since is not None
    assert silent.since.changes == []  # not known is no change


def test_since_when() -> None:
    import datetime as dt

    now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    assert moment("last", now) is None
    assert moment("7d", now) == now - dt.timedelta(days=7)
    assert moment("2026-11-01", now) == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    with pytest.raises(ParseError, match="a date"):
        moment("soon", now)


def test_only_asks_only_that() -> None:
    names = Names(base(D))
    check(names, only=frozenset({"dmarc"}))
    assert [name for name, _ in names.asked if name == f"_dmarc.{D}"]
    assert not [name for name, _ in names.asked if "_domainkey" in name or "_bimi" in name or "_mta-sts" in name]


def test_the_report_for_people() -> None:
    server = smtplab.Host("postmaster@plain.example", "abuse@plain.example")
    with serve(base(D, dmarc=None)) as (where, _), smtplab.serve({"127.0.0.2": server}) as port:
        config = f'skip_blocklists = ["*"]\n[lab]\nsmtp_port = {port}\nallow_private = true\n'
        done = _run_with(config, "check", D, "--resolver", where)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    for words in (
        "Bulk mail is refused because of this",
        "DMARC",
        "offers no STARTTLS",
        "What to do",
        "publish _dmarc.plain.example",
    ):
        assert words in text
    assert all(len(line) <= 80 or "://" in line or "|" in line for line in text.splitlines())


def _run_with(config: str, *words: str) -> Any:
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(config)
        file.flush()
        return run(*words, "--config", file.name)
