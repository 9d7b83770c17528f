"""What `explain` shows on a terminal: cause first, then the evidence, then the numbered plan."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from postmend.cli.paper import Paper, clean
from postmend.cli.render import WHO, mark_line, plan_lines
from postmend.knowledge.causes import cause_info
from postmend.model import Diagnosis, Failure, Finding, Intake, Kind, State
from postmend.model.counted import counted

_STATE_COLOUR = {State.CONFIRMED: "red", State.LIKELY: "yellow", State.POSSIBLE: "cyan", State.UNKNOWN: "white"}
_ADDRESS = {
    "keep": "keep: nothing here is wrong with the address",
    "retry": "retry later: the address may be good",
    "suppress": "suppress: send nothing more to it",
}
_KIND = {
    Kind.DSN: "a delivery status notification (RFC 3464)",
    Kind.BOUNCE: "a bounce without a machine-readable part",
    Kind.DELAY: "a delay notice: the sending server still tries",
    Kind.DELIVERED: "a notice that mail was delivered: nothing was refused",
    Kind.REPLY: "a server's reply",
    Kind.ARF: "a complaint (ARF, RFC 5965): a recipient called the message spam",
    Kind.AUTO_REPLY: "an automatic reply: the message arrived, nothing was refused",
    Kind.DMARC_REPORT: "a DMARC report: see `postmend report`",
    Kind.TLS_REPORT: "a TLS report: see `postmend report`",
    Kind.NOT_A_BOUNCE: "not a bounce: no refusal was found in it",
}


def _who_refused(failure: Failure, diagnosis: Diagnosis) -> str:
    reading = diagnosis.reading
    host, ip = failure.remote.host or reading.remote_host, failure.remote.ip or reading.remote_ip
    where = f"{host} [{ip}]" if host and ip else host or ip
    stage = failure.stage or reading.stage
    parts = [failure.recipient or "a recipient it does not name"]
    parts.append({"delayed": "is delayed"}.get(failure.action, "was refused"))
    if where:
        parts.append(f"by {where}")
    if stage:
        parts.append(f"at {stage.upper()}")
    return " ".join(parts)


def _verdict(paper: Paper, diagnosis: Diagnosis) -> Iterator[str]:
    info = cause_info(diagnosis.cause)
    state = paper.style(diagnosis.state.upper(), fg=_STATE_COLOUR[diagnosis.state], bold=True)
    percent = f" ({diagnosis.confidence:.0%})" if diagnosis.state is not State.UNKNOWN else ""
    yield from (paper.style(line, bold=True) for line in paper.wrap(info.title))
    line = f"{diagnosis.state.upper()}{percent} · {diagnosis.cause} · who can act: {WHO[diagnosis.who]}"
    yield from (each.replace(diagnosis.state.upper(), state, 1) for each in paper.wrap(line))
    yield from paper.wrap(info.meaning)


def _reply(paper: Paper, diagnosis: Diagnosis) -> Iterator[str]:
    text = diagnosis.failure.reply.text
    if text:
        yield ""
        yield paper.head("What the server said")
        yield from paper.wrap(textwrap.shorten(clean(text), 1200, placeholder=" ..."), "  > ")
    notice = diagnosis.failure.notice
    if notice and diagnosis.reading.inner not in text:
        yield from paper.wrap(textwrap.shorten("around it: " + clean(notice), 600, placeholder=" ..."), "    ")
    words = list(dict.fromkeys(match.words for match in diagnosis.reading.matches if match.words))[:3]
    if words:
        yield from paper.wrap("read from the words: " + "; ".join(f'"{w}"' for w in words), "    ")


def _evidence(paper: Paper, diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.evidence and not diagnosis.not_asked:
        return
    yield ""
    yield paper.head("Evidence")
    # What speaks for or against a cause first; a dozen clean or silent lists are one line each.
    quiet = [f for f in diagnosis.evidence if f.id == "blocklist.not_listed" and not f.against]
    silent = [f for f in diagnosis.evidence if f.id == "blocklist.unreachable" and f.get("standing") != "named"]
    for finding in diagnosis.evidence:
        if finding not in quiet and (finding not in silent or len(silent) == 1):
            yield from mark_line(paper, finding.result, finding.detail, finding.source)
    if quiet:
        yield from paper.wrap(f"not on {counted(len(quiet), 'other list')}: {_zones(quiet)}", "  ok  ", "      ")
    if len(silent) > 1:
        yield from paper.wrap(f"{len(silent)} lists did not answer: {_zones(silent)}", "  ??  ", "      ")
    if diagnosis.not_asked:
        yield from paper.wrap("not asked: " + "; ".join(diagnosis.not_asked), "  ??  ", "      ")


def _zones(findings: Sequence[Finding]) -> str:
    return ", ".join(finding.get("zone") or finding.source for finding in findings)


def _others(paper: Paper, diagnosis: Diagnosis) -> Iterator[str]:
    others = [
        f"{c.cause} ({c.confidence:.0%})"
        for c in diagnosis.candidates
        if c.cause is not diagnosis.cause and c.confidence >= 0.05
    ][:4]
    if others:
        yield from paper.wrap("also possible: " + ", ".join(others))
    if diagnosis.ruled_out:
        yield from paper.wrap("ruled out: " + ", ".join(diagnosis.ruled_out))
    yield from paper.wrap("the address: " + _ADDRESS[diagnosis.address])


def report(intake: Intake, diagnoses: Sequence[Diagnosis], paper: Paper) -> Iterator[str]:
    """The whole report on one input, line by line."""
    yield from paper.wrap(f"{intake.source}: {_KIND[intake.kind]}", "", "  ")
    for problem in intake.problems:
        yield from paper.wrap("note: " + problem)
    if intake.feedback:
        yield from paper.wrap(_complaint(intake))
    for diagnosis in diagnoses:
        yield ""
        yield from paper.wrap(_who_refused(diagnosis.failure, diagnosis), "")
        yield ""
        yield from _verdict(paper, diagnosis)
        yield from _others(paper, diagnosis)
        yield from _reply(paper, diagnosis)
        yield from _evidence(paper, diagnosis)
        yield from plan_lines(paper, diagnosis.plan)


def _complaint(intake: Intake) -> str:
    feedback = intake.feedback
    assert feedback is not None
    who = ", ".join(feedback.original_rcpt_to) or "the recipient (the provider hides the address)"
    return (
        f"Send nothing more to {who}: take the address off the list today. "
        f"The message came from {feedback.source_ip or 'an IP address that is not named'}"
        f"{', about ' + ', '.join(feedback.reported_domain) if feedback.reported_domain else ''}. "
        "Many complaints (Gmail: above 0.1 %) get all your mail refused."
    )


def short_line(intake: Intake, diagnosis: Diagnosis, paper: Paper) -> str:
    """One line on one refusal, for many inputs."""
    failure = diagnosis.failure
    cause = paper.style(f"{diagnosis.cause:26}", fg=_STATE_COLOUR[diagnosis.state])
    text = f"{diagnosis.state:10} {diagnosis.address:9} {failure.recipient or '-'}  {intake.source}"
    return f"{cause}{clean(text)}"


_MOST_SCOPES = 8


def totals(counts: Counter[str], kinds: Counter[str], scopes: Counter[str], paper: Paper) -> Iterator[str]:
    """The sum of many inputs: how often each cause, what the refusals have in common, and what else was among them."""
    yield ""
    yield paper.head(f"{counted(sum(kinds.values()), 'input')}, {counted(sum(counts.values()), 'refusal')}")
    for cause, count in counts.most_common():
        yield f"  {count:6}  {count / max(sum(counts.values()), 1):4.0%}  {cause}"
    for told, count in scopes.most_common(_MOST_SCOPES):
        yield from paper.wrap(told, f"  {count:6}  ")
    others = {kind: n for kind, n in kinds.items() if kind not in {Kind.DSN, Kind.BOUNCE, Kind.DELAY, Kind.REPLY}}
    if others:
        yield "  besides: " + ", ".join(f"{n} {kind}" for kind, n in sorted(others.items()))
