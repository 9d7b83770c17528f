"""Reverse DNS of the sending address: PTR, forward-confirmed (iprev, RFC 8601 section 2.7.3), and not generic."""

import asyncio
import ipaddress
import re

from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Resolver

_MOST_NAMES = 10
_GENERIC = re.compile(
    r"(?:^|[.-])(?:dyn|dynamic|dhcp|dial|dialup|dsl|adsl|vdsl|cable|ppp|pool|pools|client|clients|customer|cust|static|unassigned|host)"
    r"(?=[.\d-])",
    re.IGNORECASE,
)


def _is_generic(name: str, ip: str) -> bool:
    """Whether a PTR name is made of its address, as providers name lines that nobody has named."""
    address = ipaddress.ip_address(ip)
    if address.version == 6:
        digits = address.exploded.replace(":", "")
        return digits[-16:] in re.sub(r"[^0-9a-f]", "", name.lower())
    octets = str(address).split(".")
    numbers = re.findall(r"\d+", name)
    held = sum(octet in [n.lstrip("0") or "0" for n in numbers] for octet in octets)
    packed = "".join(f"{int(o):03d}" for o in octets) in name or f"{int(address):08x}" in name.lower()
    return packed or held == 4 or (held >= 2 and _GENERIC.search(name) is not None)


async def check_rdns(resolver: Resolver, ip: str) -> tuple[Finding, ...]:
    """Check the reverse DNS of `ip`; one Finding, `ptr` in its data."""
    pointer = ipaddress.ip_address(ip).reverse_pointer
    answer = await resolver.query(pointer, "PTR")
    if answer.failed:
        detail = f"the reverse DNS of {ip} could not be asked ({answer.rcode}): not known"
        return (_finding(ip, "rdns.temperror", Fact.TEMPERROR, detail, answer),)
    if not answer.records:
        detail = f"{ip} has no PTR record ({'the name does not exist' if answer.rcode == 'nxdomain' else 'no record'})"
        missing = _finding(ip, "rdns.no_ptr", Fact.FAIL, detail, answer, supports=(Cause.RDNS_MISSING,))
        return (missing, *_ipv6_trap(ip, answer))
    rdtype = "A" if ipaddress.ip_address(ip).version == 4 else "AAAA"
    names = answer.records[:_MOST_NAMES]
    forward = await asyncio.gather(*(resolver.query(name, rdtype) for name in names))
    confirmed = [name for name, each in zip(names, forward, strict=True) if ip in each.records]
    if not confirmed:
        return (_unconfirmed(ip, names, forward, answer),)
    name = confirmed[0]
    if _is_generic(name, ip):
        detail = f"{ip} is {name}, a name made of its address: strict servers take it for a home connection"
        return (_finding(ip, "rdns.generic", Fact.NONE, detail, answer, name, supports=(Cause.RDNS_MISSING,)),)
    detail = f"{ip} is {name}, and {name} leads back to it"
    return (_finding(ip, "rdns.ok", Fact.PASS, detail, answer, name, against=(Cause.RDNS_MISSING,)),)


def _ipv6_trap(ip: str, answer: Answer) -> tuple[Finding, ...]:
    if ipaddress.ip_address(ip).version == 4:
        return ()
    detail = (
        f"{ip} is IPv6: a server that has such an address sends by it first, and receivers that let IPv4 through "
        "without a PTR record refuse IPv6 without one. Have it set, or let the server send by IPv4"
    )
    return (_finding(ip, "rdns.ipv6_trap", Fact.NONE, detail, answer),)


def _unconfirmed(ip: str, names: tuple[str, ...], forward: list[Answer], answer: Answer) -> Finding:
    if any(each.failed for each in forward):
        detail = f"the PTR of {ip} names {names[0]}, whose own address could not be asked: not known"
        return _finding(ip, "rdns.temperror", Fact.TEMPERROR, detail, answer, names[0])
    leads = ", ".join(record for each in forward for record in each.records) or "nowhere"
    detail = f"the PTR of {ip} names {names[0]}, which leads to {leads}, not back to {ip}"
    return _finding(
        ip, "rdns.not_forward_confirmed", Fact.FAIL, detail, answer, names[0], supports=(Cause.RDNS_MISSING,)
    )  # fmt: skip


def _finding(
    ip: str, ident: str, result: Fact, detail: str, answer: Answer, ptr: str = "", *,
    supports: tuple[Cause, ...] = (), against: tuple[Cause, ...] = (),
) -> Finding:  # fmt: skip
    record = f"{answer.name} PTR {', '.join(answer.records) or answer.rcode}"
    return Finding(
        "rdns", ident, ip, result, detail, supports, against, record, record, answer.asked_at,
        (("ptr", ptr),) if ptr else (),
    )  # fmt: skip
