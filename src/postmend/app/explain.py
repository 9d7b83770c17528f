"""The use case behind `postmend explain`: intake, reading, evidence, verdict, plan.

Bad input costs only itself: what cannot be read is told through `unreadable`, one line each, and the rest goes on.
"""

import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from postmend.app.explain_out import Explained, explained_out
from postmend.app.inputs import Source, open_bytes
from postmend.app.settings import Settings
from postmend.diagnosis import Attempt, Ledger, Subject, attempt_of, judge, probes_for, subject_of
from postmend.intake import read_any
from postmend.knowledge.read import read_told
from postmend.knowledge.remembered import read_for
from postmend.model import Action, Diagnosis, Failure, Finding, Intake, Original, ParseError, Reading, RecordChange
from postmend.remedy import plan

if TYPE_CHECKING:
    from postmend.app.evidence import Evidence

_REFUSALS = {Action.FAILED, Action.DELAYED}
_OFFLINE = ("nothing was asked of the network (--offline)",)
_SIDE_BY_SIDE = 256  # inputs that are looked at together for what they say of each other
_AT_ONCE = 16  # inputs under diagnosis at a time
_MOST_ASKED = 200  # refusals of one input that the world is asked about
_TOO_MANY = (f"the network: only for the first {_MOST_ASKED} refusals of an input",)

# An input, and what the words of each refusal in it say.
_Input = tuple[Intake, list[tuple[Failure, Reading]]]


