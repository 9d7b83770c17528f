"""The verdict with evidence: one reply, many worlds. Every name server here is real and on loopback."""

from __future__ import annotations

import time

import pytest

from tests.dnslab import Names, free_port
from tests.scenarios import BARRACUDA, IP, WORLD, explain, ids, world

ZEN = f"{'.'.join(reversed(IP.split('.')))}.zen.spamhaus.org"
BRBL = f"{'.'.join(reversed(IP.split('.')))}.b.barracudacentral.org"


def test_nothing_wrong_with_the_sender() -> None:
    found = explain(WORLD)
    assert found["cause"]["id"] == "recipient_filter"
    assert found["cause"]["state"] == "likely"
    assert {"blocklisted_ip", "spf_fail", "rdns_missing", "helo_invalid"} <= set(found["ruled_out"])
    assert ids(found) >= {"spf.pass", "rdns.ok", "helo.ok", "mx.ok", "blocklist.not_listed"}
    assert found["address"] == "keep"
    assert any(step.get("letter", "").startswith("To: postmaster@example.net") for step in found["plan"])


@pytest.mark.parametrize("name", [ZEN, BRBL])
def test_on_a_list_that_the_gateway_uses(name: str) -> None:
    found = explain(world(**{name: [("A", "127.0.0.2"), ("TXT", "see https://lists.example/7")]}))
    assert (found["cause"]["id"], found["cause"]["state"]) == ("blocklisted_ip", "confirmed")
    (listed,) = [e for e in found["evidence"] if e["id"] == "blocklist.listed"]
    assert "lists.example" in listed["detail"]
    steps = [step["id"] for step in found["plan"]]
    source = steps.index("blocklisted_ip.source")
    assert source < next(i for i, step in enumerate(steps) if step.startswith("delist."))


def test_spf_fails_and_the_record_is_proven() -> None:
    found = explain(world(**{"example.com": [("TXT", "v=spf1 ip4:192.0.2.8 -all"), ("A", IP)]}))
    assert (found["cause"]["id"], found["cause"]["state"]) == ("spf_fail", "confirmed")
    (record,) = [step["record"] for step in found["plan"] if step.get("record")]
    assert record["before"] == "v=spf1 ip4:192.0.2.8 -all"
    assert record["after"] == f"v=spf1 ip4:192.0.2.8 ip4:{IP} -all"
    # The plan is carried out, and the fault is gone.
    after = explain(world(**{"example.com": [("TXT", record["after"]), ("A", IP)]}))
    assert after["cause"]["id"] == "recipient_filter"
    assert "spf.pass" in ids(after)


def test_no_reverse_dns() -> None:
    found = explain(world("7.2.0.192.in-addr.arpa"))
    assert (found["cause"]["id"], found["cause"]["state"]) == ("rdns_missing", "confirmed")
    (letter,) = [step["letter"] for step in found["plan"] if IP in step.get("letter", "") and "PTR" in step["letter"]]
    assert "mail.example.com" in letter


def test_unknown_user_inside() -> None:
    found = explain(WORLD, "550 permanent failure for one or more recipients (user@example.net:550 5.1.1 User unknown)")
    assert (found["cause"]["id"], found["address"]) == ("user_unknown", "suppress")
    assert found["reply"]["enhanced"] == "5.1.1"


