"""Reply code, enhanced status and HELO name of a failure: what the mail says, nothing inferred."""

import re

from postmend.knowledge.unwrap import layers
from postmend.model import EnhancedStatus, ParseError

_STATUS = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?![\w.])")
_CODE = re.compile(
    r"(?:(?<![\w.:/#-])|(?<=ERROR[_ ]CODE :)|(?<=<)|(?<=#)(?=\d\d\d [45]\.))([45]\d\d)"
    r"(?=[ -](?:#?[245]\.\d{1,3}\.\d{1,3}\b|[^\W\d_]|<|\(|\[|\"|'|:|-)|:|$"
    r"|,(?<=ResponseCode \d\d\d,)|,(?<=CODE :\d\d\d,)"
    r"|\](?<=[Cc]ode \d\d\d\])"  # [SMTP Error Code 504]
    r"|\)(?<=\(\d\d\d\))|,(?<=\(\d\d\d,)(?= b?['\"]))"  # libraries: SMTP error (550), Python's (550, b'5.1.1 ...')
)

_BESIDE = re.compile(r"[ -]['\"(#]{0,2}([245]\.\d{1,3}\.\d{1,3})(?![\w.])")  # 550 5.1.1, 550-'5.1.1, 550 (#5.1.1

# Postfix: <name>: Helo command rejected; others: HELO name, EHLO: name, (helo=name)
_HELO = re.compile(
    r"<([\w.:\[\]-]{1,255})>: Helo command rejected"
    r"|\b(?:helo|ehlo)(?: name| argument)?[ =:(<'\"]{1,4}([\w-]+(?:\.[\w-]+)+)",
    re.IGNORECASE,
)


def helo_in(text: str) -> str:
    """The HELO name that a reply objects to or quotes; empty where it names none."""
    if "helo" not in (low := text.lower()) and "ehlo" not in low:
        return ""
    found = _HELO.search(text)
    return (found[1] or found[2]) if found else ""


def enhanced_in(text: str) -> EnhancedStatus | None:
    """The first enhanced status in a text."""
    found = _STATUS.search(text)
    return _parsed(found[1]) if found else None


def _parsed(text: str) -> EnhancedStatus | None:
    try:
        return EnhancedStatus.parse(text)
    except ParseError:
        return None


def codes_in(text: str, status: str) -> tuple[int | None, EnhancedStatus | None]:
    """Return reply code and enhanced status of a reply's `text` and a DSN's `status` field (may be empty).

    The innermost reply counts: the status field is often the reporting server's own summary of it. The enhanced
    status must be of the class of the code; x.0.0 says nothing that the field would not say better.
    """
    inner = layers(text)[-1].text
    found = _CODE.search(inner) or _CODE.search(text)
    code = int(found[1]) if found else _bare(status)
    field = enhanced_in(status)
    beside = _BESIDE.match(found.string, found.end()) if found else None
    said = _parsed(beside[1]) if beside else _said(inner, code) or _said(text, code)
    vague = said is None or (said.subject, said.detail) == (0, 0)
    return code, (field or said) if vague else said


def _bare(status: str) -> int | None:
    """A reply code where an enhanced status should be: Zoho's `Status: 550`."""
    return int(status) if re.fullmatch(r"[45]\d\d", status) else None


def _said(text: str, code: int | None) -> EnhancedStatus | None:
    for found in _STATUS.finditer(text):
        if code is None or found[1][0] == str(code)[0]:
            return _parsed(found[1])
    return None
