"""What the words around a finding make of it."""

import pytest

from postmend.knowledge.read import read_reply
from postmend.model import AddressVerdict, Cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 your account has been disabled", Cause.SENDER_ACCOUNT_BLOCKED),
        ("550 5.1.1 Your email address unknown", Cause.SENDER_ADDRESS_INVALID),
        ("550 mail from <a@example.org> no longer exists", Cause.SENDER_ADDRESS_INVALID),
        ("550 Please check your address. User unknown", Cause.USER_UNKNOWN),
        ("550 sorry, your recipient address is not in my local list", Cause.USER_UNKNOWN),
        ("550 message from <a@example.org>: user unknown", Cause.USER_UNKNOWN),
    ],
)
def test_whose_account_or_address_it_is(text: str, cause: Cause) -> None:
    reading = read_reply(text)
    assert reading.hypotheses[0].cause is cause
    assert (reading.address is AddressVerdict.SUPPRESS) == (cause is Cause.USER_UNKNOWN)


ADVICE = "Make sure your SPF record is valid, your HELO name resolves and your server has a PTR record."


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"550 5.7.1 Refused. {ADVICE}", Cause.UNKNOWN),
        (f"550 5.7.1 Your address has no PTR. {ADVICE}", Cause.RDNS_MISSING),
        (f"550 5.1.1 No such user here. {ADVICE}", Cause.USER_UNKNOWN),
        ("550 5.7.1 Refused. Make sure your server has a PTR record.", Cause.RDNS_MISSING),
    ],
)
def test_a_list_of_things_to_check_names_no_cause(text: str, cause: Cause) -> None:
    assert read_reply(text).cause is cause


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 User unknown or mailbox full",
        "550 5.1.1 Mailbox full or user unknown",
        "550 Benutzer unbekannt oder Postfach voll",
        "550 Nieznany użytkownik lub skrzynka pełna",
        "550 用户不存在或邮箱已满",
        "550 No such user, or access denied",
    ],
)
def test_two_reasons_strike_nobody_off(text: str) -> None:
    assert read_reply(text).address is not AddressVerdict.SUPPRESS


@pytest.mark.parametrize("text", ["535 No such user", "535 5.7.8 Account disabled", "534 Unknown account"])
def test_an_answer_to_a_login_strikes_nobody_off(text: str) -> None:
    assert read_reply(text).address is AddressVerdict.KEEP


@pytest.mark.parametrize(
    "text", ["550 Unknown or invalid user", "550 No such user or alias", "550 Gone or never here: user unknown"]
)
def test_two_words_for_one_reason_do(text: str) -> None:
    assert read_reply(text).address is AddressVerdict.SUPPRESS


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("552 MAILBOX_FULL", Cause.MAILBOX_FULL),
        ("554 VIRUS_FOUND", Cause.VIRUS),
        ("550 transaction failed (IP_BLOCKED)", Cause.BLOCKLISTED_IP),
    ],
)
def test_names_are_read_as_words(text: str, cause: Cause) -> None:
    assert read_reply(text).cause is cause


def test_advice_that_is_all_of_a_reply_is_its_reason() -> None:
    assert read_reply("550 Please make sure that your service has SPF or DKIM").cause is Cause.UNAUTHENTICATED_SENDER
