"""Evidence for one refusal: the checks that are wanted, side by side, under one deadline, each costing only itself."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from postmend.app.asker import asker_of
from postmend.app.in_time import NOBODY_ANSWERED, in_time
from postmend.app.questions import NAMES, Found, Questions
from postmend.app.settings import Settings
from postmend.diagnosis import Subject, with_address, with_local
from postmend.evidence.blocklists import Memory, ended_findings
from postmend.evidence.local import check_local
from postmend.model import Fact, Finding, RecordChange
from postmend.model.dns import Asker

if TYPE_CHECKING:
    from postmend.model.dialogue import Dialer
    from postmend.model.local import LocalServer

# What letting go, the verdict and printing take of the time that somebody gave: in part, at least, at most.
_BESIDE, _LEAST_BESIDE_S, _MOST_BESIDE_S = 0.15, 0.25, 1.0
_MOST_PROBES = 25  # RCPT probes a run: whoever has more addresses to ask about wants `postmend verify`


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came back in time; `not_asked` says, a line each, what did not; `records` are proven DNS changes."""

    findings: tuple[Finding, ...] = ()
    records: tuple[RecordChange, ...] = ()
    not_asked: tuple[str, ...] = ()


@dataclass(slots=True)
class Evidence:
    """Asks the world through one resolver and one dialer. Findings that came in before the deadline are kept.

    `spent_s` is what starting up has taken of the time that somebody gave.
    """

    resolver: Asker
    settings: Settings
    dialer: "Dialer | None" = None
    memory: Memory = field(default_factory=Memory)
    spent_s: float = 0.0
    _local: "asyncio.Future[LocalServer | None] | None" = None
    _probed: dict[str, "asyncio.Task[Found]"] = field(default_factory=dict)

    def ends(self) -> float:
        """When the evidence on a refusal that is looked at from now on must be in (the event loop's clock)."""
        given_s = self.settings.deadline_s
        beside_s = min(max(_BESIDE * given_s, _LEAST_BESIDE_S), _MOST_BESIDE_S)
        return asyncio.get_running_loop().time() + given_s - self.spent_s - beside_s

    async def complete(self, subject: Subject, ends: float) -> Subject:
        """Find the sending address: from the server itself where it runs here, else by its name in the DNS.

        It may take half of the time that is left.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(max(0.0, ends - loop.time()) / 2):
                subject = with_local(subject, await self._here())
                if subject.settled or "." not in subject.host:
                    return subject
                answers = await asyncio.gather(*(self.resolver.query(subject.host, kind) for kind in ("A", "AAAA")))
        except TimeoutError:
            return subject
        return with_address(subject, [ip for answer in answers for ip in answer.records])

    async def gather(self, subject: Subject, wanted: tuple[str, ...], ends: float) -> Gathered:
        """Run the wanted checks about a subject, until `ends`."""
        questions = Questions(self.resolver, subject, self.settings, self.memory, self.dialer, int(time.time()))
        probing = "rcpt" in wanted and self.dialer is not None
        tasks = {NAMES[name]: self._task(name, questions) for name in wanted if name != "rcpt" or probing}
        left_out = [f"{NAMES['rcpt']}: told not to (--no-smtp)"] if "rcpt" in wanted and not probing else []
        if not tasks:
            return Gathered(not_asked=tuple(left_out))
        left_s = max(0.0, ends - asyncio.get_running_loop().time())
        answers, late = await in_time(tasks, left_s, self.settings.deadline_s)
        findings: list[Finding] = list(ended_findings(subject.lists))
        if subject.local is not None:
            findings += check_local(subject.local, subject.recipient_domain)
        findings += [finding for found, _ in answers for finding in found]
        records = tuple(change for _, changes in answers for change in changes)
        return Gathered(tuple(findings), records, (*left_out, *late, *_silent(findings)))

    async def _here(self) -> "LocalServer | None":
        """The mail server on this machine, looked at once a run."""
        if not self.settings.local or self.settings.replay:
            return None
        if self._local is None:
            from postmend.net.own_server import look

            self._local = asyncio.ensure_future(look())
        return await asyncio.shield(self._local)

    def _task(self, name: str, questions: Questions) -> "asyncio.Task[Found]":
        """A check as a task. An address is asked about once a run, and no more than a few in all."""
        if name != "rcpt":
            return asyncio.create_task(questions.run(name))
        address = questions.subject.recipient.lower()
        if address not in self._probed:
            if len(self._probed) >= _MOST_PROBES:
                return asyncio.create_task(questions.too_many(_MOST_PROBES))
            self._probed[address] = asyncio.create_task(questions.run(name))
        return self._probed[address]

    async def close(self) -> None:
        """Let go of the sockets."""
        await self.resolver.close()


def _silent(findings: list[Finding]) -> list[str]:
    """Whether the resolver answered nothing at all: one line that says what to look at."""
    asked = [f for f in findings if f.check != "rcpt"]
    if asked and all(f.result is Fact.TEMPERROR for f in asked):
        return [NOBODY_ANSWERED]
    return []


async def open_evidence(settings: Settings) -> Evidence:
    """Evidence through the resolver that the settings name; or a recording; raises ParseError where it is neither."""
    dialer: Dialer | None = None
    if settings.smtp and not settings.replay:
        from postmend.net.smtp import NetDialer

        dialer = NetDialer()
    return Evidence(asker_of(settings), settings, dialer)
