"""What a message would be taken for: the filters' own scores, less what is only about the test, and the findings."""

from collections.abc import Sequence
from dataclasses import dataclass

from postmend.knowledge.content import ContentInfo, Weight, content_info
from postmend.knowledge.symbols import symbol_info
from postmend.model import Fact, Finding
from postmend.model.spam import Answered, FilterAnswer, Taken


@dataclass(frozen=True, slots=True)
class Counted:
    """A filter's answer judged: `counted` is its score without the symbols `test_only`, `taken` what follows."""

    answer: FilterAnswer
    counted: float
    test_only: tuple[str, ...]
    taken: Taken | None


def count(answer: FilterAnswer, missing: frozenset[str]) -> Counted:
    """Judge one answer. `missing` names what the test could not give the filter: ip, helo, rcpt, dns, received."""
    if answer.state is not Answered.ANSWERED:
        return Counted(answer, 0.0, (), None)
    aside = tuple(each.name for each in answer.symbols if _only_test(answer.filter, each.name, missing))
    counted = answer.score - sum(each.score for each in answer.symbols if each.name in aside)
    counted = round(counted, 2) if aside else answer.score
    if not aside and answer.action in {"reject", "add header", "rewrite subject", "quarantine", "spam"}:
        # Its own word, also where a rule of its operator forces it at any score.
        taken = Taken.REFUSED if answer.action == "reject" else Taken.MARKED
    elif answer.refuses_at and counted >= answer.refuses_at:
        taken = Taken.REFUSED
    else:
        taken = Taken.MARKED if answer.marks_at and counted >= answer.marks_at else Taken.FINE
    return Counted(answer, counted, aside, taken)


def _only_test(name: str, symbol: str, missing: frozenset[str]) -> bool:
    info = symbol_info(name, symbol)
    return info is not None and ("always" in info.test_only or bool(missing.intersection(info.test_only)))


def info_of(finding: Finding) -> ContentInfo | None:
    """What `content.toml` knows of a finding."""
    return content_info(finding.id, finding.get("policy") or finding.get("standing"))


def weight_of(finding: Finding, beside: frozenset[str] = frozenset()) -> Weight:
    """How heavy a finding is: by `content.toml`, else by its result; what is not known never weighs.

    `beside` are the ids of all findings about the message: some make others harmless.
    """
    if finding.result not in _TOLD:
        return Weight.NOTE
    info = info_of(finding)
    if info is not None:
        return Weight.NOTE if info.unless and info.unless in beside else info.weight
    return Weight.NOTE if finding.result is Fact.NONE else Weight.FIX


_TOLD = {Fact.FAIL, Fact.PERMERROR, Fact.NONE}
_RANK = {Weight.REFUSE: 0, Weight.MARK: 1, Weight.FIX: 2, Weight.NOTE: 3}


def by_weight(findings: Sequence[Finding]) -> list[tuple[Weight, Finding]]:
    """The findings that say something is to be mended or known, heaviest first."""
    beside = frozenset(finding.id for finding in findings)
    told = [(weight_of(finding, beside), finding) for finding in findings if finding.result in _TOLD]
    return sorted(told, key=lambda pair: _RANK[pair[0]])


def taken_for(findings: Sequence[Finding], counted: Sequence[Counted]) -> tuple[Taken, tuple[str, ...]]:
    """The verdict, and what it rests on: the filters and the finding ids that say so."""
    weights = {finding.id: weight for weight, finding in reversed(by_weight(findings))}
    for taken, weight in ((Taken.REFUSED, Weight.REFUSE), (Taken.MARKED, Weight.MARK)):
        why = [each.answer.filter for each in counted if each.taken is taken]
        why += sorted(ident for ident, each in weights.items() if each is weight)
        if why:
            return taken, tuple(why)
    return Taken.FINE, ()
