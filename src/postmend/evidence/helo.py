"""The HELO name of the sending server: a full host name that exists and fits its address (RFC 5321 section 4.1.4)."""

import ipaddress
import re

from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Resolver

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))+", re.IGNORECASE)
# Names that exist on every machine, or that nobody may use in public (RFC 6761, RFC 6762).
_PRIVATE = (".local", ".localdomain", ".lan", ".internal", ".home", ".localhost", ".invalid", ".test")


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


async def check_helo(resolver: Resolver, helo: str, ip: str) -> tuple[Finding, ...]:
    """Check the HELO name that the server at `ip` gave; one Finding."""
    fault = _not_a_name(helo)
    if fault:
        detail = f"the HELO name {helo} {fault}"
        return (_finding(helo, "helo.not_a_name", Fact.FAIL, detail, None, supports=(Cause.HELO_INVALID,)),)
    if helo.startswith("["):
        return (_finding(helo, "helo.literal", Fact.NONE, f"HELO {helo} is an address literal: allowed", None),)
    rdtype = "A" if ipaddress.ip_address(ip).version == 4 else "AAAA"
    answer = await resolver.query(helo, rdtype)
    if answer.failed:
        detail = f"the HELO name {helo} could not be asked ({answer.rcode}): not known"
        return (_finding(helo, "helo.temperror", Fact.TEMPERROR, detail, answer),)
    if ip in answer.records:
        detail = f"the HELO name {helo} resolves to {ip}"
        return (_finding(helo, "helo.ok", Fact.PASS, detail, answer, against=(Cause.HELO_INVALID,)),)
    if not answer.records and helo.lower().rstrip(".").endswith(_PRIVATE):
        detail = f"the HELO name {helo} is a name that only exists inside"
        return (_finding(helo, "helo.not_a_name", Fact.FAIL, detail, answer, supports=(Cause.HELO_INVALID,)),)
    if answer.records:
        detail = f"the HELO name {helo} resolves to {', '.join(answer.records[:4])}, not to {ip}"
        return (_finding(helo, "helo.mismatch", Fact.NONE, detail, answer, supports=(Cause.HELO_INVALID,)),)
    detail = f"the HELO name {helo} does not resolve"
    return (_finding(helo, "helo.does_not_resolve", Fact.FAIL, detail, answer, supports=(Cause.HELO_INVALID,)),)


def _finding(
    helo: str, ident: str, result: Fact, detail: str, answer: Answer | None, *,
    supports: tuple[Cause, ...] = (), against: tuple[Cause, ...] = (),
) -> Finding:  # fmt: skip
    record = f"{answer.name} {answer.type} {', '.join(answer.records) or answer.rcode}" if answer else ""
    source = record or f"HELO {helo}"
    return Finding(
        "helo", ident, helo, result, detail, supports, against, source, record, answer.asked_at if answer else ""
    )  # fmt: skip
