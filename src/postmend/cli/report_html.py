"""The report as one HTML page that needs nothing else: no script, no font, no network; a strict policy says so.

Everything from outside is escaped, and stripped of controls and direction marks first.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

from postmend.cli.paper import clean
from postmend.cli.report_svg import NARROW, WIDE, bar, columns_plot, heat_map, trend
from postmend.cli.report_text import TITLES
from postmend.model.counted import counted
from postmend.traffic.report import Alarm, CauseOut, DmarcDomain, Group, Period, Report

_STYLE = Path(__file__).with_name("report.css")
_SIDES = {"recipient": "recipient's side", "sender": "your side", "network": "network"}
_SCOPES = {
    "one_recipient": "one recipient", "one_domain": "one domain", "one_gateway": "one gateway",
    "one_provider": "one provider", "one_identity": "one sender",
}  # fmt: skip
_FEW, _MANY, _ADDRESSES = 12, 100, 500
_HOURLY_DAYS = 4  # up to so many days the plot is by hour


def text(value: object) -> str:
    """Outside text for HTML."""
    return escape(clean(str(value)))


def page(report: Report) -> str:
    """The whole page."""
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>Mail report</title><style>{style}</style></head><body><main>{''.join(_body(report))}</main></body></html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    yield from _head(report)
    yield from _findings(report.findings)
    if report.days:
        yield from _traffic(report)
        yield from _rates(report)
        yield from _causes(report.causes)
        for name in ("account", "sender", "client", "domain", "provider", "host"):
            yield from _groups(report.by[name], name, folded=name not in {"account", "sender"})
    for domain in report.dmarc:
        yield from _dmarc(domain)
    yield from _tls(report)
    yield from _addresses(report)
    yield from _foot(report)


def _head(report: Report) -> Iterator[str]:
    totals, inputs = report.totals, report.inputs
    hosts = ", ".join(group.name for group in report.by["host"][:4] if group.name)
    when = f"{report.first} to {report.last}" if report.first else "reports"
    yield f'<header><h1>Mail report</h1><p class="sub">{text(when)}{" · " + text(hosts) if hosts else ""}</p></header>'
    if inputs.share > 0.01:
        yield (
            f'<p class="loud">{inputs.not_understood:,} of {inputs.lines:,} lines ({inputs.share:.1%}) were not understood: '
            "do not trust these figures.</p>"
        )
    if not report.days:
        return
    share = f"{totals.bounced / totals.sent:.2%} of {totals.sent:,}" if totals.sent >= 30 else "too few to judge"
    cards = [
        ("delivered", f"{totals.delivered:,}", counted(totals.messages, "message")),
        ("bounced", f"{totals.bounced:,}", share),
        ("deferred", f"{totals.deferred:,}", counted(totals.deferrals, "attempt")),
    ]
    if totals.refused:
        cards.append(("refused", f"{totals.refused:,}", "clients, at our own door"))
    if totals.complaints:
        cards.append(("complaints", f"{totals.complaints:,}", "recipients who called it spam"))
    inside = "".join(
        f'<div class="card c-{name}"><b>{value}</b><span>{name}</span><small>{said}</small></div>'
        for name, value, said in cards
    )
    yield f'<section class="cards">{inside}</section>'


def _findings(findings: list[Alarm]) -> Iterator[str]:
    if not findings:
        yield '<section class="calm"><b>Nothing needs an act.</b> No account, script, listing, limit or queue stands out.</section>'
        return
    yield f"<h2>{'What needs an act' if findings[0].act else 'What is worth watching'}</h2>"
    for finding in findings:
        since = (
            f'<p class="since">since {text(finding.began)}{", last " + text(finding.last) if finding.last else ""}</p>'
            if finding.began
            else ""
        )
        seen = "".join(f"<li>{text(line)}</li>" for line in finding.evidence)
        steps = "".join(
            f"<li>{text(step.do)}"
            + "".join(f"<code>{text(line)}</code>" for line in (step.url or "", *step.config, step.verify or ""))
            + "</li>"
            for step in finding.plan
        ).replace("<code></code>", "")
        yield (
            f'<article class="{"act" if finding.act else "watch"}"><h3>{text(finding.title)}</h3>{since}<p>{text(finding.meaning)}</p>'
            f"<h4>Seen</h4><ul>{seen}</ul><h4>What to do</h4><ol>{steps}</ol></article>"
        )


def _traffic(report: Report) -> Iterator[str]:
    hourly = len(report.days) <= _HOURLY_DAYS
    periods = report.hours if hourly else report.days
    panels = [
        [("delivered", lambda period: period.counts.delivered)],
        [("bounced", lambda period: period.counts.bounced), ("deferred", lambda period: period.counts.deferred)],
    ]
    legend = "".join(
        f'<span class="key"><i class="s-{name}"></i>{name}</span>' for name in ("delivered", "bounced", "deferred")
    )
    yield f'<h2>By {"hour" if hourly else "day"}</h2><section class="panel"><p class="legend">{legend}</p>'
    label = "recipients delivered, bounced and deferred over time"
    yield f"{_drawn(lambda width: columns_plot(periods, panels, label, width))}</section>"

    def trouble(period: Period) -> float:
        return period.counts.dead + period.counts.blocked

    if any(trouble(period) for period in report.hours):
        yield '<h2>When the trouble is</h2><section class="panel"><p class="legend">Dead addresses and refusals for who or what was sent, by hour</p>'
        yield f"{_drawn(lambda width: heat_map(report.hours, trouble, 'trouble by day and hour', _said, width))}</section>"


def _said(period: Period) -> str:
    counts = period.counts
    dead = counted(counts.dead, "dead address", "dead addresses")
    return f"{dead}, {counts.blocked:,} blocked, {counts.delivered:,} delivered"


def _drawn(plot: Callable[[int], str]) -> str:
    """A plot twice: as wide as a screen, and as a phone; the style sheet shows the one that fits."""
    return f'<div class="on-wide">{plot(WIDE)}</div><div class="on-narrow">{plot(NARROW)}</div>'


def _rates(report: Report) -> Iterator[str]:
    if not report.rates:
        return
    yield '<h2>Rates and limits</h2><section class="panel"><table class="rates"><tbody>'
    for rate in report.rates:
        top = (rate.bad or 0.1) * 2
        share = "too few to judge" if rate.share is None else f"{rate.share:.2%}"
        kind = "bad" if rate.share is not None and rate.bad and rate.share >= rate.bad else "rate"
        limit = f"{text(rate.who)} warns at {rate.warn:.1%}, acts at {rate.bad:.1%}" if rate.warn and rate.bad else ""
        yield (
            f'<tr><td>{text(rate.title)}<small>{rate.count:,} of {rate.n:,}</small></td><td class="num">{share}</td>'
            f'<td class="wide">{bar((rate.share or 0) / top, kind, 0.5)}<small>{limit}</small></td></tr>'
        )
    yield "</tbody></table></section>"


def _causes(causes: list[CauseOut]) -> Iterator[str]:
    if not causes:
        return
    yield (
        '<h2>Causes</h2><section class="panel"><table><thead><tr><th>cause</th><th class="num">recipients</th><th class="num">share</th>'
        '<th class="trendcol">trend</th></tr></thead><tbody>'
    )
    for cause in causes:
        scope = _SCOPES.get(cause.scope.id)
        where = (
            f"{scope}: {cause.scope.name}"
            if scope
            else f"{counted(cause.scope.recipients, 'recipient')} in {counted(cause.scope.domains, 'domain')}"
        )
        top = "; ".join(
            f"{name}: " + ", ".join(f"{value} ({count:,})" for value, count in values[:3])
            for name, values in cause.scope.top.items()
            if values
        )
        sample = f"<details><summary>what it says, and where</summary><blockquote>{text(cause.sample or '')}</blockquote><p>{text(top)}</p></details>"
        yield (
            f"<tr><td><b>{text(cause.title)}</b><small>{text(cause.id)} · {_SIDES[cause.side]} · {text(where)}</small>{sample}</td>"
            f'<td class="num">{cause.bounced + cause.deferred:,}<small>{cause.bounced:,} bounced</small></td>'
            f'<td class="num">{cause.share:.0%}</td><td class="trendcol">{trend(cause.trend)}</td></tr>'
        )
    yield "</tbody></table></section>"


def _rows(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        counts = group.counts
        share = f"{counts.bounced / counts.sent:.1%}" if counts.sent >= 30 else "–"
        kind = (
            ""
            if group.kind in {"domain", "ip", "host", "provider", group.name}
            else f"<small>{text(group.kind)}</small>"
        )
        yield (
            f'<tr><td class="name">{text(group.name or "(none)")}{kind}</td><td class="num">{counts.sent:,}</td>'
            f'<td class="num">{counts.bounced:,}</td><td class="num">{share}</td>'
            f'<td class="wide">{bar(group.trouble)}<small>{group.trouble:.0%} of the trouble</small></td></tr>'
        )


def _groups(groups: list[Group], name: str, *, folded: bool) -> Iterator[str]:
    if not groups or (len(groups) == 1 and folded):
        return
    head = (
        '<thead><tr><th></th><th class="num">recipients</th><th class="num">bounced</th><th class="num">rate</th>'
        '<th class="wide">share of all trouble</th></tr></thead>'
    )
    few, many = groups[: 0 if folded else _FEW], groups[0 if folded else _FEW : _MANY]
    title = f"{TITLES[name]}"
    if folded:
        yield f'<details class="fold"><summary>{title} ({len(groups):,})</summary>'
    else:
        yield f"<h2>{title}</h2>"
        yield f'<section class="panel"><table>{head}<tbody>{"".join(_rows(few))}</tbody></table>'
        yield f"<details><summary>{len(many)} more</summary>" if many else ""
    if many:
        yield f'<div class="panel"><table>{head}<tbody>{"".join(_rows(many))}</tbody></table></div>'
    yield "</details>" if folded else "</details></section>" if many else "</section>"


def _dmarc(domain: DmarcDomain) -> Iterator[str]:
    share = f"{domain.aligned / domain.messages:.1%}" if domain.messages else "–"
    seen = f"{counted(domain.messages, 'message')} in {counted(domain.reports, 'report')}"
    yield (
        f'<h2>DMARC: {text(domain.domain)}</h2><section class="panel"><p class="legend">{seen}, '
        f"{share} aligned · policy p={text(domain.policy)} · {text(', '.join(domain.reporters[:4]))}</p><table><thead><tr><th>source</th>"
        '<th class="num">messages</th><th class="num">SPF</th><th class="num">DKIM</th><th class="wide">aligned</th></tr></thead><tbody>'
    )
    for source in domain.sources[:25]:
        n = max(source.messages, 1)
        kind = "delivered" if source.aligned * 2 >= n else "bad"
        yield (
            f'<tr><td class="name">{text(source.ip)}<small>{text(source.sender or "")}</small></td><td class="num">{source.messages:,}</td>'
            f'<td class="num">{source.spf_aligned / n:.0%}</td><td class="num">{source.dkim_aligned / n:.0%}</td>'
            f'<td class="wide">{bar(source.aligned / n, kind)}<small>{source.aligned / n:.1%}</small></td></tr>'
        )
    yield "</tbody></table></section>"


def _tls(report: Report) -> Iterator[str]:
    if not report.tls:
        return
    yield '<h2>TLS reports</h2><section class="panel"><table><tbody>'
    for domain in report.tls[:50]:
        why = ", ".join(f"{name} ({count:,})" for name, count in domain.failures.items())
        yield (
            f'<tr><td class="name">{text(domain.domain)}<small>{text(why)}</small></td><td class="num">{counted(domain.successful, "session")}</td>'
            f'<td class="num">{domain.failed:,} failed</td></tr>'
        )
    yield "</tbody></table></section>"


def _addresses(report: Report) -> Iterator[str]:
    if not report.suppress:
        return
    total = len(report.suppress) + report.suppress_more
    rows = "".join(
        f'<tr><td class="name">{text(each.address)}</td><td>{text(each.cause)}</td><td class="num">{each.count:,}</td><td class="num">{text(each.last)}</td></tr>'
        for each in report.suppress[:_ADDRESSES]
    )
    yield (
        f'<details class="fold"><summary>Dead addresses, worth suppressing ({total:,})</summary><div class="panel"><table>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _foot(report: Report) -> Iterator[str]:
    inputs = report.inputs
    strange = "".join(f"<code>{text(line)}</code>" for line in inputs.strange)
    yield (
        f"<footer><p>{counted(inputs.lines, 'line')}, {counted(inputs.mails, 'mail')} and {counted(inputs.reports, 'report')} "
        f"in {counted(inputs.files, 'file')}; {counted(inputs.not_understood, 'line')} ({inputs.share:.2%}) not understood, "
        f"{counted(inputs.duplicates, 'report')} came twice. "
        f"Replies were read as {counted(inputs.templates, 'template')}. Times are those of the logs' own clocks.</p>{strange}"
    )
    yield "".join(f"<p>{text(problem)}</p>" for problem in inputs.problems) + "</footer>"
