"""The terminal's report: findings first, then rates, days as sparklines, causes, and who it comes from."""

from collections.abc import Iterator, Sequence

from postmend.cli.paper import Paper, clean
from postmend.model.counted import counted
from postmend.traffic.report import Alarm, Group, Report

TABLES = ("account", "client", "sender", "domain", "provider", "host", "cause", "day", "hour")
_BARS = " ▁▂▃▄▅▆▇█"
_SIDES = {"recipient": "theirs", "sender": "yours", "network": "network"}
TITLES = {
    "account": "Who sends it: accounts, scripts, clients", "client": "Client addresses", "sender": "MAIL FROM domains",
    "domain": "Recipients' domains", "provider": "Providers", "host": "Hosts",
}  # fmt: skip
_SHORT = 8


def _spark(values: Sequence[int], width: int) -> str:
    """A row of bars; more values than columns are added up."""
    if not values or width < 1:
        return ""
    step = -(-len(values) // width)
    sums = [sum(values[i : i + step]) for i in range(0, len(values), step)]
    top = max(sums) or 1
    return "".join(_BARS[-(-value * (len(_BARS) - 1) // top)] for value in sums)


def render(report: Report, paper: Paper, by: str | None = None) -> Iterator[str]:
    """The whole report, line by line; or one table of it."""
    if by:
        yield from _table(report, paper, by)
        return
    yield from _head(report, paper)
    yield from _findings(report, paper)
    if report.rates:
        yield from _rates(report, paper)
    yield from _days(report, paper)
    yield from _apart(_causes(report, paper))
    yield from _apart(_groups(report.by["account"], paper, "account", _SHORT))
    yield from _received(report, paper)
    if len(report.by["sender"]) > 1:
        yield from _apart(_groups(report.by["sender"], paper, "sender", 5))
    yield from _ends(report, paper)


def _apart(lines: Iterator[str]) -> Iterator[str]:
    """Lines below an empty one, where there are any."""
    for number, line in enumerate(lines):
        if not number:
            yield ""
        yield line


def _head(report: Report, paper: Paper) -> Iterator[str]:
    inputs, totals = report.inputs, report.totals
    read = [(inputs.lines, "line"), (inputs.mails, "mail"), (inputs.reports, "report")]
    what = ", ".join(counted(count, name) for count, name in read if count)
    yield from paper.wrap(what + (f"; {report.first} to {report.last}" if report.first else ""), "")
    if inputs.duplicates:
        yield f"{counted(inputs.duplicates, 'report')} came twice, counted once"
    if inputs.not_understood:
        line = f"{counted(inputs.not_understood, 'line')} ({inputs.share:.2%}) not understood, such as: " + (
            inputs.strange[0] if inputs.strange else "-"
        )
        yield from (paper.style(each, fg="yellow") for each in paper.wrap(line[:200], "  ?? "))
    if totals.complaints:
        yield f"{counted(totals.complaints, 'complaint')} of recipients who call it spam"
    if not (totals.messages or totals.sent or totals.deferred or totals.refused):
        return
    yield from paper.wrap(
        f"{counted(totals.messages, 'message')} to {counted(totals.sent, 'recipient')}: "
        f"{totals.delivered:,} delivered, {totals.bounced:,} bounced"
        + (f" ({totals.expired:,} of them given up)" if totals.expired else "")
        + f"; {totals.deferred:,} put off first ({counted(totals.deferrals, 'attempt')})"
        + (f"; {totals.refused:,} refused here" if totals.refused else ""),
        "",
    )


def _findings(report: Report, paper: Paper) -> Iterator[str]:
    yield ""
    if not report.findings:
        yield paper.style("Nothing needs an act.", fg="green")
        yield ""
        return
    yield paper.head("What needs an act" if report.act else "What is worth watching")
    for number, finding in enumerate(report.findings, 1):
        yield from _finding(finding, number, paper)


def _finding(finding: Alarm, number: int, paper: Paper) -> Iterator[str]:
    lines = list(paper.wrap(finding.title, f"{number}. "))
    yield from (paper.style(line, fg="red" if finding.act else "yellow", bold=True) for line in lines)
    if finding.began:
        yield f"   since {finding.began}" + (f", last {finding.last}" if finding.last else "")
    for line in finding.evidence:
        yield from paper.wrap(line, "   - ")
    for step in finding.plan:
        yield from paper.wrap(step.do, "   > ")
        if step.url:
            yield f"     {clean(step.url)}"
        for line in step.config:
            yield f"     | {clean(line)}"
        if step.verify:
            yield from (paper.style(line, dim=True) for line in paper.wrap(step.verify, "     then: "))
    yield ""


def _rates(report: Report, paper: Paper) -> Iterator[str]:
    yield paper.head("Rates")
    for rate in report.rates:
        share = "too few to judge" if rate.share is None else f"{rate.share:.2%}"
        limit = f"; {rate.who} warns at {rate.warn:.1%}, acts at {rate.bad:.1%}" if rate.warn and rate.bad else ""
        of = f"{rate.count:,} of {rate.n:,}" if rate.n else f"{rate.count:,}; how much was delivered is not known"
        yield from paper.wrap(f"{share:>7}  {rate.title} ({of}){limit}", "  ", " " * 11)


def _days(report: Report, paper: Paper) -> Iterator[str]:
    periods = report.days if len(report.days) > 2 else report.hours
    if len(periods) < 2:
        return
    yield ""
    unit = "day" if periods is report.days else "hour"
    yield paper.head(f"By {unit}, {periods[0].at} to {periods[-1].at}")
    room = max(paper.width - 28, 10)
    rows = ("delivered", "bounced", "deferred", "refused", "complaints")
    for name in rows:
        values = [getattr(period.counts, name) for period in periods]
        if any(values):
            yield f"  {name:10} {_spark(values, room)} {sum(values):>10,}"


def _causes(report: Report, paper: Paper) -> Iterator[str]:
    if not report.causes:
        return
    yield paper.head("Causes")
    wide = paper.width >= 76
    for cause in report.causes[:12]:
        trend = _spark(cause.trend, 14) if wide and len(cause.trend) > 1 else ""
        yield (
            f"  {cause.bounced + cause.deferred:>8,} {cause.share:>4.0%}  {cause.id:26.26} {_SIDES[cause.side]:8}"
            f"{trend}".rstrip()
        )
        if cause.scope.id != "many" and cause.scope.name:
            yield from paper.wrap(f"{cause.scope.id.replace('_', ' ')}: {cause.scope.name}", " " * 17)


def _line(name: str, group: Group, paper: Paper) -> str:
    counts = group.counts
    share = f"{counts.bounced / counts.sent:>6.1%}" if counts.sent >= 30 else "     -"
    room = max(paper.width - 46, 12)
    shown = clean(name)
    shown = shown if len(shown) <= room else shown[: room - 3] + "..."
    return f"  {shown:{room}} {counts.sent:>10,} {counts.bounced:>9,} {share} {group.trouble:>8.0%}"


def _groups(groups: list[Group], paper: Paper, name: str, most: int) -> Iterator[str]:
    if not groups:
        return
    yield paper.head(TITLES[name])
    room = max(paper.width - 46, 12)
    yield paper.style(f"  {'':{room}} {'recipients':>10} {'bounced':>9} {'rate':>6} {'trouble':>8}", dim=True)
    for group in groups[:most]:
        kind = f" ({group.kind})" if group.kind not in {"login", "domain", "ip", "host", "provider", group.name} else ""
        yield _line(group.name + kind, group, paper)
    if len(groups) > most:
        yield paper.style(f"  and {len(groups) - most} more: --by {name}", dim=True)


def _received(report: Report, paper: Paper) -> Iterator[str]:
    """What others report: DMARC and TLS."""
    for domain in report.dmarc[:_SHORT]:
        yield ""
        yield paper.head(clean(f"DMARC: {domain.domain}"))
        share = f"{domain.aligned / domain.messages:.1%}" if domain.messages else "none"
        yield from paper.wrap(
            f"{counted(domain.messages, 'message')} in {counted(domain.reports, 'report')}, {share} aligned; "
            f"p={domain.policy}"
        )
        for source in domain.sources[:_SHORT]:
            name = clean(f"{source.ip} {source.sender or ''}").strip()
            room = max(paper.width - 34, 16)
            aligned = source.aligned / max(source.messages, 1)
            yield f"  {name[:room]:{room}} {source.messages:>10,} {aligned:>7.1%} aligned"
    if report.tls:
        yield ""
        yield paper.head("TLS reports")
        for each in report.tls[:_SHORT]:
            why = ", ".join(f"{name} {count:,}" for name, count in each.failures.items())
            yield from paper.wrap(
                f"{each.domain}: {each.failed:,} of {counted(each.failed + each.successful, 'session')} failed {why}"
            )


def _ends(report: Report, paper: Paper) -> Iterator[str]:
    if report.suppress:
        yield ""
        dead = counted(len(report.suppress) + report.suppress_more, "dead address", "dead addresses")
        names = ", ".join(f"{each.address}" for each in report.suppress[:3])
        more = " ..." if len(report.suppress) > 3 else ""
        yield from paper.wrap(f"{dead}, worth suppressing (--csv FOLDER writes the list): {names}{more}", "")
    if report.waiting:
        yield from paper.wrap("still waiting: " + ", ".join(f"{n:,} for {name}" for name, n in report.waiting[:5]), "")


def _table(report: Report, paper: Paper, by: str) -> Iterator[str]:
    if by in {"day", "hour"}:
        yield paper.style(f"{'':16} {'delivered':>10} {'bounced':>8} {'deferred':>9} {'refused':>8}", dim=True)
        for period in report.days if by == "day" else report.hours:
            c = period.counts
            if c.sent or c.deferred or c.refused:
                yield f"{period.at:16} {c.delivered:>10,} {c.bounced:>8,} {c.deferred:>9,} {c.refused:>8,}"
    elif by == "cause":
        yield from _causes(report, paper)
    else:
        yield from _groups(report.by[by], paper, by, 10_000)
