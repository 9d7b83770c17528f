"""What a reply means for the address, apart from the cause: keep, retry or suppress.

Peers do most harm here: treating each 5yz as a dead address removes the living ones with the dead. Only causes
that are about the address itself can suppress it, and only where the reply does not call itself passing.
"""

import re

from postmend.model import AddressVerdict, Cause, EnhancedStatus

DEAD = frozenset({Cause.USER_UNKNOWN, Cause.DOMAIN_NOT_FOUND, Cause.MAILBOX_DISABLED, Cause.RECIPIENT_MOVED})
PASSING = frozenset(
    {
        Cause.MAILBOX_FULL, Cause.GREYLISTED, Cause.RATE_LIMITED, Cause.DAILY_LIMIT_EXCEEDED, Cause.SYSTEM_ERROR,
        Cause.NETWORK_UNREACHABLE, Cause.MX_INVALID,
    }
)  # fmt: skip
# Answers to AUTH (RFC 4954 section 6): whoever they call unknown or disabled is the one who logs in.
_LOGIN = frozenset({534, 535, 538})
# Words by which a refusal says that it may pass: an address verification under way, a name server that failed.
_TEMPORARY = re.compile(
    r"try (?:it )?again|temporar|in progress|later|for now|right now|will retry|lookup failure|timed? ?out",
    re.IGNORECASE,
)
# The host whose name could not be found, as programs give it: Postfix, MDaemon, qmail.
_NOT_FOUND = re.compile(r"\bname=([\w.-]+)|(?:\brecord for|\bhost named) \[?((?:[\w-]+\.)+[\w-]+)", re.IGNORECASE)
# A second reason beside the first, joined by `or`, under which the address lives: it may be full, or closed to some.
_OR = r"\b(?:or|oder|ou|of|eller|lub|albo|nebo|alebo|veya|tai|vagy|sau|или|либо|або|o)\b"
_FULL = (
    r"(?:full|(?:over|out of|exceed\w*) quota|quota exceeded|voll|vol|llen[oa]|pleine?|satur\w+|pien[oa]|chei[oa]"
    r"|pelna|pln[aey]|fuld\w*|fullt?|taynna|tele|dolu|переполнен\w*|заполнен\w*)\b"
)
_REFUSED = (
    r"(?:blocked|denied|refus\w*|polic\w*|relay\w*|accept\w*|permission|allowed|temporar\w*|busy|gesperrt|abgelehnt"
    r"|bloqu\w*|recus\w*|rechaz\w*|rifiut\w*)\b"
)
_OR_FULL = re.compile(
    rf"{_OR}(?: [^ ^]+){{0,3}}? {_FULL}|\b{_FULL} (?:[^ ^]+ )?{_OR} "
    r"|(?:或者?|または|もしくは|또는).{0,12}(?:满|滿|満|초과|いっぱい|一杯)"
)
_OR_REFUSED = re.compile(rf"\b(?:or|oder|ou)\b(?: [^ ^]+){{0,5}}? {_REFUSED}")


def leaves_open(folded: str, *, sure: bool) -> bool:
    """Whether a folded reply (`words.fold`) offers two reasons, and the address may be alive: `unknown or full`.

    Where a rule is `sure` of what the words mean, `or denied` says nothing more.
    """
    return _OR_FULL.search(folded) is not None or (not sure and _OR_REFUSED.search(folded) is not None)


def not_found_host(text: str) -> str:
    """The host that a text says was looked for in the DNS, in lower case; empty where it names none."""
    found = _NOT_FOUND.search(text)
    return (found[1] or found[2]).lower().strip(".") if found else ""


def address_verdict(cause: Cause, code: int | None, enhanced: EnhancedStatus | None, text: str) -> AddressVerdict:
    """Judge the address by cause and codes: a transient reply (4yz) that calls itself passing never suppresses."""
    transient = (enhanced.klass == 4) if enhanced and code is None else (code is not None and 400 <= code < 500)
    if cause is Cause.SUPPRESSED_BY_ESP:
        # The own service keeps the address off already, whatever code it says so with: the list should follow.
        return AddressVerdict.SUPPRESS
    if cause in DEAD and code not in _LOGIN:
        passing = _TEMPORARY.search(text) is not None
        if cause is Cause.DOMAIN_NOT_FOUND and transient and code is not None:
            # NXDOMAIN is an answer; 450 is only what Postfix gives for it unless told otherwise (postconf(5)).
            return AddressVerdict.RETRY if passing else AddressVerdict.SUPPRESS
        if transient or (passing and (code is None or cause is Cause.MAILBOX_DISABLED)):
            return AddressVerdict.RETRY
        return AddressVerdict.SUPPRESS
    if cause in PASSING or transient:
        return AddressVerdict.RETRY
    return AddressVerdict.KEEP
