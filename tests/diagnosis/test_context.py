"""What the refusal's own circumstances change: who spoke, when, and what a list answered to whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from postmend.diagnosis import judge
from postmend.evidence.mx import check_own_server
from postmend.knowledge.read import NEAR_RULE, read_reply
from postmend.model import AddressVerdict, Cause, Diagnosis, Fact, Failure, Finding, Stage, State
from tests.asking import ZoneFile

if TYPE_CHECKING:
    from tests.dnslab import Zone

HOST = "mx.example.net[198.51.100.9]"
NO_PTR = Finding("rdns", "rdns.no_ptr", "192.0.2.7", Fact.FAIL, "no PTR")


def verdict(text: str, *findings: Finding, stage: Stage | None = None) -> Diagnosis:
    return judge(Failure(recipient="anna@example.net", stage=stage), read_reply(text, stage=stage), findings)


@pytest.mark.parametrize(
    ("text", "is_network"),
    [
        (f"connect to {HOST}:25: Connection refused", True),
        (f"host {HOST} refused to talk to me: 554 Connection refused by rule 7", False),
        (f"host {HOST} said: 554 Connection refused (in reply to MAIL FROM command)", False),
    ],
)
def test_a_server_that_gave_a_reply_was_reached(text: str, is_network: bool) -> None:
    assert (verdict(text).cause is Cause.NETWORK_UNREACHABLE) is is_network


@pytest.mark.parametrize(
    ("answer", "cause"),
    [("127.255.255.254", Cause.SERVER_MISCONFIGURED_RECIPIENT), ("127.0.0.4", Cause.BLOCKLISTED_IP)],
)
def test_a_list_that_refused_their_resolver_lists_nobody(answer: str, cause: Cause) -> None:
    made = verdict(f"554 5.7.1 192.0.2.7 blocked by zen.spamhaus.org ({answer})")
    assert made.cause is cause
    assert made.state is not State.CONFIRMED


def test_a_list_that_has_ended_lists_nobody() -> None:
    ended = Finding("blocklist", "blocklist.ended", "dnsbl.example", Fact.NOT_ASKED, "it has ended")
    made = verdict("554 5.7.1 Client host [192.0.2.7] blocked using dnsbl.example", ended, stage=Stage.RCPT)
    assert (made.cause, made.state) == (Cause.SERVER_MISCONFIGURED_RECIPIENT, State.POSSIBLE)


@pytest.mark.parametrize(
    ("stage", "cause"), [(Stage.DATA, Cause.CONTENT_SPAM), (Stage.RCPT, Cause.RDNS_MISSING), (None, Cause.CONTENT_SPAM)]
)
def test_words_about_the_message_are_about_it_once_it_was_sent(stage: Stage | None, cause: Cause) -> None:
    assert verdict("554 5.7.1 Spam message rejected", NO_PTR, stage=stage).cause is cause


@pytest.mark.parametrize(("stage", "confirmed"), [(Stage.DATA, True), (Stage.RCPT, False)])
def test_a_message_that_nobody_vouches_for(stage: Stage, confirmed: bool) -> None:
    spf = Finding("spf", "spf.none", "example.com", Fact.NONE, "no SPF record")
    dkim = Finding("dkim", "dkim.unsigned", "the message", Fact.NONE, "no signature")
    made = verdict("550 5.7.1 Message rejected", spf, dkim, stage=stage)
    assert (made.cause is Cause.UNAUTHENTICATED_SENDER) is confirmed
    assert (made.state is State.CONFIRMED) is confirmed


@pytest.mark.parametrize(
    ("stage", "cause"),
    [(Stage.CONNECT, Cause.RDNS_MISSING), (Stage.HELO, Cause.RDNS_MISSING), (Stage.MAIL, Cause.SPF_FAIL)],
)
def test_nobody_is_refused_for_a_sender_that_was_not_named_yet(stage: Stage, cause: Cause) -> None:
    spf = Finding("spf", "spf.fail", "example.com", Fact.FAIL, "-all")
    ptr = Finding("rdns", "rdns.not_forward_confirmed", "192.0.2.7", Fact.FAIL, "leads elsewhere")
    assert verdict("554 5.7.1 Go away", spf, ptr, stage=stage).cause is cause
    named = verdict("550 5.7.23 SPF check failed", spf, stage=stage)
    assert named.cause is Cause.SPF_FAIL


def test_words_are_believed_by_how_plain_they_are() -> None:
    listed = Finding("blocklist", "blocklist.listed", "192.0.2.7", Fact.FAIL, "on it", data=(("standing", "major"),))
    bare = verdict("550 5.1.1 User unknown", listed, stage=Stage.RCPT)
    table = "550 5.1.1 <a@example.net>: Recipient address rejected: User unknown in virtual mailbox table"
    assert (bare.cause, bare.state) == (Cause.BLOCKLISTED_IP, State.POSSIBLE)
    assert verdict(table, listed, stage=Stage.RCPT).cause is Cause.USER_UNKNOWN


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Host or domain name not found. Name service error for name=example.net type=MX: Host not found", "suppress"),
        (
            "Host or domain name not found. Name service error for name=out.example.org type=A: Host not found",
            "retry",
        ),
        ("Resolving A record for [out.example.org] ... Name server reports domain name unknown", "retry"),
    ],
)
def test_nobody_is_struck_off_for_a_relay_that_is_not_found(text: str, address: str) -> None:
    made = verdict(text)
    assert made.cause is Cause.DOMAIN_NOT_FOUND
    assert made.address is AddressVerdict(address)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("554 your letter is very heavy", Cause.MESSAGE_TOO_BIG),  # nobody says so for a missing PTR
        ("550 your letter looks untidy", Cause.RDNS_MISSING),
    ],
)
def test_loose_words_for_what_hides_nothing_are_plain(text: str, cause: Cause) -> None:
    assert verdict(text, NO_PTR, stage=Stage.DATA).cause is cause


def test_a_message_called_unauthenticated_was_not_refused_for_its_words() -> None:
    found = [Finding("x", ident, "x", Fact.NONE, "x") for ident in ("rdns.ok", "spf.pass", "dkim.unsigned")]
    made = verdict("550 5.7.26 This message is not authenticated", *found, stage=Stage.DATA)
    assert Cause.CONTENT_SPAM not in {each.cause for each in made.candidates if each.confidence > 0.05}


RELAYING = "554 5.7.1 <anna@example.net>: Relay access denied"
MX_ZONE: Zone = {"example.net": [("MX", "10 mx.example.net.")], "mx.example.net": [("A", "198.51.100.9")]}


@pytest.mark.parametrize(
    ("host", "ip", "faults", "cause", "state"),
    [
        ("MX.example.net.", "", (NO_PTR,), Cause.RDNS_MISSING, State.LIKELY),  # or it was not told of the domain
        ("", "198.51.100.9", (), Cause.RELAY_DENIED, State.LIKELY),
        ("smtp.example.org", "203.0.113.5", (NO_PTR,), Cause.RELAY_DENIED, State.LIKELY),
        ("", "", (NO_PTR,), Cause.RELAY_DENIED, State.LIKELY),
    ],
)
def test_the_domains_own_server_does_not_relay(
    host: str, ip: str, faults: tuple[Finding, ...], cause: Cause, state: State
) -> None:
    own = asyncio.run(check_own_server(ZoneFile(MX_ZONE), "example.net", host, ip))
    made = verdict(RELAYING, *own, *faults, stage=Stage.RCPT)
    assert (made.cause, made.state) == (cause, state)


@pytest.mark.parametrize(
    ("text", "asked", "sure"),
    [
        ("550 5.7.1 Rejected", "", True),
        ("550 5.7.1 Administrative prohibition", "", True),
        ("550 5.1.1 User unknown", "rcpt.accepted", True),
        ("550 5.7.1 Thursday is laundry day here", "", False),
        ("550 5.7.1 Access denied, Thursday is laundry day", "", False),
        ("550 5.7.1 There is a limit to laundry", "", False),
        ("550 5.7.1 One of the words in the message is blocked", "", False),
        ("550 5.7.23 SPF validation failed", "spf.pass", False),
        ("550 5.1.2 Domain not found", "mx.ok", False),
        ("451 Internal error, please try again", "", False),
        ("552 5.2.2 Rejected", "", False),
    ],
)
def test_a_fault_is_confirmed_only_behind_words_that_servers_use_for_it(text: str, asked: str, sure: bool) -> None:
    found = (Finding(asked.partition(".")[0], asked, "example.net", Fact.PASS, "asked"),) if asked else ()
    made = verdict(text, NO_PTR, *found, stage=Stage.RCPT)
    assert (made.state is State.CONFIRMED) is sure
    assert not sure or made.cause is Cause.RDNS_MISSING


@pytest.mark.parametrize(
    ("text", "asked", "address"),
    [
        ("550 Requested action not taken: mailbox unavailable", "", AddressVerdict.KEEP),
        ("550 5.0.0 Requested action not taken: mailbox unavailable", "", AddressVerdict.KEEP),
        ("550 5.1.1 Requested action not taken: mailbox unavailable", "", AddressVerdict.SUPPRESS),
        ("550 Requested action not taken: mailbox unavailable", "rcpt.unknown", AddressVerdict.SUPPRESS),
        ("550 Requested action not taken: mailbox unavailable", "rcpt.accepted", AddressVerdict.KEEP),
        ("450 Requested action not taken: mailbox unavailable", "rcpt.unknown", AddressVerdict.RETRY),
    ],
)
def test_stock_words_strike_nobody_off_by_themselves(text: str, asked: str, address: AddressVerdict) -> None:
    found = (Finding("rcpt", asked, "anna@example.net", Fact.NONE, "asked"),) if asked else ()
    assert verdict(text, *found, stage=Stage.RCPT).address is address


def test_a_fault_is_not_confirmed_behind_words_that_are_guessed() -> None:
    made = verdict("550 Vastaanottaja on estänyt tämän lähettäjän", NO_PTR, stage=Stage.RCPT)
    assert made.reading.matches[0].rule == NEAR_RULE
    assert made.state is not State.CONFIRMED
