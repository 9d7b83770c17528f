"""Authentication, blocklists and the providers' rules, over a real name server, with signatures made by OpenDKIM's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

import postmend
from tests.dnslab import Names, Zone, serve
from tests.scenarios import IP, world
from tests.score.mails import LANGUAGES, TABLES, good
from tests.signing import Key, make_key, sign

if TYPE_CHECKING:
    from pathlib import Path

MAIL = good(LANGUAGES[0], TABLES, "quoted-printable", newsletter=True)
COVERED = "From,To,Subject,Date,Message-ID,List-Unsubscribe,List-Unsubscribe-Post"


def scored(zone: Zone | Names, raw: bytes, **options: Any) -> dict[str, Any]:
    given = {"ip": IP, "mail_from": "a@example.com", "helo": "mail.example.com", "timeout_s": 0.6} | options
    with serve(zone) as (resolver, _):
        made = postmend.score(raw, resolver=resolver, rspamd="off", spamassassin="off", **given)
    found: dict[str, Any] = msgspec.to_builtins(made)
    return found


def ids(made: dict[str, Any]) -> set[str]:
    return {each["id"] for each in made["findings"]}


def rules(made: dict[str, Any], state: str) -> set[str]:
    return {f"{each['provider']}.{each['id']}" for each in made["requirements"] if each["state"] == state}


def keyed(key: Key, **changes: list[tuple[str, str]]) -> Zone:
    return world(**{"sel._domainkey.example.com": [("TXT", key.record)]} | changes)


def test_signed_and_covered_newsletter_is_fine_and_meets_the_rules(tmp_path: Path) -> None:
    key = make_key()
    made = scored(keyed(key), sign(tmp_path, MAIL.written(), key, headers=COVERED))
    assert made["taken"] == "fine"
    assert {each["weight"] for each in made["findings"]} <= {"note"}, made["findings"]
    assert {"spf.pass", "dkim.pass", "dmarc.pass", "rdns.ok", "helo.ok"} <= {each["id"] for each in made["passed"]}
    assert {"gmail.one_click", "gmail.aligned", "yahoo.dkim"} <= rules(made, "met")
    assert not rules(made, "broken")


def test_opendkims_own_choice_of_headers_leaves_one_click_uncovered(tmp_path: Path) -> None:
    key = make_key()
    made = scored(keyed(key), sign(tmp_path, MAIL.written(), key))
    assert "list.not_signed" in ids(made)
    assert "gmail.one_click" in rules(made, "broken")


def test_changed_after_signing_under_a_policy_of_reject_is_refused(tmp_path: Path) -> None:
    key = make_key()
    raw = sign(tmp_path, MAIL.written(), key).replace(b"Thursday", b"Fridayyy")
    zone = keyed(
        key,
        **{
            "_dmarc.example.com": [("TXT", "v=DMARC1; p=reject")],
            "example.com": [("TXT", "v=spf1 -all"), ("MX", "10 mail.example.com.")],
        },
    )
    made = scored(zone, raw)
    assert made["taken"] == "refused"
    assert {"dkim.body_changed", "dmarc.fail", "spf.fail"} <= ids(made)


def test_spf_alone_does_not_matter_where_dkim_passes(tmp_path: Path) -> None:
    key = make_key()
    raw = sign(tmp_path, MAIL.written(), key, headers=COVERED)
    made = scored(keyed(key), raw, ip="192.0.2.99", helo="")
    weights = {each["id"]: each["weight"] for each in made["findings"]}
    assert weights["spf.fail"] == "note"
    assert "dmarc.pass" in {each["id"] for each in made["passed"]}


def test_every_domain_named_is_asked_of_the_lists() -> None:
    mail = MAIL.in_html('<a href="https://shop.listed.example/x">more</a>')
    zone = world(
        **{"listed.example.dbl.spamhaus.org": [("A", "127.0.1.2")], "test.dbl.spamhaus.org": [("A", "127.0.1.2")]}
    )
    made = scored(zone, mail.written())
    (listed,) = [each for each in made["findings"] if each["id"] == "blocklist.domain_listed"]
    assert (listed["subject"], made["taken"]) == ("listed.example", "marked")


def test_a_received_message_tells_its_own_envelope() -> None:
    raw = (
        b"Return-Path: <bounce@example.com>\r\nDelivered-To: anna@example.net\r\n"
        b"Received: from mail.example.com (mail.example.com [8.8.8.8])\r\n\tby mx.example.net with ESMTPS id 1;"
        b" Mon, 15 Jun 2026 09:31:00 +0000\r\n"
    ) + MAIL.written()
    made = scored(world(), raw, ip="", mail_from="", helo="")
    assert made["envelope"]["ip"] == "8.8.8.8"
    assert made["envelope"]["origin"] == {
        "ip": "Received",
        "helo": "Received",
        "mail_from": "Return-Path",
        "rcpt": "Delivered-To",
    }


def test_dead_name_servers_are_tried_first_and_cost_one_timeout() -> None:
    start = time.monotonic()
    made = scored(Names({}, delay_s=30), MAIL.written())
    assert any("name servers do not answer" in line for line in made["not_asked"])
    assert not {each["check"] for each in made["findings"]} & {"spf", "dkim", "dmarc", "rdns", "helo", "blocklist"}
    assert time.monotonic() - start < 10
