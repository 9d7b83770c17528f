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
