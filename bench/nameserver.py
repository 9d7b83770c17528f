"""A name server for the figures: one process, UDP, every answer late by a time of its zone's own.

`python -m bench.nameserver MODE` prints its port and serves until its standard input closes. Modes:
`lists`: questions below list zones `dNN.example` are answered after NN ms (`dead.example` never); 127.0.0.2 is
listed, and every address whose last octet is a multiple of 5; everything else is NXDOMAIN.
`spf`: 40 ms after the question, `example.com` has nine includes `sN.example.com`, each of one ip4 network.
It reads nothing of a message but the question, so that it is faster than any client here.
"""

import heapq
import os
import select
import socket
import struct
import sys
import time

DELAY_SPF_S = 0.040
INCLUDES = 9
_RCVBUFFORCE = 33  # Linux, not named in Python's socket: a server that loses nothing


def _labels(data: bytes) -> tuple[list[bytes], int]:
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].lower())
        at += 1 + data[at]
    return labels, at + 5


def _reply(data: bytes, end: int, rdtype: int, rdata: bytes | None) -> bytes:
    rcode = 3 if rdata is None else 0
    head = data[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1, 0 if rdata is None else 1, 0, 0)
    record = b"" if rdata is None else struct.pack("!HHHIH", 0xC00C, rdtype, 1, 300, len(rdata)) + rdata
    return head + data[12:end] + record


def _lists(data: bytes) -> tuple[float, bytes] | None:
    labels, end = _labels(data)
    zone = labels[-2]
    if zone == b"dead":
        return None
    must = labels[0] == b"2" and labels[3] == b"127"
    listed = must or (labels[0].isdigit() and labels[3] != b"127" and int(labels[0]) % 5 == 0)
    is_a = data[end - 3] == 1
    rdata = bytes([127, 0, 0, 2]) if listed and is_a else None
    return int(zone[1:]) / 1000, _reply(data, end, 1, rdata)


def _spf(data: bytes) -> tuple[float, bytes]:
    labels, end = _labels(data)
    number = int(labels[0][1:]) if len(labels) == 3 and labels[0][1:].isdigit() else 0
    text = f"v=spf1 ip4:198.51.{number}.0/24 -all" if number else ""
    if labels == [b"example", b"com"]:
        text = "v=spf1 " + " ".join(f"include:s{i}.example.com" for i in range(1, INCLUDES + 1)) + " -all"
    rdata = bytes([len(text)]) + text.encode() if text and data[end - 3] == 16 else None
    return DELAY_SPF_S, _reply(data, end, 16, rdata)


def main(mode: str) -> None:
    """Serve until standard input closes."""
    answer = {"lists": _lists, "spf": _spf}[mode]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF, 8 << 20)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    print(sock.getsockname()[1], flush=True)
    late: list[tuple[float, int, bytes, object]] = []
    number = 0
    while True:
        now = time.monotonic()
        while late and late[0][0] <= now:
            _, _, reply, client = heapq.heappop(late)
            sock.sendto(reply, client)  # type: ignore[arg-type]
        wait_s = max(0.0, late[0][0] - now) if late else None
        ready, _, _ = select.select([sock, sys.stdin], [], [], wait_s)
        if sys.stdin in ready:
            return
        for _ in range(256):
            try:
                data, client = sock.recvfrom(2048)
            except BlockingIOError:
                break
            made = answer(data)
            if made:
                number += 1
                heapq.heappush(late, (time.monotonic() + made[0], number, made[1], client))


if __name__ == "__main__":
    main(sys.argv[1])
