"""The address to write to instead: the one that the reply names, or the one that was probably meant."""

from postmend.knowledge.mailboxes import suggest, traits
from postmend.model import Cause, Diagnosis, ParseError, parse_address

_MISTYPED = frozenset({Cause.DOMAIN_NOT_FOUND, Cause.USER_UNKNOWN, Cause.MX_INVALID, Cause.NETWORK_UNREACHABLE})


def moved_to(diagnosis: Diagnosis, *others: str) -> str:
    """The new address that the reply of a recipient who moved names; empty where it names none, or several.

    `others` are addresses of the sender's own. A role's address (postmaster@) is whom to ask, not who moved.
    """
    if diagnosis.cause is not Cause.RECIPIENT_MOVED:
        return ""
    known = {each.lower() for each in (diagnosis.failure.recipient, *others)}
    named = {each.lower(): each for each in diagnosis.reading.extracts.emails if each.lower() not in known}
    people = [address for address in named.values() if not _is_role(address)]
    return people[0] if len(people) == 1 else ""


def _is_role(text: str) -> bool:
    try:
        return traits(parse_address(text)).role
    except ParseError:
        return True


def meant(diagnosis: Diagnosis) -> str:
    """The address that was probably meant where the recipient's domain looks mistyped; empty where it does not."""
    local, _, domain = diagnosis.failure.recipient.rpartition("@")
    if diagnosis.cause not in _MISTYPED or not local:
        return ""
    return suggest(local, domain.lower())
