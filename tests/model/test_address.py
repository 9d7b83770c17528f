import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmend.model import ParseError, parse_address, parse_mailbox
from postmend.model.address import ascii_domain, split_name
from postmend.model.idna import a_labels
from tests.conftest import CORPUS


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
        ("user@example.com\r\nRCPT TO:<x@y.example>", "line breaks"),
        ("user@localhost", "the machine itself"),
        ("user@[127.0.0.1]", "the machine itself"),
        ("Anna B <anna@example.com>", "the address alone is anna@example.com"),
        ("<anna@example.com>", "needs quotes"),
        ("user@xn--0.example", "not an internationalised label"),
        ("user@ab--cd.example", "reserved"),
        ("user@☃.example", "not an internationalised label"),
        ("user@\u2488a.example", "not a host name"),
        ("us\u200ber@example.com", "cannot be seen"),
        ("user@a\u200db.example", "not an internationalised label"),
        ("user@b\u00b7c.example", "not an internationalised label"),
        ("user@\u0375b.example", "not an internationalised label"),
        ("user@a\u05f3b.example", "not an internationalised label"),
        ("user@\u30fbabc.example", "not an internationalised label"),
        ("user@\u0660\u06f0.example", "Arabic digits"),
        ("user@\u05d0b.example", "right to left"),
        ("user@1\u05d0.example", "right to left"),
        ("user@[IPv6:fe80::1%eth0]", "not an IP address"),
        ('"\u0301u"@example.com', "combining mark"),
        ("u;\u0338@example.com", "needs quotes"),
        ("x\u037e@example.com", "needs quotes"),
    ],
)
def test_invalid_addresses_say_why(text: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        parse_address(text)


def test_what_only_repeats_the_address_is_no_name() -> None:
    assert str(parse_address('"anna" <anna@example.com>')) == "anna@example.com"
    assert split_name('"Anna, B." <anna@example.com>') == ("Anna, B.", "anna@example.com")


@pytest.mark.parametrize(
    ("text", "ascii_form"),
    [
        ("a@Example.COM", "example.com"),
        ("a@bücher.example", "xn--bcher-kva.example"),
        ("a@ＡＢ．example", "ab.example"),
    ],
)
def test_domains_as_dns_has_them(text: str, ascii_form: str) -> None:
    assert ascii_domain(parse_address(text)) == ascii_form


@given(st.text(max_size=80) | st.from_regex(r"[^@<>]{1,8}@[^@<>]{1,20}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        address = parse_mailbox(text)
    except ParseError:
        return
    assert str(address) == text
    assert ascii_domain(address).isascii()


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "addresses").is_dir(), reason="the corpus is not beside the repository")
def test_corpus() -> None:
    right: Counter[str] = Counter()
    for line in (CORPUS / "addresses" / "dev.jsonl").read_text().splitlines():
        row = json.loads(line)
        try:
            parse_address(row["address"])
            valid = True
        except ParseError:
            valid = False
        right[row["expect"]] += valid == row["expect"].startswith("valid")
    assert right["valid_smtp"] + right["valid_smtp_quoted"] >= 81
    assert right["valid_eai"] == 11
    assert right["invalid"] >= 124


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("faß.example", "xn--fa-hia.example"),  # RFC 5891: not `fass`, which somebody else may have
        ("Faß.example", "xn--fa-hia.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("BÜCHER。example", "xn--bcher-kva.example"),
        ("ａｂｃ.example", "abc.example"),
        ("col·lecció.example", "xn--collecci-ioa91d.example"),
        ("נאטס׳.example", "xn--4dbqwg4g.example"),
        ("カ・カ.example", "xn--lcka3v.example"),
        ("نامه\u200cای.example", "xn--mgba3gch31f060k.example"),
        ("क्\u200dष.example", "xn--11b2ezcw70k.example"),
        ("עברית.example", "xn--5dbqzzl.example"),
        ("١٢ا.example", ""),
    ],
)
def test_labels_in_ascii(domain: str, found: str) -> None:
    if not found:
        with pytest.raises(ParseError):
            a_labels(domain)
    else:
        assert a_labels(domain) == found
