"""The use case behind `postmend check`: is a domain, a host, an IP address or a mail address fit for mail?"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from postmend.app.asker import asker_of
from postmend.app.check_questions import about_domain, about_host, about_ip, host_addresses
from postmend.app.check_world import Answered, Question, World
from postmend.app.checked import Checked, graded, requirements, topic_of
from postmend.app.in_time import NOBODY_ANSWERED, in_time
from postmend.app.message import Message, message_findings, read_message
from postmend.app.noted import NotedFetcher, book_of
from postmend.app.output import step_out
from postmend.app.settings import Settings
from postmend.app.targets import Target, read_target
from postmend.diagnosis.posture import posture_of, together
from postmend.evidence.blocklist_finding import behind_findings, resolver_finding
from postmend.evidence.probe.fitness import own_name
from postmend.evidence.receiving import Caller
from postmend.knowledge.findings import Grade, grade_of
from postmend.model import Fact, Finding, ParseError, Step
from postmend.model.dialogue import Timeouts
from postmend.model.dns import Asker
from postmend.model.fetch import Fetcher
from postmend.remedy.mend import mend

_TARGETS_AT_ONCE = 20
_SENDERS = {"domain", "address"}
_BY_DIALOGUE = {"smtp", "tls", "dane"}  # one dialogue answers them all


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What `check` is to do. `only` are topics (empty: all); `relay_probe` an address of the tester's own elsewhere.

    `tell` is called with how far it is, as answers come in.
    """

    settings: Settings
    only: frozenset[str] = frozenset()
    selectors: tuple[str, ...] = ()
    message: str = ""
    relay_probe: str = ""
    tell: Callable[[str], None] = lambda _: None


async def _kind_in_dns(world: World, target: Target) -> str:
    """A name with an address but without MX, SPF or DMARC of its own is taken for a host."""
    if target.kind != "domain":
        return target.kind
    name = target.name
    mx, txt, dmarc = await asyncio.gather(
        world.asker.query(name, "MX"), world.asker.query(name, "TXT"), world.asker.query(f"_dmarc.{name}", "TXT")
    )
    if mx.records or mx.failed or dmarc.records or any(text.lower().startswith("v=spf1") for text in txt.records):
        return "domain"
    return "host" if await host_addresses(world.asker, name) else "domain"


async def _questions(world: World, target: Target, kind: str, message: Message | None) -> dict[str, Question]:
    if kind == "ip":
        asked = about_ip(world, target.name)
    elif kind == "host":
        asked = await about_host(world, target.name)
    else:
        asked = await about_domain(world, target.name)
    if kind != "ip" and world.settings.ip:
        asked |= about_ip(world, world.settings.ip)
    if message:
        asked["message"] = lambda: _about_message(world, message)
    return asked


async def _about_message(world: World, message: Message) -> Answered:
    return Answered(await message_findings(world, message, int(time.time())))


def _wanted(name: str, only: frozenset[str]) -> bool:
    topic = name.split(maxsplit=1)[0]
    return not only or topic in only or (topic == "smtp" and bool(only & _BY_DIALOGUE))


async def _answers(
    asked: dict[str, Question], options: CheckOptions, left_s: float
) -> tuple[list[Answered], list[str]]:
    """Put the questions that are wanted, for `left_s` seconds, and tell how far it is."""
    tasks = {name: asyncio.ensure_future(put()) for name, put in asked.items() if _wanted(name, options.only)}

    def tell(_: "asyncio.Future[Answered]") -> None:
        options.tell(f"{sum(task.done() for task in tasks.values())} of {len(tasks)} questions answered")

    for task in tasks.values():
        task.add_done_callback(tell)
    return await in_time(tasks, max(left_s, 0.05), options.settings.deadline_s)


