import re

import pytest

from postmend.knowledge.phrases import compile_phrase, search
from postmend.knowledge.words import fold, words_of
from postmend.model import ParseError


def stands(need: str, words: frozenset[str]) -> bool:
    """Whether what a phrase needs is there: the word, or any that begins with the stem."""
    return need in words or (need.endswith("*") and any(word.startswith(need[:-1]) for word in words))


def found(phrase: str, text: str) -> bool:
    compiled = compile_phrase(phrase)
    folded = fold(text)
    words = words_of(folded)
    needed = all(any(stands(need, words) for need in group) for group in compiled.needs)
    matched = search(re.compile(compiled.pattern), folded) is not None
    # The index may only ever leave out what would not match anyway.
    assert needed or not matched
    return matched


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("mailbox full", "552 5.2.2 Mailbox full", True),
        ("mailbox full", "mailbox fully open", False),
        ("mailbox (is|was|) full", "the Mailbox is full.", True),
        ("mailbox (is|was|) full", "mailbox full", True),
        ("mailbox (is|was) full", "mailbox full", False),
        ("(your|) mailbox full", "mailbox full", True),
        ("user .. unknown", "User someone@example.com is unknown here", True),
        ("user .. unknown", "user " + "x " * 60 + "unknown", False),
        ("quota exceed*", "Quota exceeded", True),
        ("(reject*|refus*) .. spoof*", "Refusing a spoofed message", True),
        ("(reject*|refus*) .. spoof*", "Refused: a broadcast", False),
        ("<addr> not found", "<someone@example.com>: not found", True),
        ("<ip> is listed", "192.0.2.7 is listed", True),
        ("<ip> is listed", "[2001:db8::1] is listed", True),
        ("<num> recipients", "more than 100 recipients", True),
        ("boite pleine", "550 Boîte pleine", True),
        ("does not exist", "user doesn’t exist", True),
        ("doesnt exist", "user doesn’t exist", True),
        ("容量", "メールボックスの容量を超えています", True),
        ("p=blockedmessage", "see https://support.example.com/mail/?p=BlockedMessage - gsmtp", True),
        ("사용자가 존재하지", "수신 사용자가 존재하지않습니다", True),
        ("用户不存在", "550 Mailbox用户不存在", True),
        ("mailbox", "550 Mailbox用户不存在", True),
        ("over quota", "mailbox over-quota", True),
    ],
)
def test_phrase(phrase: str, text: str, expected: bool) -> None:
    assert found(phrase, text) is expected


@pytest.mark.parametrize("phrase", ["a (b", "glued(a|b)", "nest ((a|b))", "(a|)", "* ..", ""])
def test_bad_phrases_are_refused(phrase: str) -> None:
    with pytest.raises(ParseError):
        compile_phrase(phrase)


def test_fold_masks_addresses_and_repeated_codes() -> None:
    text = "550-5.7.1 [192.0.2.7] spam@example.com\t550-5.7.1 is 550 5.7.1 blocked"
    assert fold(text) == "550 5.7.1 <ip> <addr> is blocked"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("It isn't here", "it is not here"),
        ("You can't; we cannot", "you can not we can not"),
        ("It won't, they couldn't", "it will not they could not"),
        ("You're told that you've moved", "you are told that you have moved"),
        ("messages were want", "messages were want"),
        ("E-Mails to an e-mail account", "emails to an email account"),
        ("the mail of the male", "the mail of the male"),
        ("Die Nachricht ist groesser als fuer Sie erlaubt", "die nachricht ist grosser als fur sie erlaubt"),
        ("a queue does not", "a queue does not"),  # German only
        ("Konto wyłączone", "konto wylaczone"),
    ],
)
def test_short_forms_are_the_long_ones(text: str, folded: str) -> None:
    assert fold(text) == folded
