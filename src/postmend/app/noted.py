"""What mail and web servers said, noted in a recording beside the DNS answers, and read from there in a replay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from postmend.evidence.receiving import Caller, Received, check_receiver
from postmend.model import Fact, Finding
from postmend.model.dialogue import Dialer
from postmend.model.fetch import Fetched, Fetcher, FetchOutcome

if TYPE_CHECKING:
    from postmend.model.dns import Asker
    from postmend.net.recording import Recorder, Replay


def book_of(asker: "Asker") -> "Recorder | Replay | None":
    """The recording that an asker writes or reads, if it does."""
    from postmend.net.recording import Recorder, Replay

    return asker if isinstance(asker, Recorder | Replay) else None


@dataclass(frozen=True, slots=True)
class NotedFetcher:
    """A Fetcher that notes what it fetched, or gives what was noted."""

    inner: Fetcher
    book: "Recorder | Replay"

    async def fetch(self, host: str, path: str) -> Fetched:
        """GET `https://host/path`, or what a recording has of it."""
        from postmend.net.recording import Replay

        key = f"https://{host}{path}"
        if isinstance(self.book, Replay):
            held = self.book.noted("https", key, Fetched)
            return held or Fetched(key, FetchOutcome.TIMEOUT, detail="the recording does not have it")
        fetched = await self.inner.fetch(host, path)
        self.book.note("https", key, fetched)
        return fetched


async def receive(asker: "Asker", dialer: Dialer, where: tuple[str, str], domain: str, caller: Caller) -> Received:
    """Talk to a receiver (`where`: host and IP address) and note it, or give what was noted."""
    from postmend.net.recording import Replay

    host, ip = where
    key, book = f"{domain} {host} {ip}", book_of(asker)
    if isinstance(book, Replay):
        detail = f"{host} [{ip}]: the recording does not have it: not known"
        unknown = Finding("smtp", "smtp.unreachable", host, Fact.TEMPERROR, detail)
        return book.noted("smtp", key, Received) or Received(host, ip, (unknown,))
    shown = await check_receiver(dialer, host, ip, domain, caller)
    if book is not None:
        book.note("smtp", key, shown)
    return shown
