"""What a list's answers say, judged by RFC 5782 and by the list's own codes. Pure.

Five states: listed, not listed, refused, broken (dead or lying), unreachable. Only `listed` speaks of the subject; a
list that lists everything, answers outside 127.0.0.0/8, refuses or is silent says nothing about anybody.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from postmend.knowledge.blocklists import Blocklist
from postmend.model.dns import Answer, Rcode


class ListState(StrEnum):
    """What is known of a subject after asking one list."""

    LISTED = "listed"
    NOT_LISTED = "not_listed"
    REFUSED = "refused"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Health:
    """The answers to the list's test points: one that must be listed, one that must not (RFC 5782 section 5)."""

    must: Answer
    must_not: Answer


@dataclass(frozen=True, slots=True)
class Listing:
    """A state and why; `code` is the answer that counts."""

    state: ListState
    why: str
    code: str = ""


def kind_of_subject(subject: str) -> tuple[str, str]:
    """The kind of a subject (ip4, ip6, domain) and how it stands before a zone."""
    try:
        ip = ipaddress.ip_address(subject)
    except ValueError:
        return "domain", subject.lower().rstrip(".")
    pointer = ip.reverse_pointer
    return f"ip{ip.version}", pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def is_refusal(each: Blocklist, answer: Answer) -> bool:
    """Whether a list says that it does not answer this resolver: by its own codes, 127.255.255.x, or REFUSED."""
    return answer.rcode is Rcode.REFUSED or any(
        text in each.refused or text.startswith("127.255.255.") for text in answer.records
    )


def judge_health(each: Blocklist, health: Health) -> Listing | None:
    """Why a list can tell nothing about anybody, from its test points alone; None where it seems sound."""
    must, must_not = health.must, health.must_not
    if is_refusal(each, must) or is_refusal(each, must_not):
        needs = f": it needs {each.needs}" if each.needs else ""
        return Listing(ListState.REFUSED, f"{each.name} refuses to answer this resolver{needs}")
    lies = _outside((*must_not.records, *must.records))
    if lies:
        why = f"{each.name} answers {lies}, which no list does: its domain is parked or the resolver lies"
        return Listing(ListState.BROKEN, why)
    if any(text not in each.harmless for text in must_not.records):
        return Listing(ListState.BROKEN, f"{each.name} lists everything, even its test point that must be free")
    if must.void and not each.no_test:
        return Listing(ListState.BROKEN, f"{each.name} does not know its own test point: it has ended")
    return None


def judge_answer(each: Blocklist, subject: str, answer: Answer, health: Health) -> Listing:
    """The state of one subject, from the answer about it and the answers to the list's test points."""
    if is_refusal(each, answer):
        needs = f": it needs {each.needs}" if each.needs else ""
        return Listing(ListState.REFUSED, f"{each.name} refuses to answer this resolver{needs}")
    lies = _outside(answer.records)
    if lies:
        why = f"{each.name} answers {lies}, which no list does: its domain is parked or the resolver lies"
        return Listing(ListState.BROKEN, why)
    code = next((text for text in answer.records if text not in each.harmless and _means(each, text)), "")
    unsound = judge_health(each, health)
    if unsound is not None and not (code and _may_be_right(each, unsound, health)):
        return unsound
    if answer.failed:
        return Listing(ListState.UNREACHABLE, f"{each.name} did not answer ({answer.rcode}): not known")
    # One answer lost on the way is no reason to doubt a list that knows its other test point.
    if code and health.must_not.failed and not health.must.records:
        why = f"{each.name} did not answer its test point ({health.must_not.rcode}): not known"
        return Listing(ListState.UNREACHABLE, why)
    if code:
        meaning = each.meaning(code)
        return Listing(
            ListState.LISTED, f"{subject} is listed by {each.name}" + (f": {meaning}" if meaning else ""), code
        )
    return Listing(ListState.NOT_LISTED, f"{subject} is not listed by {each.name}")


def _may_be_right(each: Blocklist, unsound: Listing, health: Health) -> bool:
    """Whether a list that knows the subject by a code of its own may be believed, though a test point went wrong.

    It lost the one that must be listed, or refused to answer (as when asked too much) only about the other.
    """
    if unsound.state is ListState.REFUSED:
        return not is_refusal(each, health.must)
    return health.must_not.void


def _means(each: Blocklist, code: str) -> bool:
    return not each.codes or bool(each.meaning(code))


def _outside(records: tuple[str, ...]) -> str:
    return next((text for text in records if not text.startswith("127.")), "")
