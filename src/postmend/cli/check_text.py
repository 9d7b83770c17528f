"""The report of `postmend check`: what gets mail refused first, then a table by topic, providers, changes, the plan."""

from collections.abc import Iterator, Sequence

from postmend.app.checked import Checked, Graded, Requirement, Since
from postmend.cli.paper import Paper, clean
from postmend.cli.render import mark_line, plan_lines
from postmend.knowledge.requirements import provider_rules

_KINDS = {"domain": "a domain", "host": "a host", "ip": "an IP address", "address": "a mail address"}
_TITLES = {
    "mx": "MX", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "rdns": "reverse DNS", "helo": "HELO",
    "blocklist": "blocklists", "smtp": "port 25", "tls": "TLS", "dane": "DANE", "dnssec": "DNSSEC",
    "mta_sts": "MTA-STS", "tlsrpt": "TLS reports", "bimi": "BIMI", "message": "the message",
}  # fmt: skip
_UNKNOWN = {"temperror", "refused", "not_asked"}
_MARKS = {"refused": ("no", "red"), "bulk": ("no", "yellow"), "harms": ("!!", "yellow"), "advice": ("--", "cyan")}
_HEADS = (("refused", "Mail is refused because of this"), ("bulk", "Bulk mail is refused because of this"))
_RANK = {"refused": 0, "bulk": 1, "harms": 2, "advice": 3, "fine": 4}


def check_report(checked: Checked, paper: Paper, *, full: bool) -> Iterator[str]:
    """The whole report on one target, line by line; `full` shows every finding with what it rests on."""
    yield paper.head(clean(f"{checked.target}: {_KINDS[checked.kind]}"))
    for note in checked.notes:
        yield from paper.wrap(f"note: {note}")
    yield from _worst(paper, checked)
    yield ""
    for topic in _topics(checked.findings):
        yield from _topic(paper, topic, [f for f in checked.findings if f.topic == topic], full=full)
    for line in checked.not_asked:
        yield from mark_line(paper, "temperror", line, "")
    yield from providers(paper, checked.requirements, full=full)
    yield from _since(paper, checked.since)
    yield from plan_lines(paper, checked.plan)


def _worst(paper: Paper, checked: Checked) -> Iterator[str]:
    for grade, title in _HEADS:
        found = [f for f in checked.findings if f.grade == grade]
        if not found:
            continue
        yield ""
        yield paper.style(title, bold=True, fg=_MARKS[grade][1])
        for each in found:
            yield from paper.wrap(each.detail, "  * ")
            if each.by:
                yield from paper.wrap(f"by {each.by}" if not each.by.startswith("by ") else each.by, "    ")
    if not any(f.grade in {"refused", "bulk"} for f in checked.findings):
        known = any(f.result not in _UNKNOWN for f in checked.findings)
        yield from paper.wrap(
            "Nothing was found that gets mail refused." if known else "Nothing could be asked: nothing is known."
        )


def _topics(findings: Sequence[Graded]) -> list[str]:
    there = {f.topic for f in findings}
    return [topic for topic in _TITLES if topic in there] + sorted(there - _TITLES.keys())


def _topic(paper: Paper, topic: str, findings: list[Graded], *, full: bool) -> Iterator[str]:
    """One row: the worst first; what is in order is told in a word unless all is wanted."""
    title = f"{_TITLES.get(topic, topic):12}"
    costly = sorted((f for f in findings if f.grade != "fine"), key=lambda f: _RANK[f.grade])
    unknown = [f for f in findings if f.grade == "fine" and f.result in _UNKNOWN]
    good = [f for f in findings if f.grade == "fine" and f.result not in _UNKNOWN]
    rows = [(*_MARKS[f.grade], f.detail, f.source) for f in costly]
    rows += [("??", "yellow", f.detail, f.source) for f in _few(unknown, full=full)]
    if full or not rows:
        rows += [("ok" if f.result == "pass" else "  ", "green", f.detail, f.source) for f in _few(good, full=full)]
        more = len(good) - len(_few(good, full=full))
        if more:
            rows.append(("ok", "green", f"and {more} more in order (--full shows them)", ""))
    for number, (mark, colour, detail, source) in enumerate(rows):
        lines = list(paper.wrap(detail, f"  {mark}  {title if not number else ' ' * 12}  ", " " * 20))
        lines[0] = lines[0].replace(mark, paper.style(mark, fg=colour, bold=True), 1)
        yield from lines
        if full and source:
            yield from (paper.style(line, dim=True) for line in paper.wrap(source, " " * 20))


def _few(findings: list[Graded], *, full: bool) -> list[Graded]:
    return findings if full or len(findings) <= 2 else findings[:1]


def providers(paper: Paper, requirements: Sequence[Requirement], *, full: bool = False) -> Iterator[str]:
    """How the rules of big providers stand, a line each."""
    if all(each.state == "unknown" for each in requirements):
        return
    yield ""
    yield paper.head("What big providers ask for" + ("" if full else " (--full: each rule)"))
    for provider in provider_rules():
        rules = [r for r in requirements if r.provider == provider.id]
        broken = [f"{r.text}{' (bulk)' if r.who == 'bulk' else ''}" for r in rules if r.state == "broken"]
        met = sum(r.state == "met" for r in rules)
        unknown = [r.text for r in rules if r.state == "unknown"]
        told = f"{provider.name}: {met} of {len(rules)} met"
        told += f"; broken: {', '.join(broken)}" if broken else ""
        if unknown:
            told += f"; not known: {', '.join(unknown)}" if full else f"; {len(unknown)} not known"
        yield from mark_line(paper, "fail" if broken else "pass" if met else "temperror", told, "")


def _since(paper: Paper, since: Since | None) -> Iterator[str]:
    if since is None:
        return
    yield ""
    yield paper.head(f"Since {since.saved_at}")
    if not since.changes:
        yield "  nothing has changed"
    for each in since.changes:
        yield from paper.wrap(f"{each.before or '-'} -> {each.now or '-'}  {each.subject}", "  * ")
        yield from paper.wrap(each.detail, "    ")
