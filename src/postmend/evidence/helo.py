"""The HELO name of the sending server: a full host name that exists and fits its address (RFC 5321 section 4.1.4)."""

import ipaddress
import re
from typing import NamedTuple

from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Resolver

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))+", re.IGNORECASE)
# Names that exist on every machine, or that nobody may use in public (RFC 6761, RFC 6762).
_PRIVATE = (".local", ".localdomain", ".lan", ".internal", ".home", ".localhost", ".invalid", ".test")


class _How(NamedTuple):
    """A HELO name, what it is called in a finding, and whether nobody saw it in a HELO."""

    name: str
    called: str
    assumed: bool


def _not_a_name(helo: str) -> str:
    """Why a HELO argument is no public host name; empty where it is one or an address literal."""
    if helo.startswith("[") and helo.endswith("]"):
        try:
            ipaddress.ip_address(helo[1:-1].removeprefix("IPv6:"))
        except ValueError:
            return "is no valid address literal"
        return ""
    try:
        ipaddress.ip_address(helo)
    except ValueError:
        pass
    else:
        return "is a bare IP address; an address literal has brackets (RFC 5321 section 4.1.3)"
    if "." not in helo.rstrip("."):
        return "is no full host name"
    return "" if _NAME.fullmatch(helo.rstrip(".")) else "is not in the form of a host name"


async def check_helo(resolver: Resolver, helo: str, ip: str, *, assumed: bool = False) -> tuple[Finding, ...]:
    """Check the HELO name that the server at `ip` gave; at most one Finding, none where `ip` is needed and empty.

    `assumed`: nobody saw the name in a HELO, it is what the server calls itself elsewhere; the finding says so.
    """
    how = _How(helo, "HELO name (by what the server calls itself)" if assumed else "HELO name", assumed)
    fault = _not_a_name(helo)
    if fault:
        return (_finding(how, "helo.not_a_name", Fact.FAIL, fault, None, supports=(Cause.HELO_INVALID,)),)
    if helo.startswith("["):
        return (_finding(how, "helo.literal", Fact.NONE, "is an address literal: allowed", None),)
    answer = await resolver.query(helo, "AAAA" if ":" in ip else "A")
    if not ip and not answer.failed and not answer.records:
        answer = await resolver.query(helo, "AAAA")
    if answer.failed:
        fault = f"could not be asked ({answer.rcode}): not known"
        return (_finding(how, "helo.temperror", Fact.TEMPERROR, fault, answer),)
    return _compared(how, ip, answer)


def _compared(how: _How, ip: str, answer: Answer) -> tuple[Finding, ...]:
    """What an answer says of a HELO name, held against the address of who gave it."""
    against = (Cause.HELO_INVALID,)
    if ip in answer.records:
        return (_finding(how, "helo.ok", Fact.PASS, f"resolves to {ip}", answer, against=against),)
    if answer.records and not ip:
        return ()
    if answer.records:
        fault = f"resolves to {', '.join(answer.records[:4])}, not to {ip}"
        return (_finding(how, "helo.mismatch", Fact.NONE, fault, answer, supports=against),)
    if how.name.lower().rstrip(".").endswith(_PRIVATE):
        return (_finding(how, "helo.not_a_name", Fact.FAIL, "only exists inside", answer, supports=against),)
    return (_finding(how, "helo.does_not_resolve", Fact.FAIL, "does not resolve", answer, supports=against),)


def _finding(
    how: _How, ident: str, result: Fact, told: str, answer: Answer | None, *,
    supports: tuple[Cause, ...] = (), against: tuple[Cause, ...] = (),
) -> Finding:  # fmt: skip
    record = f"{answer.name} {answer.type} {', '.join(answer.records) or answer.rcode}" if answer else ""
    return Finding(
        "helo",
        ident,
        how.name,
        result,
        f"the {how.called} {how.name} {told}",
        supports,
        against,
        record or f"HELO {how.name}",
        record,
        answer.asked_at if answer else "",
        (("standing", "assumed"),) if how.assumed else (),
    )
