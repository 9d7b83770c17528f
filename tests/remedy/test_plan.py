"""What a plan says where nobody could be asked: the pages of the lists and providers that the reply names."""

import pytest

from postmend import explain


def _steps(text: str) -> list[tuple[str, str]]:
    failure = next(iter(explain(text.encode(), offline=True))).failures[0]
    return [(step.do, step.url or "") for step in failure.plan]


def test_a_list_that_the_reply_names_is_looked_up_after_the_source_is_dealt_with() -> None:
    steps = _steps("550 5.7.1 Client host [192.0.2.7] blocked using zen.spamhaus.org")
    at = next(i for i, (_, url) in enumerate(steps) if url.startswith("https://check.spamhaus.org/"))
    assert "192.0.2.7" in steps[at][1]
    assert "stop what got 192.0.2.7 listed" in steps[at - 1][0]


def test_no_page_is_named_for_a_list_that_is_not_known() -> None:
    steps = _steps("550 5.7.1 Client host [192.0.2.7] blocked using bl.example.com")
    assert not [url for do, url in steps if "bl.example.com" in do]


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("550 5.7.1 messages from [192.0.2.7] weren't sent: part of their network is on our block list (S3150)",
         "https://sendersupport.olc.protection.outlook.com/pm/"),
        ("550 5.7.0 Mail to icloud.com is refused due to the poor reputation of 192.0.2.7", "https://support.apple.com/en-us/102322"),
    ],
)  # fmt: skip
def test_the_providers_page_for_senders_is_named(text: str, page: str) -> None:
    assert page in [url for _, url in _steps(text)]


def test_a_letter_without_a_recipient_still_says_what_happened() -> None:
    failure = next(iter(explain(b"554 5.7.1 Access denied, contact your administrator", offline=True))).failures[0]
    letters = [step.letter for step in failure.plan if step.letter]
    assert any("your server refuses our mail (no host is named):" in letter for letter in letters)


def _to(recipient: str, reply: str) -> str:
    return " ".join(do for do, _ in _steps(f"<{recipient}>: host mx.example.net[192.0.2.1] said: {reply}\n"))


def test_the_new_address_that_the_reply_names_is_the_first_step() -> None:
    plan = _to("anna@example.net", "551 5.1.6 User has moved to anna.new@example.org")
    assert plan.startswith("Write to anna.new@example.org, which the reply names")


def test_whom_to_ask_is_not_who_moved() -> None:
    plan = _to("anna@example.net", "551 5.1.6 User has moved; ask postmaster@example.net")
    assert "Write to postmaster" not in plan


def test_a_mistyped_domain_is_told() -> None:
    assert "anna@gmail.com was probably meant" in _to("anna@gmial.com", "550 5.1.2 Host unknown")
    assert "probably meant" not in _to("anna@example.net", "550 5.1.2 Host unknown")


@pytest.mark.parametrize(
    ("reply", "size"),
    [
        ("552 5.3.4 Message size 31870 exceeds size limit 20000 of server", "20000 bytes"),
        ("552 5.2.3 Message too big: 31870 bytes, larger than the maximum of 20 MB", "20 MB"),
        ("552 message size exceeds fixed maximum message size (10485760)", "10485760 bytes"),
        ("552 5.3.4 Message exceeds 25MB limit", "25 MB"),
    ],
)
def test_the_plan_names_the_limit_and_not_the_message_own_size(reply: str, size: str) -> None:
    assert f"smaller than {size}:" in _to("anna@example.net", reply)
