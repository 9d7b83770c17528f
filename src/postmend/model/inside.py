"""Addresses that no other server ever sees or delivers to: of the inside, of the machine, of one link."""

import ipaddress

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_INSIDE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
    "100.64.0.0/10",  # RFC 6598, a provider's own
    "0.0.0.0/8", "127.0.0.0/8", "::/127",
    "169.254.0.0/16", "fe80::/10", "fc00::/7",  # RFC 4193
    "224.0.0.0/4", "ff00::/8",  # multicast: nobody's own
)  # fmt: skip


def _range(asked: _Ip | _Network) -> tuple[int, int, int]:
    """Version of the protocol, first and last address as numbers."""
    if isinstance(asked, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return asked.version, int(asked), int(asked)
    return asked.version, int(asked.network_address), int(asked.broadcast_address)


_RANGES = tuple(_range(ipaddress.ip_network(each)) for each in _INSIDE)


def is_inside(ip: str | _Ip | _Network) -> bool:
    """Whether an address, or all of a network, only means something on the inside of a network."""
    if isinstance(ip, str):
        ip = ip.partition("%")[0]  # without the zone of fe80::1%eth0
        ip = ipaddress.ip_network(ip) if "/" in ip else ipaddress.ip_address(ip)
    version, first, last = _range(ip)
    return any(version == kind and low <= first and last <= high for kind, low, high in _RANGES)
