"""Servers in bad weather: what answers at port 25 says nothing, too much, nonsense, or goes away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_BANNER = b"220 mx.weather.example ESMTP\r\n"


def _tarpit(sock: socket.socket) -> None:
    """A greeting that never ends: a line of it whenever the client is still there after a second."""
    sock.settimeout(1)
    while True:
        sock.sendall(b"220-wait\r\n")
        with suppress(TimeoutError):
            if not sock.recv(100):
                return


def _gone(sock: socket.socket) -> None:
    sock.sendall(_BANNER)
    sock.recv(1000)


def _garbage(sock: socket.socket) -> None:
    sock.sendall(bytes(range(256)) * 40 + b"\r\n")
    sock.recv(1000)


def _flood(sock: socket.socket) -> None:
    for _ in range(160):
        sock.sendall(b"x" * 65536)  # ten megabytes without an end of line


def _escapes(sock: socket.socket) -> None:
    sock.sendall(_BANNER)
    while sock.recv(1000):
        sock.sendall(b"550 5.7.1 \x1b[2J\x1b]0;owned\x07 no\r\n")


def _silent(sock: socket.socket) -> None:
    while sock.recv(1000):
        pass


WEATHER: dict[str, Callable[[socket.socket], None]] = {
    "tarpit": _tarpit, "gone": _gone, "garbage": _garbage, "flood": _flood, "escapes": _escapes, "silent": _silent,
}  # fmt: skip
ADDRESSES = {kind: f"192.0.2.{70 + number}" for number, kind in enumerate(WEATHER)}


def listen(kind: str) -> socket.socket:
    """Answer at the address of one kind until the socket that is given back is shut (called inside the network)."""
    server = socket.create_server((ADDRESSES[kind], 25))

    def talk(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            WEATHER[kind](sock)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server
