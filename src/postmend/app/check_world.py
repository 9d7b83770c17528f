"""What `check` asks with, and what a question comes to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from postmend.app.settings import Settings
from postmend.evidence.receiving import Caller
from postmend.model import Finding, RecordChange
from postmend.model.dialogue import Dialer
from postmend.model.dns import Asker
from postmend.model.fetch import Fetcher


@dataclass(frozen=True, slots=True)
class Answered:
    """What one question came to: findings, and by finding the DNS change that mends it and later records."""

    findings: tuple[Finding, ...] = ()
    records: dict[str, RecordChange] = field(default_factory=dict)
    later: dict[str, tuple[str, ...]] = field(default_factory=dict)


Question = Callable[[], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class World:
    """Whom is asked: DNS, mail servers and web servers."""

    asker: Asker
    dialer: Dialer
    fetcher: Fetcher
    caller: Caller
    settings: Settings
    selectors: tuple[str, ...] = ()
