"""Did the mail leave by the address that its domain publishes? A second uplink, a NAT or IPv6 sends by another one.

`identity.other_address`: SPF does not let the sending address pass, and does let one pass that the HELO name, the MX or
the domain itself leads to. The way out is then as often in the network as in the record.
"""

import asyncio
import ipaddress

from postmend.evidence.spf import check_host
from postmend.evidence.spf_record import mx_hosts
from postmend.evidence.spf_result import Spf, SpfResult
from postmend.model import Fact, Finding
from postmend.model.dns import Resolver

_MOST_HOSTS = 6
_MOST_ADDRESSES = 8


async def check_identity(resolver: Resolver, ip: str, spf: SpfResult) -> tuple[Finding, ...]:
    """Compare the sending address with those published; `spf` is the result of `check_host` for it.

    At most one Finding.
    """
    if spf.result not in {Spf.FAIL, Spf.SOFTFAIL, Spf.NEUTRAL}:
        return ()
    published = await _published(resolver, spf)
    if ip in published:
        return ()
    for address, host in published.items():
        if (await check_host(resolver, address, mail_from=spf.sender, helo=spf.helo)).result is Spf.PASS:
            return (_other(ip, address, host, spf),)
    return ()


async def _published(resolver: Resolver, spf: SpfResult) -> dict[str, str]:
    """Addresses that the sending side publishes, with the name that leads to each."""
    mx = await resolver.query(spf.domain, "MX")
    names = dict.fromkeys([spf.helo, *mx_hosts(mx)[:_MOST_HOSTS], spf.domain])
    hosts = [name for name in names if "." in name and not name.startswith("[")]
    answers = await asyncio.gather(*(resolver.query(host, kind) for host in hosts for kind in ("A", "AAAA")))
    found = [(text, answer.name) for answer in answers for text in answer.records]
    return dict(reversed(found[:_MOST_ADDRESSES]))


def _other(ip: str, address: str, host: str, spf: SpfResult) -> Finding:
    families = {ipaddress.ip_address(ip).version, ipaddress.ip_address(address).version}
    why = "IPv6 and IPv4 are two ways out" if len(families) == 2 else "a second line, a NAT or another server"
    detail = (
        f"the mail left by {ip}; {spf.domain} lets {address} ({host}) send, which is published: {why}. "
        f"Either bind the server to {address}, or let the record name {ip} too"
    )
    data = (("expected", address), ("host", host))
    source = f"{host} {address}"
    return Finding(
        "identity", "identity.other_address", ip, Fact.NONE, detail, (), (), source, source, spf.asked_at, data
    )
