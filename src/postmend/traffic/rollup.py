"""The sums of a report, one table for each question. All tables add: two rollups of two processes make one.

`hours` is the base: for each source (an account and the IP it came from) and hour one cell of eight counters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from postmend.model import AddressVerdict, Cause
from postmend.traffic.counts import AGAIN, UNIT, Count
from postmend.traffic.relays import Peer
from postmend.traffic.replies import AUTHENTICATION, LISTED, Said, to_str
from postmend.traffic.room import HOUR_BITS, HOUR_MASK, OTHERS, folded, least
from postmend.traffic.suppressed import Suppressed

DIMENSIONS = ("domain", "gateway", "provider", "account", "identity", "recipient")  # of a scope
_MOST_SOURCES = 100_000
_MOST_CELLS = 800_000
_MOST_DOMAINS = 100_000
_MOST_SENDERS = 50_000
_MOST_VALUES = 20_000  # of one cause and dimension
_MOST_SAMPLES = 2_000
_DAY = 24

_FINAL = UNIT[Count.BOUNCED] + UNIT[Count.EXPIRED]
_Key = TypeVar("_Key")


@dataclass(slots=True)
class Sample:
    """One template of replies: its first text, how often, and when (minutes)."""

    cause: Cause
    text: bytes
    count: int
    first: int
    last: int


@dataclass(slots=True)
class Rollup:
    """All tables. Keys are bytes as the log has them; times are hours or days since 1970."""

    sources: list[tuple[bytes, bytes]] = field(default_factory=list)
    hours: dict[int, int] = field(default_factory=dict)
    domains: dict[bytes, int] = field(default_factory=dict)  # of recipients
    senders: dict[bytes, dict[int, int]] = field(default_factory=dict)  # MAIL FROM domain: day
    providers: dict[tuple[str, int], int] = field(default_factory=dict)  # provider, hour
    hosts: dict[bytes, dict[int, int]] = field(default_factory=dict)  # logging host: day
    causes: dict[tuple[Cause, int], int] = field(default_factory=dict)  # cause, hour
    scopes: dict[tuple[Cause, str], dict[str, int]] = field(default_factory=dict)
    named: dict[tuple[Cause, str, int], int] = field(
        default_factory=dict
    )  # listings and authentication: cause, list or operator, hour
    queue: dict[tuple[str, int], int] = field(default_factory=dict)  # operator, hour: recipients more (or less) waiting
    limits: dict[tuple[str, bytes, int], int] = field(default_factory=dict)  # relay operator, account, day
    dead: Suppressed = field(default_factory=Suppressed)
    samples: dict[int, Sample] = field(default_factory=dict)
    door: dict[tuple[Cause, int], int] = field(default_factory=dict)  # cause, hour
    door_clients: dict[bytes, int] = field(default_factory=dict)
    relayed: dict[bytes, set[bytes]] = field(default_factory=dict)  # outside client without login: recipient domains
    complaints: dict[tuple[int, bytes, str], int] = field(default_factory=dict)  # day, From domain, provider
    crowded: set[str] = field(default_factory=set)  # tables that some names were taken out of
    _by_cause: dict[Cause, tuple[dict[str, int], ...]] = field(default_factory=dict)  # the scopes of each
    _index: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    _span: int = _DAY  # hours that are added up where they are long past

    def source(self, account: bytes, ip: bytes) -> int:
        """The number of a source, as the base table's keys carry it."""
        origin = account, ip
        found = self._index.get(origin)
        if found is None:
            found = self._index[origin] = len(self.sources)
            self.sources.append(origin)
        return found

    def thin(self) -> None:
        """Where there are too many names in a table, count those with the least trouble and mail as others.

        To be called when all sheets are posted: a source that has gone is then met anew under another number.
        """
        if len(self.domains) > _MOST_DOMAINS:
            for name in least(self.domains, _MOST_DOMAINS // 2):
                self.crowded.add("recipient domains")
                _add_to(self.domains, {OTHERS: self.domains.pop(name)})
        if len(self.senders) > _MOST_SENDERS:
            sums_by_name = {name: sum(days.values()) for name, days in self.senders.items()}
            for sender in least(sums_by_name, _MOST_SENDERS // 2):
                self.crowded.add("MAIL FROM domains")
                _add_to(self.senders.setdefault(OTHERS, {}), self.senders.pop(sender))
        if len(self._index) > _MOST_SOURCES:
            self._thin_sources()

    def _thin_sources(self) -> None:
        self.crowded.add("accounts and client addresses")
        others, sums = self.source(OTHERS, b""), self._sums()
        named = {number: sums.get(number, 0) for number in self._index.values() if number != others}
        for number in least(named, _MOST_SOURCES // 2):
            del self._index[self.sources[number]]
            self.sources[number] = self.sources[others]
        kept, hours = frozenset(self._index.values()), dict[int, int]()
        for key, cell in self.hours.items():
            place = key if key >> HOUR_BITS in kept else others << HOUR_BITS | key & HOUR_MASK
            hours[place] = hours.get(place, 0) + cell
        self.hours = hours

    def add(self, source: int, hour: int, cell: int) -> None:
        """Add to a source's hour."""
        key = source << HOUR_BITS | hour
        self.hours[key] = self.hours.get(key, 0) + cell
        if len(self.hours) > _MOST_CELLS:
            self._fold()

    def _fold(self) -> None:
        """Add the hours of what is long past to days, until a quarter of the room is free.

        With less, each new cell would fold everything again. Where days do not do, the spans double, and half of the
        hours that were kept apart are past as well.
        """
        latest = max(key & HOUR_MASK for key in self.hours)
        self.hours = folded(self.hours, latest, self._span)
        while len(self.hours) > _MOST_CELLS * 3 // 4 and self._span <= HOUR_MASK:
            self._span *= 2
            self.hours = folded(self.hours, latest, self._span)

    def post(self, source: int, host: bytes, domain: bytes, hours: dict[int, int]) -> None:
        """Add cells by hour of one source, logging host and MAIL FROM domain."""
        sender_days = self.senders.setdefault(domain, {})
        host_days = self.hosts.setdefault(host, {})
        cells, base = self.hours, source << HOUR_BITS
        for hour, cell in hours.items():
            key, day = base | hour, hour // _DAY
            cells[key] = cells.get(key, 0) + cell
            sender_days[day] = sender_days.get(day, 0) + cell
            host_days[day] = host_days.get(day, 0) + cell
        if len(cells) > _MOST_CELLS:
            self._fold()

    def first_of(self, domain: bytes, cell: int) -> None:
        """Add to a recipients' domain that may not be there yet."""
        domain = domain.lower()
        self.domains[domain] = self.domains.get(domain, 0) + cell

    def refused(
        self, at: int, account: bytes, mail_from: bytes, recipient: bytes, cell: int, peer: Peer, said: Said,
        text: bytes,
    ) -> None:  # fmt: skip
        """What is counted of a refusal besides: its cause, its scope, the address, the template."""
        hour = at // 60
        key = (said.cause, hour)
        self.causes[key] = self.causes.get(key, 0) + cell
        if cell == AGAIN:
            return
        domain = to_str(recipient.rpartition(b"@")[2].lower())
        values = (
            domain, peer.gateway or domain, said.provider, to_str(account),
            to_str(mail_from.rpartition(b"@")[2].lower()), to_str(recipient),
        )  # fmt: skip
        for counts, value in zip(self._scopes_of(said.cause), values, strict=True):
            if value in counts:
                counts[value] += 1
            elif len(counts) < _MOST_VALUES:
                counts[value] = 1
        if said.cause in LISTED or said.cause in AUTHENTICATION:
            name = said.lists[0] if said.lists else said.provider or peer.gateway or domain
            named = (said.cause, name, hour)
            self.named[named] = self.named.get(named, 0) + 1
        if said.verdict is AddressVerdict.SUPPRESS and cell & _FINAL:
            self.dead.add(recipient, said.cause, at)
        self._sample(said, text, at)

    def _scopes_of(self, cause: Cause) -> tuple[dict[str, int], ...]:
        found = self._by_cause.get(cause)
        if found is None:
            found = self._by_cause[cause] = tuple(self.scopes.setdefault((cause, name), {}) for name in DIMENSIONS)
        return found

    def _sample(self, said: Said, text: bytes, at: int) -> None:
        found = self.samples.get(said.template)
        if found is not None:
            found.count += 1
            found.first, found.last = min(found.first, at), max(found.last, at)
        elif len(self.samples) < _MOST_SAMPLES:
            self.samples[said.template] = Sample(said.cause, text[:600], 1, at, at)

    def merge(self, other: "Rollup") -> list[int]:
        """Add another rollup's tables to this one's; return the numbers that its sources have here."""
        numbers = [self.source(account, ip) for account, ip in other.sources]
        for key, cell in other.hours.items():
            self.add(numbers[key >> HOUR_BITS], key & HOUR_MASK, cell)
        for name in ("domains", "providers", "causes", "named", "queue", "limits", "door",
                     "door_clients", "complaints"):  # fmt: skip
            _add_to(getattr(self, name), getattr(other, name))
        for sender, days in other.senders.items():
            _add_to(self.senders.setdefault(sender, {}), days)
        for host, days in other.hosts.items():
            _add_to(self.hosts.setdefault(host, {}), days)
        for scope, values in other.scopes.items():
            _add_to(self.scopes.setdefault(scope, {}), values)
        for client, reached in other.relayed.items():
            self.relayed.setdefault(client, set()).update(reached)
        self.dead.merge(other.dead)
        self._merge_samples(other)
        self.crowded |= other.crowded
        return numbers

    def add_addresses(self, other: "Rollup") -> None:
        """Add the dead addresses and complaints of another rollup, whose counts are in this one already."""
        for address, dead in other.dead.found.items():
            if address not in self.dead.found:
                self.dead.add(address, dead.cause, dead.last, dead.count)
        for key, count in other.complaints.items():
            self.complaints[key] = self.complaints.get(key, 0) + count

    def _merge_samples(self, other: "Rollup") -> None:
        """Templates are numbered by each process for itself: new ones get numbers of their own."""
        by_text = {(s.cause, s.text[:80]): s for s in self.samples.values()}
        free = max(self.samples, default=0) + 1_000_000
        for number, sample in other.samples.items():
            mine = by_text.get((sample.cause, sample.text[:80]))
            if mine is None:
                self.samples[free + number] = sample
            else:
                mine.count += sample.count
                mine.first, mine.last = min(mine.first, sample.first), max(mine.last, sample.last)

    def by_source(self) -> dict[tuple[bytes, bytes], int]:
        """The sum of each source: account, client IP."""
        sums: dict[tuple[bytes, bytes], int] = {}
        for number, cell in self._sums().items():
            source = self.sources[number]
            sums[source] = sums.get(source, 0) + cell
        return sums

    def _sums(self) -> dict[int, int]:
        sums: dict[int, int] = {}
        for key, cell in self.hours.items():
            source = key >> HOUR_BITS
            sums[source] = sums.get(source, 0) + cell
        return sums

    def by_day(self) -> dict[int, int]:
        """The sum of each day."""
        sums: dict[int, int] = {}
        for days in self.hosts.values():
            _add_to(sums, days)
        return sums

    def by_hour(self, besides: frozenset[bytes] = frozenset()) -> dict[int, int]:
        """The sum of each hour, of all accounts but these; what is long past may stand in the middle of a span."""
        sums: dict[int, int] = {}
        for key, cell in self.hours.items():
            if self.sources[key >> HOUR_BITS][0] not in besides:
                hour = key & HOUR_MASK
                sums[hour] = sums.get(hour, 0) + cell
        return sums

    def cells(self) -> Iterator[tuple[bytes, bytes, int, int]]:
        """Account, client IP, hour, cell."""
        for key, cell in self.hours.items():
            account, ip = self.sources[key >> HOUR_BITS]
            yield account, ip, key & HOUR_MASK, cell


def _add_to(sums: dict[_Key, int], more: dict[_Key, int]) -> None:
    for key, count in more.items():
        sums[key] = sums.get(key, 0) + count
