"""The use case behind `postmend score`: will this message be taken for spam?"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from postmend.app.checked import requirements
from postmend.app.score_asked import Asked
from postmend.app.score_filters import AT_ONCE, Filter, ask_filter, open_filters
from postmend.app.score_out import Scored, envelope_out, filter_out, finding_out, findings_out
from postmend.app.score_world import World, ask_world, dns_answers
from postmend.app.settings import Settings
from postmend.diagnosis.spam import count, taken_for
from postmend.evidence.content.lists import check_lists
from postmend.evidence.content.look_at import look_at
from postmend.evidence.content.words import decoded
from postmend.intake.envelope import envelope_of, moment_of
from postmend.intake.message import read_message
from postmend.model import Fact, Finding, ParseError
from postmend.model.dns import Resolver
from postmend.model.message import Message
from postmend.model.spam import Envelope, FilterAnswer
from postmend.net.filters import RSPAMD, SPAMASSASSIN

_DEAD = "the name servers do not answer: SPF, DKIM, DMARC, blocklists and the filters' own DNS checks were left out"
_OFFLINE = "nothing was asked of the DNS (--offline)"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What a run was told: the settings, whom the envelope is for, and how many workers a filter gets."""

    settings: Settings
    rcpt: tuple[str, ...] = ()
    workers: int = field(default_factory=lambda: os.cpu_count() or 2)


@dataclass(slots=True)
class Scorer:
    """Filters and a resolver that stay open over many messages."""

    options: ScoreOptions
    filters: list[Filter]
    resolver: Resolver | None
    why_no_dns: str
    gates: dict[str, asyncio.Semaphore]
    asked: Asked

    async def score(self, raw: bytes, source: str = "-", came_with: Envelope | None = None) -> Scored:
        """Score one message; `came_with` is the envelope it was taken in with. Raises ParseError for no message."""
        started = time.perf_counter()
        message = read_message(raw)
        if not message.fields:
            raise ParseError(f"{source}: no message: it has no header fields")
        moment = moment_of(message, datetime.now(UTC))
        looked = look_at(message, moment)
        envelope = self._envelope(message, came_with or Envelope())
        own_s = time.perf_counter() - started
        answering = asyncio.gather(*(self._ask(each, message, envelope, moment) for each in self.filters))
        if self.resolver is None:
            world = World(check_lists(message, None, bulk=looked.bulk), (self.why_no_dns,))
        else:
            world = await ask_world(self.resolver, message, looked, envelope, self.options.settings, self.asked)
        answers = await answering
        started = time.perf_counter()
        counted = [count(answer, self._missing(message, envelope)) for answer in answers]
        findings = looked.findings + world.findings
        taken, because = taken_for(findings, counted)
        made = Scored(
            version=1,
            source=source,
            subject=decoded(message.first("subject"))[:200],
            taken=taken,
            because=because,
            filters=[filter_out(each) for each in counted],
            findings=findings_out(findings),
            passed=[finding_out(each, "") for each in findings if each.result is Fact.PASS],
            envelope=envelope_out(envelope),
            bulk=looked.bulk,
            requirements=requirements(list(findings)) if self.resolver else [],
            not_asked=[*world.not_asked, *self._untold(answers), *_unsure(findings)],
            own_s=0.0,
        )
        made.own_s = round(own_s + time.perf_counter() - started, 5)
        return made

    def _envelope(self, message: Message, came_with: Envelope) -> Envelope:
        """What the options say goes before what the listener saw, that before what the message tells."""
        settings = self.options.settings
        mail_from = settings.mail_from.strip("<>") if settings.mail_from else came_with.mail_from
        return envelope_of(
            message, ip=settings.ip, helo=settings.helo or came_with.helo, mail_from=mail_from,
            rcpt=self.options.rcpt or came_with.rcpt, told_by="SMTP" if came_with.rcpt else "option",
        )  # fmt: skip

    async def _ask(self, each: Filter, message: Message, envelope: Envelope, moment: datetime) -> FilterAnswer:
        async with self.gates[each.name]:
            return await ask_filter(each, message, envelope, moment, self.options.settings.filter_timeout_s)

    def _missing(self, message: Message, envelope: Envelope) -> frozenset[str]:
        """What the filters could not be given: symbols that are only about that do not count."""
        given = {
            "ip": envelope.ip, "helo": envelope.helo, "rcpt": envelope.origin.get("rcpt") not in {None, "To"},
            "dns": self.resolver, "received": message.all("received"), "mail_from": envelope.mail_from,
        }  # fmt: skip
        return frozenset(name for name, value in given.items() if not value)

    def _untold(self, answers: Iterable[FilterAnswer]) -> list[str]:
        return [f"{each.filter}: {each.problem}" for each in answers if each.problem]


def _unsure(findings: Iterable[Finding]) -> list[str]:
    return [each.detail for each in findings if each.result in {Fact.TEMPERROR, Fact.REFUSED}]


@asynccontextmanager
async def open_scorer(options: ScoreOptions, say: Callable[[str], None] = lambda _: None) -> AsyncIterator[Scorer]:
    """Try the name servers, find or start the filters; everything started is stopped at the end."""
    from postmend.app.asker import asker_of
    from postmend.net.servers import servers_of

    settings = options.settings
    async with AsyncExitStack() as stack:
        resolver: Resolver | None = None
        why = _OFFLINE
        if not settings.offline:
            asker = asker_of(settings)
            stack.push_async_callback(asker.close)
            resolver = asker if await dns_answers(asker) else None
            why = "" if resolver else _DEAD
        wanted = {RSPAMD: settings.rspamd, SPAMASSASSIN: settings.spamassassin}
        servers = servers_of(settings.resolver) if resolver else []
        filters = await open_filters(wanted, servers, options.workers, stack, say)
        gates = {each.name: asyncio.Semaphore(AT_ONCE * options.workers) for each in filters}
        yield Scorer(options, filters, resolver, why, gates, await stack.enter_async_context(Asked()))


async def score_bytes_async(raw: bytes, source: str, options: ScoreOptions) -> Scored:
    """Score one message with filters of its own."""
    async with open_scorer(options) as scorer:
        return await scorer.score(raw, source)
