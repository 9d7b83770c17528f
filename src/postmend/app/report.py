"""The use case behind `postmend report`: files in, a Report out. Files, processes and the clock are here.

Bad input costs only itself: it is told in `inputs.problems`, and the rest goes on.
"""

import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from postmend.app.countries import Countries
from postmend.app.inputs import Source, find_sources
from postmend.app.logfiles import LogFile, cut, head_of, is_log, look_at, part_chunks, without_copies
from postmend.app.report_mails import Mails, is_report
from postmend.intake.logs import Kept, LogReader
from postmend.model import ParseError
from postmend.model.counted import counted
from postmend.model.errors import unreadable
from postmend.traffic.build import build
from postmend.traffic.merge import merge
from postmend.traffic.received import Received
from postmend.traffic.report import Inputs, Report
from postmend.traffic.stitch import Stitcher

TOO_MUCH = 0.01  # share of lines not understood above which a report is not to be trusted
_MOST_PROBLEMS = 20
_MB = 1 << 20

Progress = Callable[[str], None]  # told how far the reading is


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to report on. `since` and `until` are minutes since 1970; `jobs` processes side by side.

    `domains` are one's own: reports about others are told and left out. None: all are taken. `countries` is a file
    that says which country an address is in (MaxMind's format), or empty.
    """

    paths: tuple[str, ...]
    since: int | None = None
    until: int | None = None
    jobs: int = 1
    domains: tuple[str, ...] = ()
    countries: str = ""


@dataclass(slots=True)
class Read:
    """What one or more files gave. `tally` counts lines by `Kept`, `strange` are some that were not understood."""

    stitcher: Stitcher
    tally: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    strange: list[bytes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: "LogReader | Read") -> None:
        """Add the lines that another has read."""
        self.tally = [a + b for a, b in zip(self.tally, other.tally, strict=True)]
        self.strange = (self.strange + other.strange)[:5]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Counting makes a million values and no circles: looking for circles would take a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read_logs(
    logs: Sequence[LogFile], wanted: Wanted, read: Callable[[int], None] = lambda _: None, *, goes_on: bool = False
) -> Read:
    """Read logs in order, in this process; `goes_on` where they are a later part of what is merged."""
    own = {host for log in logs for host in log.hosts}
    done = Read(Stitcher(own, wanted.since, wanted.until, goes_on=goes_on))
    with _without_collector():
        for log in logs:
            reader = LogReader(done.stitcher, log.year)
            try:
                for chunk in part_chunks(log, done.problems.append, read):
                    reader.feed(chunk)
            except OSError as error:
                done.problems.append(str(unreadable(log.name, error)))
            reader.close()
            done.add(reader)
    return done


def _side_by_side(logs: Sequence[LogFile], wanted: Wanted, progress: Progress, total: int) -> Read:
    """One process for each log or part of one; what is open at an edge is put together here."""
    from concurrent.futures import ProcessPoolExecutor

    hosts = frozenset().union(*(log.hosts for log in logs))
    parts = [replace(part, hosts=hosts) for log in logs for part in cut(log, wanted.jobs)]
    result: Read | None = None
    done = 0
    with ProcessPoolExecutor(wanted.jobs) as pool:
        begun = [pool.submit(read_logs, [part], wanted, goes_on=number > 0) for number, part in enumerate(parts)]
        for part, future in zip(parts, begun, strict=True):
            read = future.result()
            done += part.size
            progress(_so_far(done, total))
            if result is None:
                result = read
                continue
            merge(result.stitcher, read.stitcher)
            result.add(read)
            result.problems += read.problems
    assert result is not None
    return result


def _kept(stream: BinaryIO, keep: ExitStack) -> Path:
    """Standard input in a file, for what it is can only be told by its beginning and its end."""
    file = keep.enter_context(tempfile.NamedTemporaryFile(prefix="postmend-"))  # noqa: SIM115  ended with `keep`
    shutil.copyfileobj(stream, file, 1 << 20)
    file.flush()
    return Path(file.name)


def sort_inputs(sources: Sequence[Source], problems: list[str], keep: ExitStack) -> tuple[list[LogFile], list[Source]]:
    """The logs among the sources, in the order in which they were written; and the rest, which may be mails."""
    logs, others = [], []
    for source in sources:
        if source.path is None:
            source = Source(source.name, _kept(sys.stdin.buffer, keep))  # noqa: PLW2901
            assert source.path is not None
        try:
            head = head_of(source.path)
            if not is_report(head) and is_log(head):
                logs.append(look_at(source.name, source.path, head))
            elif head.strip():
                others.append(source)
        except OSError as error:
            problems.append(str(unreadable(source.name, error)))
    return sorted(without_copies(logs, problems.append), key=lambda log: log.first), others


def _so_far(done: int, total: int) -> str:
    """In octets as they lie on the disk, packed or not."""
    return f"reading {done / _MB:,.0f} of {total / _MB:,.0f} MB ({done / total if total else 1:.0%})"


def _logs(logs: list[LogFile], wanted: Wanted, progress: Progress) -> Read:
    total = sum(log.size for log in logs)
    if wanted.jobs > 1 and logs:
        return _side_by_side(logs, wanted, progress, total)
    done = [0]

    def tell(size: int) -> None:
        done[0] += size
        progress(_so_far(done[0], total))

    return read_logs(logs, wanted, tell)


def _mails(others: list[Source], wanted: Wanted, read: Read, progress: Progress) -> tuple[Mails, Received]:
    """Mails and reports. Where there are logs, the bounces in mails are theirs already: only addresses are added."""
    day = (wanted.since or -1440) // 1440, (wanted.until or 1 << 50) // 1440
    received = Received(*day, own=frozenset(domain.lower() for domain in wanted.domains))
    only = not any(read.tally)
    stitcher = read.stitcher if only else Stitcher(set(), wanted.since, wanted.until)
    mails = Mails(stitcher, received)
    for number, source in enumerate(others, 1):
        mails.take(source, read.problems.append)
        progress(f"{number:,} of {counted(len(others), 'mail or report', 'mails and reports')} read")
    if not only:
        stitcher.finish()
        read.stitcher.ledger.rollup.add_addresses(stitcher.tables())
        if mails.bounces:
            read.problems.append(
                f"{counted(mails.bounces, 'bounce')} in mails, in the logs' counts already: only addresses were taken"
            )
    return mails, received


def make_report(wanted: Wanted, progress: Progress = lambda _told: None) -> Report:
    """Read everything and report; raises ParseError where nothing of use is in it."""
    countries = Countries(wanted.countries) if wanted.countries else None
    with ExitStack() as keep:
        report = _make(wanted, progress, keep)
    if countries is not None:
        countries.tell(report)
    return report


def _make(wanted: Wanted, progress: Progress, keep: ExitStack) -> Report:
    sources = find_sources(wanted.paths)
    problems: list[str] = []
    logs, others = sort_inputs(sources, problems, keep)
    if not logs and not others:
        names = ", ".join(wanted.paths)[:200]
        raise ParseError(problems[0] if problems else f"{names}: empty; logs, mails or reports were expected")
    read = _logs(logs, wanted, progress)
    mails, received = _mails(others, wanted, read, progress)
    with _without_collector():
        return _tell(read, mails, received, problems, logs, len(others))


def _tell(
    read: Read, mails: Mails, received: Received, problems: list[str], logs: list[LogFile], others: int
) -> Report:  # fmt: skip
    """What was read as a report, unless nothing of use was in it; `others` files were no logs."""
    read.stitcher.finish()
    rollup = read.stitcher.tables()
    if not (any(read.tally) or received.reports or rollup.hours or rollup.complaints):
        raise ParseError(next(iter(problems + read.problems), "nothing in it: logs, bounces or reports were expected"))
    if read.tally[Kept.UNKNOWN] and sum(read.tally) == read.tally[Kept.UNKNOWN] and not received.reports:
        first = read.strange[0].decode("utf-8", "replace")[:100]
        raise ParseError(f"none of {sum(read.tally):,} lines was understood, such as {first!r}")
    told = problems + read.problems
    told += [
        f"{counted(n, 'report')} about {domain}: not one of the domains named"
        for domain, n in received.strangers.most_common(5)
    ]
    size = sum(log.size for log in logs)
    return build(rollup, make_inputs(read, told, len(logs) + others, size, mails.mails, received), received)


def make_inputs(read: Read, told: list[str], files: int, size: int, mails: int, received: Received) -> Inputs:
    """What was read, as the report tells it."""
    lines, unknown = sum(read.tally), read.tally[Kept.UNKNOWN]
    told = list(told)
    if read.stitcher.evicted:
        told.append(f"{counted(read.stitcher.evicted, 'message')} had been open for too long: counted unfinished")
    crowded = read.stitcher.ledger.rollup.crowded
    if crowded:
        told.append(f"too many {', '.join(sorted(crowded))} to keep apart: the least busy are counted as `others`")
    if len(told) > _MOST_PROBLEMS:
        told = [*told[:_MOST_PROBLEMS], f"and {len(told) - _MOST_PROBLEMS} more"]
    return Inputs(
        files=files, bytes=size, lines=lines, used=read.tally[Kept.USED], foreign=read.tally[Kept.FOREIGN],
        not_understood=unknown, share=round(unknown / max(lines, 1), 5), mails=mails, reports=received.reports,
        duplicates=received.duplicates, strange=[line.decode("utf-8", "replace") for line in read.strange],
        problems=told, templates=read.stitcher.ledger.replies.templates,
    )  # fmt: skip


def report(paths: str | Path | Sequence[str | Path], *, since: str = "", until: str = "", jobs: int = 1) -> Report:
    """Report on logs, bounce mailboxes and DMARC, TLS and ARF reports: what bounces, why, and who causes it.

    `since` and `until` are `2026-11-24` or `2026-11-24 20:00` by the logs' own clock; `jobs` processes read side by
    side. The result is what `postmend report --json` prints. Raises ParseError where nothing of use is in `paths`.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    return make_report(Wanted(tuple(str(path) for path in given), read_time(since), read_time(until), jobs))


def read_time(text: str, now_s: float | None = None) -> int | None:
    """Minutes since 1970 for `2026-11-24`, `2026-11-24 20:00` or `7d`, `12h` ago; None for nothing."""
    import re
    import time

    from postmend.intake.logs.clock import minutes

    if not text:
        return None
    ago = re.fullmatch(r"(\d{1,5})([dh])", text.strip())
    if ago:
        now = time.localtime(time.time() if now_s is None else now_s)
        at = minutes(now.tm_year, now.tm_mon, now.tm_mday, now.tm_hour, now.tm_min)
        assert at is not None
        return at - int(ago[1]) * (1440 if ago[2] == "d" else 60)
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::\d\d)?)?", text.strip())
    made = minutes(*(int(part or 0) for part in found.groups())) if found else None
    if made is None:
        raise ParseError(f"{text[:40]!r}: not a time; 2026-11-24, '2026-11-24 20:00', 7d or 12h was expected")
    return made
