"""Hosts as logs name them: `mx.example.net[192.0.2.1]:25`, `local`, `private/lmtp`; and whether they are our own."""

import msgspec

from postmend.knowledge.limits import quota_host
from postmend.knowledge.providers import by_host

_LOCAL = (
    b"local", b"virtual", b"dovecot", b"private/", b"pipe", b"none", b"maildrop", b"procmail", b"cyrus", b"lmtp",
    b"mailman", b"spamassassin", b"bsmtp", b"uucp", b"discard", b"error", b"*local", b"prog", b"*file*", b"maildir",
)  # fmt: skip
_MOST = 50_000
_MOST_OWN = 1000


class Peer(msgspec.Struct, frozen=True, gc=False):
    """A host: name (lower case), IP, whether it is one of our own (loopback, private, or its log is among ours).

    `local` is a delivery into a mailbox or program here; `provider` an id of providers.toml; `gateway` the name that
    stands for all hosts of one operator, `quota` the submission host whose daily limit applies.
    """

    host: str
    ip: bytes
    internal: bool
    local: bool
    provider: str
    gateway: str
    quota: str


_PRIVATE = (
    b"127.", b"10.", b"192.168.", b"169.254.", b"::1", b"fe80:", b"fc", b"fd", b"/", b"private", b"unix",
    *(b"172.%d." % i for i in range(16, 32)),
)  # fmt: skip


def private_ip(ip: bytes) -> bool:
    """Loopback, link-local, RFC 1918, RFC 4193, or a socket; by its first octets, for there are many to judge."""
    return ip.removeprefix(b"IPv6:").lower().startswith(_PRIVATE)


def network(ip: bytes) -> bytes:
    """What an IPv4 address has in common with its /16, and one of IPv6 with its /32: mostly one operator's."""
    return b".".join(ip.split(b".")[:2]) if b"." in ip else b":".join(ip.removeprefix(b"IPv6:").split(b":")[:2])


def _gateway(host: str, provider: str) -> str:
    """The last two labels (three behind a short second level such as co.uk) unless a provider is known."""
    if provider:
        return provider
    labels = host.split(".")
    keep = 3 if len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2 else 2
    return ".".join(labels[-keep:])


class Peers(dict[bytes, Peer]):
    """Hosts by what a log calls them, read when first met. `own` are short names of hosts whose logs are read."""

    def __init__(self, own: set[bytes]) -> None:
        super().__init__()
        self._own = {name.lower().split(b".")[0] for name in own}

    def add(self, host: bytes) -> None:
        """Another host whose log is read."""
        short = host.lower().split(b".")[0]
        if short and short not in self._own and len(self._own) < _MOST_OWN:
            self._own.add(short)
            self.clear()

    def __missing__(self, raw: bytes) -> Peer:
        if len(self) >= _MOST:
            self.clear()
        found = self[raw] = self._read(raw)
        return found

    def _read(self, raw: bytes) -> Peer:
        name, _, ip = raw.partition(b"[")
        name, ip = name.partition(b" (")[0].strip(b" ()").lower(), ip.partition(b"]")[0]
        local = not ip and (name.startswith(_LOCAL) or b"." not in name)
        host = name.decode("latin-1")
        internal = bool(ip) and (private_ip(ip) or (b"." in name and name.split(b".")[0] in self._own))
        provider = "" if local else by_host(host)
        local = local or ip.startswith(b"private/")
        quota = quota_host(host) if provider else ""
        return Peer(host, ip, internal, local, provider, _gateway(host, provider), quota)
