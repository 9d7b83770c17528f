"""The terminal report of `postmend score`: the verdict first, the filters, then what to change by weight."""

from collections import Counter
from collections.abc import Iterator

from postmend.app.score_out import FilterOut, Scored, ScoreFinding
from postmend.cli.check_text import providers
from postmend.cli.paper import Paper, clean

_VERDICT = {
    "refused": ("would be refused", "red"),
    "marked": ("would be marked as spam", "yellow"),
    "fine": ("fine: nothing found that gets it refused or marked", "green"),
}
_MARK = {"refuse": ("REFUSE", "red"), "mark": ("MARK", "yellow"), "fix": ("fix", "cyan"), "note": ("note", "white")}


def report(scored: Scored, paper: Paper) -> Iterator[str]:
    """The whole report on one message, line by line."""
    words, colour = _VERDICT[scored.taken]
    yield from paper.wrap(f"{scored.source}: {scored.subject or '(no subject)'}", "")
    yield f"  {paper.style(words.upper() if scored.taken != 'fine' else words, fg=colour, bold=True)}"
    if scored.because:
        yield from paper.wrap("because of: " + ", ".join(scored.because))
    yield ""
    yield paper.head("The filters")
    for each in scored.filters:
        yield from _filter(each, paper)
    yield from paper.wrap(_envelope(scored), "  asked with  ")
    if scored.findings:
        yield ""
        yield paper.head("What to change")
    for finding in scored.findings:
        yield from _finding(finding, paper)
    yield from providers(paper, scored.requirements)
    if scored.passed:
        yield ""
        yield from paper.wrap("; ".join(each.detail for each in scored.passed), "  ok  ")
    for line in scored.not_asked:
        yield from paper.wrap(line, "  ??  ")


def short_line(scored: Scored, paper: Paper) -> str:
    """One line on one message, for many."""
    scores = "  ".join(f"{each.filter} {each.counted:6.1f}" for each in scored.filters if each.counted is not None)
    word = paper.style(f"{scored.taken:8}", fg=_VERDICT[scored.taken][1])
    return f"{word}{scores}  {clean(scored.source)}  {clean(', '.join(scored.because))}"


def totals(taken: Counter[str], paper: Paper) -> Iterator[str]:
    """The sum of many messages."""
    yield ""
    yield paper.head(f"{taken.total()} messages")
    for word, count in taken.most_common():
        yield f"  {count:6}  {_VERDICT[word][0]}"


def _envelope(scored: Scored) -> str:
    envelope = scored.envelope
    values = {"ip": envelope.ip, "helo": envelope.helo, "mail_from": envelope.mail_from, "rcpt": envelope.rcpt[:1]}
    told = [
        f"{name} {value[0] if isinstance(value, tuple) else value or '<>'} (from {envelope.origin[name]})"
        for name, value in values.items()
        if name in envelope.origin
    ]
    return "; ".join(told) or "no envelope: see --ip, --mail-from"


def _filter(each: FilterOut, paper: Paper) -> Iterator[str]:
    if each.score is None:
        return  # told among what was not asked
    colour = {"refused": "red", "marked": "yellow"}.get(each.taken or "", "green")
    limits = f"marks at {each.marks_at:g}" + (f", refuses at {each.refuses_at:g}" if each.refuses_at else "")
    score = f"{each.score:g}" + (
        f", {each.counted:g} without what is about this test" if each.counted != each.score else ""
    )
    yield f"  {paper.style(each.filter, fg=colour, bold=True)}  {score} ({limits}): {each.action}"
    for symbol in each.symbols:
        if abs(symbol.score) < 0.05:
            continue
        text = f"{symbol.name}: {symbol.means}" + (f" ({', '.join(symbol.options)[:80]})" if symbol.options else "")
        if symbol.test_only:
            text += " [only about this test: not counted]"
        elif symbol.do and symbol.score > 0:
            text += f" -> {symbol.do}"
        yield from paper.wrap(text, f"    {symbol.score:+6.2f}  ", "            ")


def _finding(finding: ScoreFinding, paper: Paper) -> Iterator[str]:
    mark, colour = _MARK[finding.weight]
    lines = list(paper.wrap(finding.detail, f"  {mark:6}  ", "          "))
    lines[0] = lines[0].replace(mark, paper.style(mark, fg=colour, bold=True), 1)
    yield from lines
    if finding.repair:
        yield from paper.wrap(finding.repair, "          -> ", "             ")
    if finding.source:
        yield from (paper.style(line, dim=True) for line in paper.wrap(finding.source, "          "))