@dataclass(frozen=True, slots=True)
class Options:
    """What to explain: `sources`, or the `text` of a reply; `message` is a file with the refused message."""

    settings: Settings
    sources: Iterable[Source] = ()
    text: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One input, and a diagnosis per refusal in it."""

    intake: Intake
    diagnoses: list[Diagnosis]


def read_failures(raw: bytes | mmap.mmap, source: str) -> Iterator[_Input]:
    """Read and classify every mail of an input; raises ParseError where nothing of use is in it."""
    for intake in read_any(raw, source):
        yield intake, [(failure, _read(failure)) for failure in intake.failures if failure.action in _REFUSALS]


class _Refusal(NamedTuple):
    """One refusal, read, and how it looks beside others."""

    failure: Failure
    reading: Reading
    attempt: Attempt


_Beside = tuple[Intake, list[_Refusal]]  # the same, each refusal held beside the others


def _windows(read: Iterator[_Input]) -> Iterator[tuple[list[_Beside], Ledger]]:
    """Inputs by the hundred, with a ledger of what was refused and what was delivered among them."""
    while window := list(islice(read, _SIDE_BY_SIDE)):
        yield _side_by_side(window)


def _side_by_side(window: list[_Input]) -> tuple[list[_Beside], Ledger]:
    beside = [
        (
            intake,
            [_Refusal(failure, reading, attempt_of(failure, reading, intake.original)) for failure, reading in found],
        )
        for intake, found in window
    ]
    refused = [each.attempt for _, found in beside for each in found]
    others = [(f, intake) for intake, _ in window for f in intake.failures if f.action not in _REFUSALS]
    return beside, Ledger([*refused, *(attempt_of(f, None, intake.original) for f, intake in others)])


def _read(failure: Failure) -> Reading:
    """What the words say: read by intake already where they stood in a notice."""
    reply = failure.reply
    return failure.reading or read_told(
        reply.text,
        failure.notice,
        stage=failure.stage,
        remote_host=failure.remote.host,
        code=reply.code,
        enhanced=reply.enhanced,
        read=read_for,
    )


def explain_sources(options: Options, unreadable: Callable[[str], None]) -> Iterator[Explanation]:
    """Explain each input in turn; the network is asked for several inputs at a time."""
    read = _with_message(_intakes(options, unreadable), options.message)
    if options.settings.offline:
        for window, ledger in _windows(read):
            for intake, found in window:
                yield Explanation(intake, _offline(intake, found, ledger))
        return
    yield from _online(read, options.settings)


def _intakes(options: Options, unreadable: Callable[[str], None]) -> Iterator[_Input]:
    if options.text is not None:
        yield from read_failures(options.text.encode("utf-8", "replace"), "--text")
        return
    for source in options.sources:
        try:
            with open_bytes(source) as raw:
                for intake, readings in read_failures(raw, source.name):
                    if intake.problems:
                        unreadable(intake.problems[0])
                    else:
                        yield intake, readings
        except ParseError as error:
            unreadable(str(error))


def _with_message(read: Iterator[_Input], message: str | None) -> Iterator[_Input]:
    """Let a message given beside the bounce say what the bounce does not."""
    if message is None:
        yield from read
        return
    from postmend.intake.original import read_original, sending_host
    from postmend.intake.scan import normalise, read_headers, split_head

    with open_bytes(Source(message, Path(message))) as raw:
        block, _ = split_head(normalise(bytes(raw[: 1 << 20])))
    headers = read_headers(block)
    if not headers:
        raise ParseError(f"{message}: not a mail; the refused message was expected")
    original, host = read_original(dict(reversed(headers))), sending_host(headers, "")
    for intake, readings in read:
        better = [(replace(f, local=host) if host.ip else f, r) for f, r in readings]
        yield replace(intake, original=original), better


def explain_bytes(raw: bytes, source: str, settings: Settings) -> list[Explained]:
    """Explain bytes that are already in memory; raises ParseError where nothing of use is in them."""
    if settings.offline:
        return _offline_out(raw, source)
    import asyncio

    return asyncio.run(explain_bytes_async(raw, source, settings))


async def explain_bytes_async(raw: bytes, source: str, settings: Settings) -> list[Explained]:
    """`explain_bytes` inside a running event loop."""
    if settings.offline:
        return _offline_out(raw, source)
    from postmend.app.evidence import open_evidence

    evidence = await open_evidence(settings)
    beside, ledger = _side_by_side(list(read_failures(raw, source)))
    try:
        made = await _explain_batch(beside, ledger, evidence, settings)
    finally:
        await evidence.close()
    return [explained_out(each.intake, each.diagnoses) for each in made]


def _offline_out(raw: bytes, source: str) -> list[Explained]:
    made = _windows(read_failures(raw, source))
    return [explained_out(each, _offline(each, found, ledger)) for window, ledger in made for each, found in window]


def _offline(intake: Intake, found: list[_Refusal], ledger: Ledger) -> list[Diagnosis]:
    def conclude(one: _Refusal) -> Diagnosis:
        return _conclude(intake, one, ledger.findings(one.attempt), _OFFLINE)

    if len(found) == 1:
        return [conclude(found[0])]
    alike = {one.failure: one for one in found}  # a paste may hold one reply thousands of times
    made = {failure: conclude(one) for failure, one in alike.items()}
    return [made[one.failure] for one in found]


def _facts(subject: Subject, original: Original) -> dict[str, str]:
    return {
        "ip": subject.ip,
        "helo": subject.helo,
        "mail_from": subject.mail_from,
        "mail_from_domain": subject.mail_from_domain,
        "from_domain": subject.from_domain,
        "dkim_domain": original.dkim_domain,
        "dkim_selector": original.dkim_selector,
    }


def _conclude(
    intake: Intake,
    one: _Refusal,
    findings: tuple[Finding, ...],
    not_asked: tuple[str, ...],
    subject: Subject | None = None,
    records: tuple[RecordChange, ...] = (),
) -> Diagnosis:
    failure, reading, _ = one
    verdict = judge(failure, reading, findings, not_asked)
    subject = subject or subject_of(failure, reading, intake.original, {})
    return replace(verdict, plan=plan(verdict, _facts(subject, intake.original), records))


def _online(read: Iterator[_Input], settings: Settings) -> Iterator[Explanation]:
    """Ask for a handful of inputs side by side, and yield in order."""
    import asyncio

    from postmend.app.evidence import open_evidence
    from postmend.app.started import since_start_s

    with asyncio.Runner() as runner:
        evidence = runner.run(open_evidence(settings))
        evidence.spent_s = since_start_s()
        try:
            for window, ledger in _windows(read):
                for at in range(0, len(window), _AT_ONCE):
                    yield from runner.run(_explain_batch(window[at : at + _AT_ONCE], ledger, evidence, settings))
        finally:
            with suppress(OSError):
                runner.run(evidence.close())


async def _explain_batch(
    batch: list[_Beside], ledger: Ledger, evidence: "Evidence", settings: Settings
) -> list[Explanation]:
    import asyncio

    return list(await asyncio.gather(*(_explain_one(each, ledger, evidence, settings) for each in batch)))


async def _explain_one(read: _Beside, ledger: Ledger, evidence: "Evidence", settings: Settings) -> Explanation:
    import asyncio

    intake, found = read
    given = {"ip": settings.ip, "helo": settings.helo, "mail_from": settings.mail_from}

    async def one(refusal: _Refusal) -> Diagnosis:
        failure, reading, attempt = refusal
        ends = evidence.ends()
        subject = await evidence.complete(subject_of(failure, reading, intake.original, given), ends)
        wanted, missing = probes_for(reading, subject)
        gathered = await evidence.gather(subject, wanted, ends)
        findings = gathered.findings + ledger.findings(attempt)
        return _conclude(intake, refusal, findings, missing + gathered.not_asked, subject, gathered.records)

    asked = await asyncio.gather(*map(one, found[:_MOST_ASKED]))
    return Explanation(intake, [*asked, *(_conclude(intake, each, (), _TOO_MANY) for each in found[_MOST_ASKED:])])
