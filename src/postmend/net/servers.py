"""Which name servers to ask: what an option or a setting names, else the system's."""

import ipaddress
from pathlib import Path

from postmend.model.errors import ParseError

Server = tuple[str, int]  # IP address, port


def parse_resolver(text: str) -> Server:
    """Read `HOST[:PORT]`, `[IPv6]:PORT` or a bare IPv6 address; raise ParseError saying what is wrong."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    try:
        number = int(port)
        address = "127.0.0.1" if host == "localhost" else str(ipaddress.ip_address(host))
    except ValueError as error:
        raise ParseError(f"resolver {text!r}: an IP address is expected, with :PORT if it is not 53") from error
    if not 0 < number < 65536:
        raise ParseError(f"resolver {text!r}: no such port")
    return address, number


def system_resolvers(path: Path = Path("/etc/resolv.conf")) -> list[Server]:
    """The name servers of the system, at most three as everywhere; the local one where none is named."""
    servers: list[Server] = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                servers.append((str(ipaddress.ip_address(words[1])), 53))
            except ValueError:
                continue
    return servers[:3] or [("127.0.0.1", 53)]


def servers_of(where: str) -> list[Server]:
    """The servers that a setting names (several with commas), or the system's; ParseError for what is no address."""
    named = [part for part in where.replace(",", " ").split() if part]
    return [parse_resolver(part) for part in named] or system_resolvers()


def told(server: Server) -> str:
    """A server as people write it: the port only where it is not 53."""
    host, port = server
    if port == 53:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
