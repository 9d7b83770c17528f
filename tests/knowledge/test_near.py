"""Replies whose words no rule knows: named by the words nearest to theirs, and never struck off for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.knowledge.near import Words, learn, nearest, unread, what_is_said
from postmend.knowledge.read import NEAR_RULE, read_reply
from postmend.knowledge.rules import STRENGTH, RuleText
from postmend.knowledge.words import fold
from postmend.model import AddressVerdict, Cause, EnhancedStatus


def taught() -> Words:
    rules = [
        RuleText(
            "a.full", Cause.MAILBOX_FULL, "", find=("cupboard .. overflow*",), yes=("552 5.2.2 The cupboard overflows",)
        ),
        RuleText(
            "a.slow", Cause.RATE_LIMITED, "", find=("gallop*",), yes=("421 4.7.0 Do not gallop towards the gate",)
        ),
        RuleText("a.idle", Cause.UNKNOWN, "", find=("message refused",), yes=("550 Message refused",)),
    ]
    return learn(rules, {Cause.RATE_LIMITED: ("450 no stampede please, whoa",)})


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("the overflowing of your cupboards", 550, Cause.MAILBOX_FULL),
        ("galloping to the gate", 550, Cause.RATE_LIMITED),
        ("a cupboard near the gate", 552, Cause.MAILBOX_FULL),  # the code decides between two
        ("a stampede, please", 450, Cause.RATE_LIMITED),  # what no rule has, but is said
        ("message refused", 550, None),  # the words of replies that say nothing
        ("cupboard", 550, None),  # one word is too little
        ("something else altogether", 550, None),
    ],
)
def test_the_nearest_words_name_the_cause(text: str, code: int, expected: Cause | None) -> None:
    found = nearest(fold(text), code, None, taught())
    assert (found[0] if found else None) is expected


def test_names_of_hosts_are_no_words() -> None:
    assert nearest(fold("cupboard.example.com overflow.example.org"), 550, None, taught()) is None


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("553 Your envelope names another account than your login", Cause.SENDER_ADDRESS_INVALID),
        ("550 pointer and forward entry of your machine disagree", Cause.RDNS_MISSING),
    ],
)
def test_a_reply_that_no_rule_knows_is_guessed(text: str, cause: Cause) -> None:
    reading = read_reply(text)
    assert reading.matches[0].rule == NEAR_RULE
    assert reading.cause is cause
    assert reading.matches[0].weight <= STRENGTH["last"]  # a guess weighs no more than a loose rule


@pytest.mark.parametrize("cause", what_is_said())
def test_what_is_said_is_read_as_its_cause(cause: Cause) -> None:
    same = {cause, Cause.RECIPIENT_FILTER} if cause is Cause.UNKNOWN else {cause}
    assert not [text for text in what_is_said()[cause] if read_reply(text).cause not in same]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550 5.7.1 Message refused", set()),
        ("550 ", set()),
        ("550 refused, the cupboard overflows", {"overfl", "the"}),  # `cupboard` was read
    ],
)
def test_words_that_nobody_read(reply: str, words: set[str]) -> None:
    assert unread(reply, ["cupboard"], taught()) == words


def test_a_guess_strikes_no_address_off() -> None:
    reading = read_reply("550 none of our users here is called that")
    assert reading.matches[0].rule == NEAR_RULE
    assert reading.cause is Cause.USER_UNKNOWN
    assert reading.address is AddressVerdict.KEEP


def test_a_code_strikes_nobody_off_beside_words_of_a_refusal() -> None:
    reading = read_reply("521 5.2.1 example.net will not accept delivery of this message")
    assert reading.address is AddressVerdict.KEEP


@given(st.text(max_size=300), st.integers(400, 599), st.integers(0, 9))
def test_any_text_is_borne(text: str, code: int, detail: int) -> None:
    nearest(fold(text), code, EnhancedStatus(5, 7, detail))
