import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.model import ParseError, parse_address


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com",
        "first.last+tag@sub.example.com",
        '"much odd"@example.com',
        "user@[192.0.2.7]",
        "user@[IPv6:2001:db8::7]",
        "пользователь@пример.example",
        "u" * 64 + "@example.com",
    ],
)
def test_valid_addresses_print_as_they_were_read(text: str) -> None:
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("user", "no @"),
        ("@example.com", "before the @"),
        ("user@", "after the @"),
        (".user@example.com", "dot"),
        ("us er@example.com", "quotes"),
        ("u" * 65 + "@example.com", "64 octets"),
        ("user@-example.com", "not a host name"),
        ("user@example..com", "dot"),
        ("user@[192.0.2]", "not an IP address"),
        ("user@" + "a" * 64 + ".com", "63 octets"),
        ("user@example.com\r\nRCPT TO:<x@y>", "line breaks"),
    ],
)
def test_invalid_addresses_say_why(text: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        parse_address(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except ParseError:
        return
    assert str(address) == text
