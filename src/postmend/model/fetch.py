"""Fetching one small document over HTTPS, as values: nothing that the other side does is an exception."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FetchOutcome(StrEnum):
    """How a fetch ended; `ok` means that a whole HTTP response came, whatever its status."""

    OK = "ok"
    NO_ADDRESS = "no_address"
    PRIVATE = "private"  # the name leads into a private network, where nothing is fetched
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS_FAILED = "tls_failed"
    TOO_LONG = "too_long"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One response. `content_type` is in lower case without parameters; `detail` says what happened if not `ok`."""

    url: str
    outcome: FetchOutcome
    status: int = 0
    content_type: str = ""
    body: bytes = b""
    detail: str = ""


class Fetcher(Protocol):
    """Whoever fetches: redirects are never followed, certificates always verified."""

    async def fetch(self, host: str, path: str) -> Fetched:
        """GET `https://host/path`. Never raises for what the network does."""
        ...
