"""The rule book against its own examples, and the tables of knowledge against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.knowledge.blocklists import blocklists, by_name, ended
from postmend.knowledge.causes import all_causes
from postmend.knowledge.index import Candidates, compile_book
from postmend.knowledge.lint import check_rules
from postmend.knowledge.phrases import compile_phrase
from postmend.knowledge.providers import by_host
from postmend.knowledge.read import read_reply
from postmend.knowledge.remedies import remedies
from postmend.knowledge.rules import read_rules
from postmend.knowledge.weights import all_weights
from postmend.knowledge.words import fold, words_of
from postmend.model import AddressVerdict, Cause, ParseError, Stage
from tests.knowledge.test_phrases import stands


def test_every_rule_holds_its_examples() -> None:
    assert [str(problem) for problem in check_rules(read_rules())] == []


def test_a_dead_rule_and_a_wrong_example_are_found() -> None:
    text = """
    [[rule]]
    id = "a.one"
    cause = "virus"
    find = ["bad thing"]
    why = "x"
    yes = ["550 bad thing", "550 other thing"]
    """
    import tomllib

    import msgspec

    from postmend.knowledge.rules import RuleText

    rules = msgspec.convert(tomllib.loads(text)["rule"], list[RuleText])
    assert [p.text.split(" '")[0] for p in check_rules(rules)] == ["does not match its own example"]


def test_book_that_does_not_compile() -> None:
    from postmend.knowledge.rules import RuleText

    with pytest.raises(ParseError, match=r"a\.b"):
        compile_book([RuleText("a.b", Cause.VIRUS, "x", find=("(((",))])


def test_tables_fit_each_other() -> None:
    assert set(all_causes()) == set(Cause)
    for row in all_weights().values():
        assert row.raises or row.lowers, row.finding
        assert set(row.confirms) <= set(row.raises), row.finding
    for step in remedies().step:
        assert not step.letter or step.letter in remedies().letters


def test_lists() -> None:
    assert {each.standing for each in blocklists().list} == {"major", "minor", "hint"}
    found = by_name("Spamhaus XBL")
    assert found is not None
    assert found.zone == "zen.spamhaus.org"
    assert found.meaning("127.0.0.4").startswith("XBL")
    assert not found.meaning("127.0.0.200")
    assert ended("dnsbl.sorbs.net")
    assert not ended("zen.spamhaus.org")
    hyphenated = by_name("UCEPROTECT-Level 1")  # as its own replies have it
    assert hyphenated is not None
    assert hyphenated.zone == "dnsbl-1.uceprotect.net"
    surbl = by_name("SURBL")
    assert surbl is not None
    assert surbl.meaning("127.0.0.72") == "phishing, spam"


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("gmail-smtp-in.l.google.com", "google"),
        ("example-com.mail.protection.outlook.com", "microsoft"),
        ("mx.example.com", ""),
        ("notgoogle.com", ""),
        ("", ""),
    ],
)
def test_provider_by_host(host: str, provider: str) -> None:
    assert by_host(host) == provider


@pytest.mark.parametrize(
    ("text", "cause", "code", "status", "stage"),
    [
        (
            "host mx.example.net[192.0.2.1] said: 550 5.1.1 <a@example.net>: User unknown (in reply to RCPT TO command)",
            "user_unknown", 550, "5.1.1", "rcpt",
        ),
        (
            "SMTP error from remote mail server after end of data: host mx.example.net [192.0.2.1]: "
            "554 5.7.1 Message looks like spam",
            "content_spam", 554, "5.7.1", "data",
        ),
        ("550 permanent failure for one or more recipients (a@example.net:550 5.2.2 mailbox full)", "mailbox_full", 550, "5.2.2", None),
        ("smtp; 450 4.7.1 Greylisted, please try again in 300 seconds", "greylisted", 450, "4.7.1", None),
    ],
)  # fmt: skip
def test_nested_replies(text: str, cause: str, code: int, status: str, stage: str | None) -> None:
    reading = read_reply(text)
    assert reading.cause == cause
    assert (reading.code, str(reading.enhanced)) == (code, status)
    assert reading.stage is (Stage(stage) if stage else None)


@given(st.text(max_size=400))
def test_reading_never_raises(text: str) -> None:
    reading = read_reply(text)
    assert abs(sum(h.weight for h in reading.hypotheses) - 1) < 1e-6


def test_candidates_are_the_phrases_whose_words_are_there() -> None:
    rules = read_rules()
    index = compile_book(rules)
    candidates = Candidates(index)
    needs = [sorted(compile_phrase(text).needs, key=len) for rule in rules if not rule.pattern for text in rule.find]
    numbers = [n for n, (rule, _, _) in enumerate(index.phrases) if not rules[rule].pattern]
    for text in (text for rule in rules for text in rule.yes):
        words = words_of(fold(text))
        found = set(candidates.of(words))
        whole = {
            n
            for n, groups in zip(numbers, needs, strict=True)
            if all(any(stands(need, words) for need in group) for group in groups)
        }
        assert whole <= found  # at most four words are asked for: the rest is left to the pattern
        few = {n for n, groups in zip(numbers, needs, strict=True) if len(groups) <= 4}
        assert found & few == whole & few


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("550 5.1.1 User unknown", Cause.SENDER_ADDRESS_INVALID),
        ("553 <bob@laptop> Invalid mail address, must be a fully qualified domain", Cause.SENDER_ADDRESS_INVALID),
        ("550 5.2.1 Account disabled", Cause.SENDER_ACCOUNT_BLOCKED),
    ],
)
def test_who_is_refused_before_the_recipient_was_named_is_the_sender(reply: str, cause: Cause) -> None:
    reading = read_reply(f"host mx.example.com[192.0.2.1] said: {reply} (in reply to MAIL FROM command)")
    assert reading.cause is cause
    assert reading.address is AddressVerdict.KEEP
