"""Addresses that no other server ever sees or delivers to: of the inside, of the machine, of one link."""

import ipaddress

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598, a provider's own
        "0.0.0.0/8", "127.0.0.0/8", "::/127",
        "169.254.0.0/16", "fe80::/10", "fc00::/7",  # RFC 4193
        "224.0.0.0/4", "ff00::/8",  # multicast: nobody's own
    )
)  # fmt: skip


def is_inside(ip: str | _Ip | _Network) -> bool:
    """Whether an address, or all of a network, only means something on the inside of a network."""
    asked = ipaddress.ip_network(str(ip).partition("%")[0])  # without the zone of fe80::1%eth0
    return any(_within(asked, net) for net in _INSIDE)


def _within(asked: _Network, net: _Network) -> bool:
    if isinstance(asked, ipaddress.IPv4Network):
        return isinstance(net, ipaddress.IPv4Network) and asked.subnet_of(net)
    return isinstance(net, ipaddress.IPv6Network) and asked.subnet_of(net)
