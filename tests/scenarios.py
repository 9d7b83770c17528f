"""A healthy small world, and explaining a reply in it: scenarios change one thing and say what must come out."""

from __future__ import annotations

from typing import Any

import msgspec

import postmend
from tests.dnslab import Names, Zone, serve

IP = "192.0.2.7"
WORLD: Zone = {
    "7.2.0.192.in-addr.arpa": [("PTR", "mail.example.com.")],
    "mail.example.com": [("A", IP)],
    "example.com": [("TXT", f"v=spf1 ip4:{IP} -all"), ("MX", "10 mail.example.com."), ("A", IP)],
    "_dmarc.example.com": [("TXT", "v=DMARC1; p=none")],
    "example.net": [("MX", "10 mx.example.net.")],
    "mx.example.net": [("A", "198.51.100.25")],
    "2.0.0.127.zen.spamhaus.org": [("A", "127.0.0.2"), ("A", "127.0.0.4")],
    "2.0.0.127.b.barracudacentral.org": [("A", "127.0.0.2")],
    "2.0.0.127.bl.spamcop.net": [("A", "127.0.0.2")],
}
BARRACUDA = "550 permanent failure for one or more recipients (user@example.net:blocked)"


def world(*without: str, **changes: list[tuple[str, str]]) -> Zone:
    """The healthy world without some names, and with others."""
    made = {name: records for name, records in WORLD.items() if name not in without}
    return made | changes


def explain(zone: Zone | Names, text: str = BARRACUDA, **options: Any) -> dict[str, Any]:
    """The one failure of a reply, as JSON, explained over real UDP."""
    given = {
        "ip": IP,
        "mail_from": "a@example.com",
        "helo": "mail.example.com",
        "timeout_s": 0.6,
        "smtp": False,
    } | options
    with serve(zone) as (resolver, _):
        (result,) = postmend.explain(text, resolver=resolver, **given)
    (failure,) = msgspec.to_builtins(result.failures)
    return failure


def ids(failure: dict[str, Any]) -> set[str]:
    """The ids of its findings."""
    return {each["id"] for each in failure["evidence"]}
