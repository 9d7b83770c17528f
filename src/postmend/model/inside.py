"""Addresses that no other server ever sees as the sender's: of the inside, of the machine, of one link."""

import ipaddress

_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598, a provider's own
        "0.0.0.0/8", "127.0.0.0/8", "::/127",
        "169.254.0.0/16", "fe80::/10", "fc00::/7",  # RFC 4193
    )
)  # fmt: skip


def is_inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address only means something on the inside of a network."""
    return any(ip.version == net.version and ip in net for net in _INSIDE)
