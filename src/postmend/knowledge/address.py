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
# Words by which a refusal says that it may pass: an address verification under way, a name server that failed.
_TEMPORARY = re.compile(
    r"try (?:it )?again|temporar|in progress|later|for now|lookup failure|timed? ?out", re.IGNORECASE
)
# The host whose name could not be found, as programs give it: Postfix, MDaemon, qmail.
_NOT_FOUND = re.compile(r"\bname=([\w.-]+)|(?:\brecord for|\bhost named) \[?((?:[\w-]+\.)+[\w-]+)", re.IGNORECASE)


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
    if cause in DEAD:
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
