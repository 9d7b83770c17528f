"""The report as values: its shape is the JSON that `postmend report --json` prints (`docs/schema/report.v1.json`).

Times are `2026-11-24 20:00` as the log's clock has them. Everything shown to a person is in here.
"""

import msgspec

VERSION = 1


class Counts(msgspec.Struct):
    """Recipients, by what became of them, and the messages they were in.

    `sent` is delivered + bounced; `bounced` includes `expired`; `deferred` recipients were put off at least once, in
    `deferrals` attempts; `dead` are bounces about the address, `blocked` refusals for who or what was sent; `refused`
    clients were refused here.
    """

    messages: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    expired: int = 0
    deferred: int = 0
    deferrals: int = 0
    dead: int = 0
    blocked: int = 0
    refused: int = 0
    complaints: int = 0


class Period(msgspec.Struct):
    """An hour or a day."""

    at: str
    counts: Counts


class Group(msgspec.Struct):
    """One account, domain, address or host; `trouble` is its share (0 to 1) of all dead and blocked."""

    name: str
    kind: str
    counts: Counts
    trouble: float


class RateOut(msgspec.Struct):
    """A share with its n. `share` is None where n is below 30: too few to judge."""

    id: str
    title: str
    count: int
    n: int
    share: float | None
    warn: float | None = None
    bad: float | None = None
    who: str | None = None


class Scope(msgspec.Struct):
    """Whom a cause concerns: `one_recipient`, `one_domain`, `one_gateway`, `one_provider`, `one_identity` or `many`."""

    id: str
    name: str | None
    recipients: int
    domains: int
    top: dict[str, list[tuple[str, int]]]


class CauseOut(msgspec.Struct):
    """One cause of refusals: `side` is recipient, sender or network; `trend` its refusals by day, as `days` has them."""

    id: str
    title: str
    side: str
    bounced: int
    deferred: int
    deferrals: int
    share: float
    scope: Scope
    trend: list[int]
    sample: str | None


class DeadOut(msgspec.Struct):
    """An address to suppress."""

    address: str
    cause: str
    count: int
    last: str


class PlanStep(msgspec.Struct, omit_defaults=True):
    """One step of a plan."""

    do: str
    config: tuple[str, ...] = ()
    verify: str | None = None
    url: str | None = None


class Alarm(msgspec.Struct):
    """Something found. `act`: somebody must act. `evidence` is what was observed, one line each."""

    id: str
    act: bool
    name: str
    title: str
    meaning: str
    began: str | None
    last: str | None
    evidence: list[str]
    plan: list[PlanStep]
    data: dict[str, int | float | str | list[str]]


class Source(msgspec.Struct):
    """One sending IP address in DMARC reports; `sender` the known service whose it is."""

    ip: str
    sender: str | None
    messages: int
    aligned: int
    spf_aligned: int
    dkim_aligned: int
    first: str
    last: str


class DmarcDomain(msgspec.Struct):
    """What DMARC aggregate reports (RFC 7489, 9990) say of one From domain."""

    domain: str
    reports: int
    reporters: list[str]
    messages: int
    aligned: int
    quarantined: int
    rejected: int
    policy: str
    sources: list[Source]


class TlsDomain(msgspec.Struct):
    """What TLS reports (RFC 8460) say of one policy domain."""

    domain: str
    reports: int
    successful: int
    failed: int
    failures: dict[str, int]


class Inputs(msgspec.Struct):
    """What was read, and how much of it was not understood. `share` is of all lines; above 0.01 nothing is to be trusted."""

    files: int
    bytes: int
    lines: int
    used: int
    foreign: int
    not_understood: int
    share: float
    mails: int
    reports: int
    duplicates: int
    strange: list[str]
    problems: list[str]
    templates: int


class Report(msgspec.Struct):
    """The whole report. `by` holds groups by question: account, client, sender, domain, provider, host."""

    version: int
    first: str | None
    last: str | None
    inputs: Inputs
    totals: Counts
    rates: list[RateOut]
    days: list[Period]
    hours: list[Period]
    causes: list[CauseOut]
    by: dict[str, list[Group]]
    suppress: list[DeadOut]
    suppress_more: int
    findings: list[Alarm]
    dmarc: list[DmarcDomain]
    tls: list[TlsDomain]
    waiting: list[tuple[str, int]]

    @property
    def act(self) -> bool:
        """Whether a finding needs somebody to act."""
        return any(finding.act for finding in self.findings)
