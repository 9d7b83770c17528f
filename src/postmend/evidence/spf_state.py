"""The state of one SPF evaluation: what was counted and traced so far, and the lookups that count (RFC 7208 4.6.4)."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from postmend.evidence.spf_ahead import Ahead
from postmend.evidence.spf_macro import Identity
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID, Spf, Traced
from postmend.model.dns import Answer, Rcode

MOST_NAMES = 10  # of one mx or ptr


class Stop(Exception):  # noqa: N818  not an error of ours: the evaluation ends with this result
    """Ends an evaluation with a result, temperror or permerror, and the problem that made it so."""

    def __init__(self, result: Spf, problem: str) -> None:
        super().__init__(problem)
        self.result = result
        self.problem = problem


@dataclass(slots=True)
class Check:
    """One evaluation: who is checked, what was counted and traced so far."""

    resolver: Ahead
    identity: Identity
    receiver: str
    now_s: int
    spent_s: float = 0.0
    lookups: int = 0
    void: int = 0
    matched: str = ""
    first_record: str = ""
    asked_at: str = ""
    trace: list[Traced] = field(default_factory=list)

    def note(self, depth: int, domain: str, term: str, outcome: str) -> None:
        """Add a step to the trace, with the time of the answers since the last one."""
        self.trace.append(Traced(depth, domain, term, outcome, self.lookups, self.void, self.spent_s))
        self.spent_s = 0.0

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask, with the time that the answer took kept for the trace."""
        answer = await self.resolver.query(name, rdtype)
        self.spent_s += answer.elapsed_s
        return answer

    def count(self, term: str) -> None:
        """Count a term that looks up; raise Stop at the eleventh (section 4.6.4)."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise Stop(Spf.PERMERROR, f"more than {MOST_LOOKUPS} DNS lookups, at {term} (RFC 7208 section 4.6.4)")

    async def ask(self, name: str, rdtype: str, *, counted_void: bool = True) -> Answer:
        """Ask for a term; raise Stop where nobody answers, or at the third void lookup (section 4.6.4)."""
        answer = await self.query(name, rdtype)
        if answer.rcode is Rcode.NOT_A_NAME:
            return answer
        if answer.failed:
            raise Stop(Spf.TEMPERROR, f"{name} {rdtype}: {answer.rcode}")
        if answer.void and counted_void:
            self.void += 1
            if self.void > MOST_VOID:
                raise Stop(
                    Spf.PERMERROR, f"more than {MOST_VOID} void lookups, at {name} {rdtype} (RFC 7208 section 4.6.4)"
                )
        return answer


async def validated_names(check: Check) -> list[str]:
    """Section 5.5: PTR names whose own addresses hold the client's; a DNS error only loses its name."""
    ip = check.identity.ip
    answer = await check.query(ip.reverse_pointer, "PTR")
    if answer.failed:
        return []
    if answer.void:
        await check.ask(ip.reverse_pointer, "PTR")  # counts the void lookup
    names = answer.records[:MOST_NAMES]
    rdtype = "A" if ip.version == 4 else "AAAA"
    answers = await asyncio.gather(*(check.query(name, rdtype) for name in names))
    return [name for name, each in zip(names, answers, strict=True) if str(ip) in each.records]


async def validated_name(check: Check, domain: str) -> str:
    """The `p` macro (section 7.3): the domain itself if validated, else a name below it, else any."""
    with contextlib.suppress(Stop):
        names = await validated_names(check)
        plain = domain.lower()
        exact = [name for name in names if name.lower() == plain]
        below = [name for name in names if name.lower().endswith("." + plain)]
        return next(iter(exact + below + names), "unknown")
    return "unknown"
