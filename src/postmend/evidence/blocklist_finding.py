"""A list's state told as a Finding, and what several of them say together: the resolver's fault, a cause behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from postmend.evidence.blocklist_state import Listing, ListState, kind_of_subject
from postmend.knowledge.blocklists import Blocklist, blocklists
from postmend.model import Cause, Fact, Finding

_FACTS = {
    ListState.LISTED: Fact.FAIL,
    ListState.NOT_LISTED: Fact.PASS,
    ListState.REFUSED: Fact.REFUSED,
    ListState.BROKEN: Fact.TEMPERROR,
    ListState.UNREACHABLE: Fact.TEMPERROR,
}
# What lists point at and that is a finding of its own, behind the cause.
_BEHIND = frozenset({"compromised_host", "noisy_neighbour", "backscatter"})
_UNBOUND = "run a resolver of your own (the package unbound, without a forward-zone) and use --resolver 127.0.0.1"


@dataclass(frozen=True, slots=True)
class Put:
    """A question as it was put to a list: the name, what came back, when, and the list's own reason (TXT)."""

    name: str
    record: str
    asked_at: str = ""
    reason: str = ""


def listing_finding(each: Blocklist, subject: str, standing: str, listing: Listing, put: Put) -> Finding:
    """The Finding for one list; `standing` is the list's weight in this case."""
    is_domain = kind_of_subject(subject)[0] == "domain"
    cause = Cause.BLOCKLISTED_DOMAIN_OR_URL if is_domain else Cause.BLOCKLISTED_IP
    ident, result, detail = _told(each, subject, listing, is_domain=is_domain)
    listed = result is Fact.FAIL
    points_at = each.points_at(listing.code) if listed else ""
    data = {
        "zone": each.zone,
        "name": each.name,
        "state": listing.state.value,
        "standing": standing,
        "code": listing.code,
        "meaning": each.meaning(listing.code) if listing.code else "",
        "suggests": points_at,
        "advice": blocklists().advice.get(points_at, ""),
        "reason": put.reason,
        "lookup": each.lookup.replace("{subject}", subject),
        "delist": each.delist.replace("{subject}", subject),
        "removal": each.removal,
        "paid": "yes" if each.paid else "",
        "query": put.name if listed else "",
    }
    return Finding(
        check="blocklist",
        id=ident,
        subject=subject,
        result=result,
        detail=detail + (f" ({put.reason})" if put.reason else ""),
        supports=(cause,) if listed else (),
        against=(cause,) if ident == "blocklist.not_listed" and standing not in {"minor", "hint"} else (),
        source=put.record,
        record=put.record,
        asked_at=put.asked_at,
        data=tuple(sorted((name, value) for name, value in data.items() if value)),
    )


def _told(each: Blocklist, subject: str, listing: Listing, *, is_domain: bool) -> tuple[str, Fact, str]:
    """Finding id, result, sentence: an answer of an allowlist or a score list is no listing."""
    state = listing.state
    if state is ListState.LISTED and each.use == "allow":
        return "blocklist.allowed", Fact.PASS, f"{each.name} vouches for {subject}: {each.meaning(listing.code)}"
    if state is ListState.LISTED and each.use == "score":
        number = listing.code.rpartition(".")[2]
        return "blocklist.score", Fact.NONE, f"{each.name} of {subject}: {number} ({each.meaning(listing.code)})"
    if state is ListState.NOT_LISTED and each.use != "block":
        return "blocklist.no_opinion", Fact.NONE, f"{each.name} knows nothing of {subject}"
    ident = "domain_listed" if state is ListState.LISTED and is_domain else state.value
    return f"blocklist.{ident}", _FACTS[state], listing.why


def resolver_finding(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Where big lists refuse the resolver itself: that, once, and what to do about it."""
    refused = [f for f in findings if f.id == "blocklist.refused"]
    public = [f for f in refused if "127.255.255." in f.record or f.get("standing") in {"named", "used", "major"}]
    if not public:
        return ()
    names = ", ".join(dict.fromkeys(f.get("name") for f in public))
    detail = (
        f"{names} refuse this resolver (public, shared, or asked too much): what they list is not known: {_UNBOUND}"
    )
    return (
        Finding(
            "resolver", "resolver.refused_by_lists", public[0].subject, Fact.REFUSED, detail, (), (),
            public[0].source, public[0].record, public[0].asked_at,
        ),
    )  # fmt: skip


def everybody_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Where the list that the reply names answers for everybody: whoever asks it refuses everyone."""
    made = []
    for each in findings:
        answered = each.record.rpartition(" A ")[2][:1].isdigit()
        if each.id == "blocklist.broken" and each.get("standing") == "named" and answered:
            detail = f"{each.detail}: the server that asks it refuses everyone, and its administrator has to drop it"
            made.append(
                Finding(
                    "blocklist", "blocklist.lists_everybody", each.get("zone"), Fact.FAIL, detail,
                    (Cause.SERVER_MISCONFIGURED_RECIPIENT,), (), each.source, each.record, each.asked_at,
                )
            )  # fmt: skip
    return tuple({each.subject: each for each in made}.values())


def behind_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What the listings of a subject point at, each told once: `compromised_host`, `noisy_neighbour`, `backscatter`."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        if each.id == "blocklist.listed" and each.get("suggests") in _BEHIND:
            found.setdefault((each.subject, each.get("suggests")), []).append(each)
    made = []
    for (subject, ident), told in found.items():
        names = ", ".join(each.get("name") for each in told)
        detail = f"{names} on {subject}: {told[0].get('advice')}"
        made.append(
            Finding(
                "behind", ident, subject, Fact.NONE, detail, (), (), told[0].source, told[0].record, told[0].asked_at
            )
        )
    return tuple(made)
