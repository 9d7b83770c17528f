"""A name server of dnspython's own making on loopback, UDP and TCP, that also misbehaves when told to.

It shares no code with Postmend's DNS client. Zones are dictionaries: name -> list of (type, text), where the type
may also be TIMEOUT, SERVFAIL, REFUSED (for that name), and `*.` names are wildcards.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Iterator

Zone = dict[str, list[tuple[str, str]]]


def quoted(text: str) -> str:
    """TXT rdata of a text of any length, in character-strings of at most 255 octets."""
    raw = text.encode("latin-1")
    pieces = [raw[i : i + 255] for i in range(0, len(raw), 255)] or [b""]
    return " ".join(
        '"' + "".join(f"\\{c:03d}" if c < 32 or c > 126 or c in b'"\\' else chr(c) for c in p) + '"' for p in pieces
    )


def plain(name: dns.name.Name) -> str:
    """A name without escapes, in lower case."""
    return b".".join(label for label in name.labels if label).decode("latin-1").lower()


class Names:
    """The zone, and how it answers."""

    def __init__(
        self, zone: Zone, *, delay_s: float = 0.0, truncate: bool = False, authoritative: bool = False,
        signed: bool = False,
    ) -> None:  # fmt: skip
        self.zone = {name.lower().rstrip("."): records for name, records in zone.items()}
        self.delay_s = delay_s
        self.truncate = truncate
        self.authoritative = authoritative
        self.signed = signed  # the AD bit of a resolver that validates
        self.asked: list[tuple[str, str]] = []

    def records(self, name: str) -> list[tuple[str, str]] | None:
        if name in self.zone:
            return self.zone[name]
        labels = name.split(".")
        for i in range(1, len(labels)):
            wild = "*." + ".".join(labels[i:])
            if wild in self.zone:
                return self.zone[wild]
        if any(known.endswith("." + name) for known in self.zone):
            return []
        return None

    def answer(self, data: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = plain(question.name)
        rdtype = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, rdtype))
        if self.delay_s:
            time.sleep(self.delay_s)
        reply = dns.message.make_response(query, recursion_available=True)
        if self.authoritative:
            reply.flags |= dns.flags.AA
        if self.signed:
            reply.flags |= dns.flags.AD
        if not self._fill(reply, question.name, name, rdtype):
            return None
        wire = reply.to_wire(max_size=65535)
        if not tcp and (len(wire) > 1232 or self.truncate):
            short = dns.message.make_response(query, recursion_available=True)
            short.flags |= dns.flags.TC
            wire = short.to_wire()
        return wire

    def _fill(self, reply: dns.message.Message, owner: dns.name.Name, name: str, rdtype: str) -> bool:
        for _ in range(10):
            records = self.records(name)
            if records is None:
                if not reply.answer:
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                return True
            kinds = {kind for kind, _ in records}
            if "TIMEOUT" in kinds and rdtype not in kinds:
                return False
            for kind in ("SERVFAIL", "REFUSED"):
                if kind in kinds:
                    reply.set_rcode(dns.rcode.from_text(kind))
                    return True
            mine = [text for kind, text in records if kind == rdtype]
            alias = [text for kind, text in records if kind == "CNAME"]
            if mine or not alias:
                if mine:
                    reply.answer.append(_rrset(owner, rdtype, mine))
                return True
            reply.answer.append(_rrset(owner, "CNAME", alias[:1]))
            owner = dns.name.from_text(alias[0])
            name = plain(owner)
        return True


def _rrset(owner: dns.name.Name, rdtype: str, texts: list[str]) -> dns.rrset.RRset:
    kind = dns.rdatatype.from_text(rdtype)
    rrset = dns.rrset.RRset(owner, dns.rdataclass.IN, kind)
    for text in texts:
        rrset.add(dns.rdata.from_text(dns.rdataclass.IN, kind, quoted(text) if rdtype == "TXT" else text), 300)
    return rrset


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        answer = self.server.names.answer(data, tcp=False)  # type: ignore[attr-defined]
        if answer is not None:
            with contextlib.suppress(OSError):  # the server was closed while this answer was made
                sock.sendto(answer, self.client_address)


class _Tcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        head = self.request.recv(2)
        if len(head) < 2:
            return
        answer = self.server.names.answer(self.request.recv(int.from_bytes(head)), tcp=True)  # type: ignore[attr-defined]
        if answer is not None:
            self.request.sendall(struct.pack("!H", len(answer)) + answer)


class _ThreadingUdp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


class _ThreadingTcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def _same_port(stack: ExitStack, host: str) -> tuple[_ThreadingTcp, _ThreadingUdp]:
    """Servers on one port that is free for both TCP and UDP; somebody else may hold the first one tried."""
    for _ in range(50):
        tcp = _ThreadingTcp((host, 0), _Tcp)
        try:
            udp = _ThreadingUdp(tcp.server_address, _Udp)
        except OSError:
            tcp.server_close()
            continue
        return stack.enter_context(tcp), stack.enter_context(udp)
    raise RuntimeError("no port that is free for TCP and UDP")


@contextmanager
def serve(zone: Zone | Names, host: str = "127.0.0.1") -> Iterator[tuple[str, Names]]:
    """Serve a zone on a loopback address; give `host:port` and the names served."""
    names = zone if isinstance(zone, Names) else Names(zone)
    with ExitStack() as stack:
        tcp, udp = _same_port(stack, host)
        for server in (tcp, udp):
            server.names = names  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"{host}:{tcp.server_address[1]}", names
        for server in (tcp, udp):
            server.shutdown()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
