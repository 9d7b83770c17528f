"""What reports from others say, added up: DMARC by From domain, source and day; TLS by policy domain.

A report that comes twice counts once. Bounded like the other tables.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from postmend.intake.logs.clock import written_day
from postmend.intake.reports import DmarcReport, TlsReport
from postmend.knowledge.senders import service_of
from postmend.traffic.alarms import Data, alarm
from postmend.traffic.judge import FEWEST
from postmend.traffic.report import Alarm, DmarcDomain, Source, TlsDomain

_MOST_SOURCES = 60_000
_OTHERS = "others"  # sources beyond the cap
_BITS = 40
_MASK = (1 << _BITS) - 1
_MOST_KNOWN = 200_000
_MOST_DOMAINS = 10_000
_SHOWN = 50
_DAY_S = 86400
_FAILS = 0.5  # share of a source's mail that must fail for it to be a failing source


@dataclass(slots=True)
class _Domain:
    reports: int = 0
    reporters: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    aligned: int = 0
    quarantined: int = 0
    rejected: int = 0
    policy: str = ""
    policy_at: int = -1


@dataclass(slots=True)
class _Tls:
    reports: int = 0
    successful: int = 0
    failed: int = 0
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Received:
    """The tables. `since` and `until` are days since 1970; `own` the domains to report on (empty: all)."""

    since: int = -1
    until: int = 1 << 40
    own: frozenset[str] = frozenset()
    reports: int = 0
    duplicates: int = 0
    strangers: Counter[str] = field(default_factory=Counter)
    _domains: dict[str, _Domain] = field(default_factory=dict)
    # From domain, source, day -> messages, aligned, SPF, DKIM in one integer
    _sources: dict[tuple[str, str, int], int] = field(default_factory=dict)
    _senders: dict[tuple[str, str], str] = field(default_factory=dict)
    _tls: dict[str, _Tls] = field(default_factory=dict)
    _known: set[tuple[str, ...]] = field(default_factory=set)

    def _again(self, *key: str) -> bool:
        if key in self._known:
            self.duplicates += 1
            return True
        if len(self._known) < _MOST_KNOWN:
            self._known.add(key)
        self.reports += 1
        return False

    def _stranger(self, domain: str) -> bool:
        """Somebody else's domain is told, and not mixed with one's own."""
        if not self.own or any(domain == own or domain.endswith(f".{own}") for own in self.own):
            return False
        if len(self.strangers) < _MOST_DOMAINS:
            self.strangers[domain] += 1
        return True

    def dmarc(self, report: DmarcReport) -> None:
        """Add an aggregate report."""
        if self._again("dmarc", report.organisation, report.ident, report.domain, str(report.begin)):
            return
        day = report.begin // _DAY_S
        if self._stranger(report.domain) or not self.since <= day < self.until or len(self._domains) >= _MOST_DOMAINS:
            return
        about = self._domains.setdefault(report.domain, _Domain())
        about.reports += 1
        if len(about.reporters) < _SHOWN:
            about.reporters[report.organisation] += 1
        if day >= about.policy_at:
            about.policy, about.policy_at = report.policy, day
        rows = report.rows
        while rows:
            (ip, _, disposition, dkim, spf, signed), count = rows.popitem()
            about.messages += count
            about.aligned += count if dkim or spf else 0
            about.quarantined += count if disposition == "quarantine" else 0
            about.rejected += count if disposition == "reject" else 0
            self._source(report.domain, ip, day, count, signed, dkim=dkim, spf=spf)

    def _source(self, domain: str, ip: str, day: int, count: int, signed: str, *, dkim: bool, spf: bool) -> None:
        key = (domain, ip, day)
        if key not in self._sources and len(self._sources) >= _MOST_SOURCES:
            key = (domain, _OTHERS, day)
        unit = 1 + ((dkim or spf) << _BITS) + (spf << 2 * _BITS) + (dkim << 3 * _BITS)
        self._sources[key] = self._sources.get(key, 0) + count * unit
        if signed and key[1] is not _OTHERS and (domain, ip) not in self._senders:
            service = service_of(signed)
            if service:
                self._senders[domain, ip] = service

    def _by_source(self, keep: Callable[[tuple[str, str], int], bool]) -> dict[tuple[str, str], dict[int, list[int]]]:
        """The sources that `keep` takes by (domain, IP) and messages, the busiest first; each by day."""
        sums: dict[tuple[str, str], int] = {}
        for (domain, ip, _), cell in self._sources.items():
            sums[domain, ip] = sums.get((domain, ip), 0) + (cell & _MASK)
        made: dict[tuple[str, str], dict[int, list[int]]] = {}
        for key in sorted(sums, key=lambda key: -sums[key]):
            if keep(key, sums[key]):
                made[key] = {}
        for (domain, ip, day), cell in self._sources.items():
            if (domain, ip) in made:
                made[domain, ip][day] = [(cell >> _BITS * i) & _MASK for i in range(4)]
        return made

    def tls(self, report: TlsReport) -> None:
        """Add a TLS report."""
        if self._again("tls", report.organization_name, report.report_id, report.date_range.start_datetime):
            return
        for entry in report.policies:
            domain = entry.policy.policy_domain.lower()[:253]
            if not domain or self._stranger(domain) or len(self._tls) >= _MOST_DOMAINS:
                continue
            about = self._tls.setdefault(domain, _Tls())
            about.reports += 1
            about.successful += max(entry.summary.total_successful_session_count, 0)
            about.failed += max(entry.summary.total_failure_session_count, 0)
            for failure in entry.failure_details[:1000]:
                if len(about.failures) < _SHOWN:
                    about.failures[failure.result_type[:60]] += max(failure.failed_session_count, 0)

    def domains(self) -> list[DmarcDomain]:
        """DMARC by From domain, the busiest first, each with its busiest sources."""
        shown: Counter[str] = Counter()

        def first_ones(key: tuple[str, str], _messages: int) -> bool:
            shown[key[0]] += 1
            return shown[key[0]] <= _SHOWN

        sources: dict[str, list[Source]] = {}
        for (domain, ip), days in self._by_source(first_ones).items():
            sent, aligned, spf, dkim = (sum(column) for column in zip(*days.values(), strict=True))
            first, last = written_day(min(days)), written_day(max(days))
            sources.setdefault(domain, []).append(
                Source(ip, self._senders.get((domain, ip)), sent, aligned, spf, dkim, first, last)
            )
        made = []
        for domain, about in self._domains.items():
            rows = sources.get(domain, [])
            names = [name for name, _ in about.reporters.most_common(10)]
            made.append(
                DmarcDomain(domain, about.reports, names, about.messages, about.aligned, about.quarantined,
                            about.rejected, about.policy, rows)
            )  # fmt: skip
        return sorted(made, key=lambda each: -each.messages)

    def tls_domains(self) -> list[TlsDomain]:
        """TLS by policy domain, those with failures first."""
        made = [TlsDomain(name, t.reports, t.successful, t.failed, dict(t.failures)) for name, t in self._tls.items()]
        return sorted(made, key=lambda each: (-each.failed, each.domain))

    def alarms(self) -> list[Alarm]:
        """Sources that fail DMARC, and TLS that fails; at most a handful of each."""
        found = sorted(self._failing(), key=lambda each: (not each.act, -int(str(each.data.get("failed", 0)))))
        return found[:10] + list(self._broken_tls())[:10]

    def _failing(self) -> Iterator[Alarm]:
        for (domain, ip), days in self._by_source(lambda _, messages: messages >= FEWEST).items():
            messages, aligned = (sum(row[i] for row in days.values()) for i in (0, 1))
            bad = sorted(day for day, row in days.items() if row[0] and row[1] < row[0] * _FAILS)
            before = [day for day, row in days.items() if bad and day < bad[0] and row[1] >= row[0] * _FAILS]
            since = [row for day, row in days.items() if bad and day >= bad[0]]
            sent, failed = sum(row[0] for row in since), sum(row[0] - row[1] for row in since)
            if sent < FEWEST or failed < sent * _FAILS:
                continue
            service = self._senders.get((domain, ip), "")
            ours = bool(service or before)
            evidence = [f"{failed:,} of {sent:,} messages from {ip} since {written_day(bad[0])} were not aligned"]
            if before:
                evidence.append(f"until then {aligned:,} of {messages - failed:,} were: something changed")
            if service:
                evidence.append(f"it is authenticated as {service}")
            data: Data = {"domain": domain, "ip": ip, "messages": sent, "failed": failed, "sender": service}
            name = f"{service} ({ip})" if service else ip
            yield alarm(
                "dmarc_source_failing" if ours else "dmarc_source_unknown", name, evidence,
                {"domain": domain, "ip": ip},
                began=bad[0] * 24 if before else None, last=max(bad) * 24, data=data,
            )  # fmt: skip

    def _broken_tls(self) -> Iterator[Alarm]:
        for domain, about in sorted(self._tls.items(), key=lambda each: -each[1].failed):
            whole = about.failed + about.successful
            if whole >= FEWEST and about.failed * 100 >= whole:
                what = ", ".join(name for name, _ in about.failures.most_common(3)) or "the reports give no reason"
                evidence = [f"{about.failed:,} of {whole:,} sessions failed: {what}"]
                data: Data = {"domain": domain, "failed": about.failed, "sessions": whole}
                yield alarm("tls_failing", domain, evidence, {"domain": domain, "what": what}, data=data)