async def _check(world: World, target: Target, options: CheckOptions, message: Message | None) -> Checked:
    loop = asyncio.get_running_loop()
    end = loop.time() + options.settings.deadline_s
    kind, asked = target.kind, {}
    try:
        async with asyncio.timeout_at(end):
            kind = await _kind_in_dns(world, target)
            asked = await _questions(world, target, kind, message)
        answers, late = await _answers(asked, options, end - loop.time())
    except TimeoutError:
        answers, late = [], [NOBODY_ANSWERED]
    raw = [finding for each in answers for finding in each.findings]
    raw += [*resolver_finding(raw), *behind_findings(raw)]
    found = [f for f in together(raw, kind) if not options.only or topic_of(f) in options.only]
    if found and all(f.result is Fact.TEMPERROR for f in found):
        late.append(NOBODY_ANSWERED)
    return Checked(
        version=1,
        target=target.text,
        kind=kind,
        name=target.name,
        bad=any(grade_of(f) is Grade.REFUSED for f in found),
        checked_at=max(
            (f.asked_at for f in found if f.asked_at), default=datetime.now(UTC).isoformat(timespec="seconds")
        ),
        findings=[graded(f) for f in found],
        plan=[step_out(step) for step in _plan(target, found, answers)],
        requirements=requirements(found) if kind in _SENDERS and posture_of(raw).sends is not False else [],
        not_asked=late,
        notes=target.notes,
    )


def _plan(target: Target, found: list[Finding], answers: list[Answered]) -> tuple[Step, ...]:
    records = {ident: change for each in answers for ident, change in each.records.items()}
    later = {ident: lines for each in answers for ident, lines in each.later.items()}
    ptr = next((f.get("ptr") for f in found if f.check == "rdns" and f.get("ptr")), "")
    domain = "" if target.kind == "ip" else target.name
    facts = {"domain": domain, "hostname": ptr or (f"mail.{domain}" if domain else "")}
    steps = mend(found, facts, records)
    return tuple(
        replace(step, config=(*step.config, *(f"later: {line}" for line in later[step.id])))
        if step.id in later
        else step
        for step in steps
    )


async def _name_of(asker: Asker, ip: str, most_s: float) -> str:
    """The name of this machine, if reverse DNS tells it in time: it is only for our own EHLO."""
    try:
        return await asyncio.wait_for(own_name(asker, ip), most_s)
    except TimeoutError:
        return ""


async def _world(asker: Asker, options: CheckOptions, message: Message | None) -> World:
    from postmend.net.https import NetFetcher
    from postmend.net.own_address import own_address
    from postmend.net.smtp import NetDialer

    settings = options.settings
    share = settings.deadline_s
    step_s = min(5.0, share / 2)
    timeouts = Timeouts(min(4.0, share / 3), step_s, step_s, step_s, 1.0, share * 0.8)
    ip = own_address()
    helo = settings.verify.helo or settings.helo or (await _name_of(asker, ip, share / 5) if ip else "")
    name = helo or (f"[{ip}]" if ip else "localhost")
    caller = Caller(name, settings.smtp_port, int(time.time()), options.relay_probe, timeouts)
    signers = message.signers if message else ()
    selectors = dict.fromkeys((*options.selectors, *(selector for _, selector in signers)))
    book = book_of(asker)
    fetcher: Fetcher = NetFetcher(asker, step_s, port=settings.https_port, allow_private=settings.allow_private)
    noted = NotedFetcher(fetcher, book) if book else fetcher
    return World(asker, NetDialer(), noted, caller, settings, tuple(selectors))


def _read_targets(texts: tuple[str, ...]) -> list[Target]:
    """Read each target; raises ParseError, naming the target, for one that is no name, IP or address."""
    made = []
    for text in texts:
        try:
            made.append(read_target(text))
        except ParseError as error:
            raise ParseError(f"{text[:80]!r}: {error}") from error
    return made


async def check_targets(texts: tuple[str, ...], options: CheckOptions) -> list[Checked]:
    """Check each target, a few at a time; raises ParseError for a target that is no name, IP or address."""
    targets = _read_targets(texts)
    message = read_message(options.message) if options.message else None
    asker = asker_of(options.settings)
    try:
        world = await _world(asker, options, message)
        gate = asyncio.Semaphore(_TARGETS_AT_ONCE)

        async def one(target: Target) -> Checked:
            async with gate:
                return await _check(world, target, options, message)

        return list(await asyncio.gather(*(one(target) for target in targets)))
    finally:
        await asker.close()