def test_sender_verify_is_about_the_mail_from() -> None:
    text = (
        "550-Verification failed for <a@example.com> 550-Called: 192.0.2.25 550-Sent: RCPT TO:<a@example.com> "
        "550-Response: 550 5.1.1 User unknown 550 Sender verify failed"
    )
    found = explain(WORLD, text)
    assert found["cause"]["id"] == "sender_address_invalid"
    assert found["address"] == "keep"


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ([("A", "127.255.255.254")], "blocklist.refused"),
        ([("REFUSED", "")], "blocklist.refused"),
        ([("TIMEOUT", "")], "blocklist.unreachable"),
        ([("SERVFAIL", "")], "blocklist.unreachable"),
        ([("A", "127.0.0.2")], "blocklist.broken"),
        ([("A", "203.0.113.80")], "blocklist.broken"),
    ],
)
def test_a_list_that_is_not_sound_changes_nothing(answers: list[tuple[str, str]], finding: str) -> None:
    zone = world("2.0.0.127.zen.spamhaus.org", **{"*.zen.spamhaus.org": answers})
    found = explain(zone)
    healthy = explain(WORLD)
    assert finding in ids(found)
    assert found["cause"] == healthy["cause"]
    assert not {"blocklist.listed", "blocklist.domain_listed"} & ids(found)


def test_named_list_says_it_is_gone() -> None:
    found = explain(WORLD, f"554 5.7.1 Service unavailable; Client host [{IP}] blocked using zen.spamhaus.org")
    assert found["cause"]["id"] == "blocklisted_ip"
    assert found["cause"]["state"] == "likely"
    named = [e for e in found["evidence"] if e["data"].get("standing") == "named"]
    assert [e["result"] for e in named] == ["pass"]


def test_list_that_only_the_reply_knows_is_asked() -> None:
    text = f"550 5.7.1 Client host [{IP}] blocked using bl.lists.example"
    found = explain(world(**{"7.2.0.192.bl.lists.example": [("A", "127.0.0.2")]}), text)
    assert (found["cause"]["id"], found["cause"]["state"]) == ("blocklisted_ip", "confirmed")


def test_list_that_has_ended_is_not_asked() -> None:
    names = Names(WORLD)
    found = explain(names, f"550 5.7.1 Client host [{IP}] blocked using dnsbl.sorbs.net")
    assert "blocklist.ended" in ids(found)
    assert not [name for name, _ in names.asked if "sorbs" in name]


def test_plain_words_do_not_jump_to_innocent_faults() -> None:
    found = explain(world("_dmarc.example.com", "7.2.0.192.in-addr.arpa"), "552 5.2.2 Mailbox full, quota exceeded")
    assert found["cause"]["id"] == "mailbox_full"


def test_domain_that_does_not_exist_is_confirmed() -> None:
    text = "550 5.1.2 <x@nowhere.example>: Recipient address rejected: Domain not found"
    found = explain(WORLD, text)
    assert (found["cause"]["id"], found["cause"]["state"]) == ("domain_not_found", "confirmed")


@pytest.mark.parametrize("what", ["nobody", "silence"])
def test_dead_resolver(what: str) -> None:
    import postmend

    start = time.monotonic()
    if what == "nobody":
        (result,) = postmend.explain(BARRACUDA, resolver=f"127.0.0.1:{free_port()}", ip=IP, timeout_s=0.5, deadline_s=1)
    else:
        zone = {f"*.{top}": [("TIMEOUT", "")] for top in ("com", "net", "org", "arpa", "de")}
        from tests.dnslab import serve

        with serve(zone) as (resolver, _):
            (result,) = postmend.explain(BARRACUDA, resolver=resolver, ip=IP, timeout_s=5, deadline_s=1)
    taken = time.monotonic() - start
    (failure,) = result.failures
    assert failure.cause.id == "recipient_filter"
    assert failure.not_asked
    assert not failure.ruled_out
    assert taken < 3


def test_user_unknown_is_doubted_where_the_sender_is_on_a_big_list() -> None:
    found = explain(world(**{ZEN: [("A", "127.0.0.4")]}), "550 5.1.1 User unknown")
    assert (found["cause"]["id"], found["cause"]["state"], found["address"]) == ("blocklisted_ip", "possible", "retry")
    assert found["candidates"][1]["id"] == "user_unknown"
    minor = explain(world(**{"7.2.0.192.psbl.surriel.com": [("A", "127.0.0.2")]}), "550 5.1.1 User unknown")
    assert (minor["cause"]["id"], minor["cause"]["state"], minor["address"]) == ("user_unknown", "likely", "suppress")


