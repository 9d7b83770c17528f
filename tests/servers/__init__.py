"""Real mail servers for tests, from Debian's packages: each on a machine of its own (`machine.py`).

`with started(Postfix(folder, ...)) as server:` starts one, waits for it, and ends it with everything in it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from tests.servers.exim import Exim
from tests.servers.machine import Machine, greets, new_network, wait_for, why_not
from tests.servers.opensmtpd import OpenSmtpd
from tests.servers.packages import Unavailable, tree
from tests.servers.postfix import Postfix, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Exim", "Machine", "OpenSmtpd", "Postfix", "Service", "Unavailable", "greets", "need", "new_network", "started",
    "tree", "wait_for",
]  # fmt: skip


class _Server(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


S = TypeVar("S", bound=_Server)


def need(*groups: str) -> None:
    """Skip the test where these package groups cannot be had, or fail it with POSTMEND_REQUIRE_SERVERS=1."""
    reason = why_not()
    try:
        for group in () if reason else groups:
            tree(group)
    except Unavailable as error:
        reason = str(error)
    if reason and os.environ.get("POSTMEND_REQUIRE_SERVERS", "0") not in {"", "0"}:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@contextmanager
def started(server: S) -> Iterator[S]:
    """Start a server, and end it whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