def test_what_a_server_calls_itself_stands_for_its_helo() -> None:
    bounce = (
        "From: MAILER-DAEMON@PC7\nTo: a@example.com\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nrefused\n--B\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; PC7\n\n"
        "Final-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.7.1\nRemote-MTA: dns; mx.example.net\n"
        "Diagnostic-Code: smtp; 550 5.7.1 Not wanted\n\n--B--\n"
    )
    found = explain(WORLD, bounce, helo="", ip="")
    (seen,) = [each for each in found["evidence"] if each["id"] == "helo.not_a_name"]
    assert "calls itself" in seen["detail"]
    assert found["cause"]["id"] == "helo_invalid"
    assert found["cause"]["state"] != "confirmed"


def test_generic_and_unconfirmed_names() -> None:
    generic = "7.2.0.192.in-addr.arpa", "host-192-0-2-7.dyn.example.com"
    found = explain(world(**{generic[0]: [("PTR", generic[1] + ".")], generic[1]: [("A", IP)]}))
    assert "rdns.generic" in ids(found)
    found = explain(world(**{generic[0]: [("PTR", "mail.example.net.")], "mail.example.net": [("A", "192.0.2.99")]}))
    assert "rdns.not_forward_confirmed" in ids(found)
    assert found["cause"]["id"] == "rdns_missing"


@pytest.mark.parametrize(
    ("helo", "finding"),
    [
        ("localhost", "helo.not_a_name"),
        ("192.0.2.7", "helo.not_a_name"),
        ("pc.local", "helo.not_a_name"),
        ("missing.example.com", "helo.does_not_resolve"),
        ("mx.example.net", "helo.mismatch"),
        ("[192.0.2.7]", "helo.literal"),
        ("mail.example.com", "helo.ok"),
    ],
)
def test_helo(helo: str, finding: str) -> None:
    assert finding in ids(explain(WORLD, helo=helo))


@pytest.mark.parametrize(
    ("records", "finding"),
    [
        ([("MX", "0 .")], "mx.null"),
        ([("MX", "10 gone.example.net.")], "mx.broken"),
        ([("MX", "10 inside.example.net.")], "mx.broken"),
        ([("TXT", "nothing else")], "mx.nowhere"),
        ([("A", "198.51.100.25")], "mx.ok"),
        ([("MX", "10 mx.example.net."), ("MX", "20 gone.example.net.")], "mx.ok"),
        ([("SERVFAIL", "")], "mx.temperror"),
    ],
)
def test_mx(records: list[tuple[str, str]], finding: str) -> None:
    zone = world(**{"example.net": records, "inside.example.net": [("A", "10.0.0.5")]})
    assert finding in ids(explain(zone))


def test_dmarc_fails_with_policy_reject() -> None:
    bounce = (
        b"From: MAILER-DAEMON@mail.example.com\nSubject: Undelivered Mail Returned to Sender\nTo: a@example.com\n\n"
        b"<user@example.net>: host mx.example.net[198.51.100.25] said: 550 5.7.1 Message rejected\n"
        b"    due to local policy (in reply to end of DATA command)\n\n"
        b"--- Original message follows ---\n\nReturn-Path: <a@example.com>\nFrom: Boss <boss@other.example>\n"
        b"Message-ID: <1@example.com>\nTo: user@example.net\nSubject: hi\n\nhi\n"
    )
    import postmend
    from tests.dnslab import serve

    with serve(world(**{"_dmarc.other.example": [("TXT", "v=DMARC1; p=reject")]})) as (resolver, _):
        (result,) = postmend.explain(bounce, resolver=resolver, ip=IP, mail_from="a@example.com", timeout_s=0.6)
    (failure,) = result.failures
    assert "dmarc.fail" in {e.id for e in failure.evidence}
    assert failure.cause.id == "dmarc_fail"
