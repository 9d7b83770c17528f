"""An SPF record with everything it leads to, read once: what it costs, whom it lets in, what leads nowhere.

Read as if nothing matched, so that costs are the worst that a receiver can meet (RFC 7208 section 4.6.4). Includes are
read side by side; loops end where they close, and a tree of more than `_MOST_NODES` records is cut.
"""

import asyncio
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace

from postmend.evidence.spf_record import LOOKUP_TERMS, IpNetwork, Mechanism, SpfRecord, mx_hosts, parse_spf, spf_texts
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID
from postmend.model import ParseError
from postmend.model.dns import Answer, Resolver

_MOST_NODES = 60


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism, and what it comes down to.

    `networks` is whom it covers; `known` is False where that depends on the mail (macros, ptr) or could not be asked.
    `void4`, `void6` are the void lookups that it costs an IPv4 and an IPv6 client; `maybe_void` those that it costs
    some: a PTR or a macro's name that is not there, a null MX among others, which receivers treat differently.
    """

    mechanism: Mechanism
    networks: tuple[IpNetwork, ...] = ()
    known: bool = True
    void4: int = 0
    void6: int = 0
    maybe_void: int = 0
    inside: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Node:
    """A domain's record. `fault` says why none can be used: none, several, syntax, loop, cut, unknown (no answer)."""

    domain: str
    record: SpfRecord | None = None
    fault: str = ""
    problem: str = ""
    terms: tuple[Term, ...] = ()
    redirect: "Node | None" = None

    @property
    def dead(self) -> bool:
        """Whether an include of it is a permerror for whoever gets there (section 5.2)."""
        return self.fault in {"none", "several", "syntax", "loop"}


@dataclass(frozen=True, slots=True)
class SpfCost:
    """What a record costs at worst: lookups, and void lookups of an IPv4 and an IPv6 client."""

    lookups: int
    void4: int
    void6: int


@dataclass(slots=True)
class _Reading:
    resolver: Resolver
    left: int = _MOST_NODES


async def read_tree(resolver: Resolver, domain: str) -> Node:
    """Read the record of `domain` and all that it leads to."""
    return await _read(_Reading(resolver), domain, ())


async def _read(reading: _Reading, domain: str, above: tuple[str, ...]) -> Node:
    name = domain.removesuffix(".").lower()
    if "%" in name:
        return Node(domain, fault="unknown")
    if name in above:
        return Node(domain, fault="loop", problem="it leads back to itself")
    reading.left -= 1
    if reading.left < 0 or len(above) > MOST_LOOKUPS:
        return Node(domain, fault="cut")
    answer = await reading.resolver.query(name, "TXT")
    if answer.failed and answer.rcode != "not_a_name":
        return Node(domain, fault="unknown", problem=str(answer.rcode))
    texts = spf_texts(answer)
    if len(texts) != 1:
        return Node(domain, fault="several" if texts else "none", problem=f"{len(texts) or 'no'} SPF records")
    try:
        record = parse_spf(texts[0])
    except ParseError as error:
        return Node(domain, fault="syntax", problem=str(error))
    terms = await asyncio.gather(*(_term(reading, m, name, (*above, name)) for m in _reached(record)))
    redirect = None
    if record.redirect and not any(m.name == "all" for m in record.mechanisms):
        redirect = await _read(reading, record.redirect, (*above, name))
    return Node(domain, record, "", "", tuple(terms), redirect)


def _reached(record: SpfRecord) -> Iterator[Mechanism]:
    for mechanism in record.mechanisms:
        yield mechanism
        if mechanism.name == "all":
            return


async def _term(reading: _Reading, mechanism: Mechanism, domain: str, above: tuple[str, ...]) -> Term:
    if mechanism.network is not None:
        return Term(mechanism, (mechanism.network,))
    target = mechanism.domain or domain
    if mechanism.name == "all":
        return Term(mechanism)
    if "%" in target or mechanism.name == "ptr":
        return Term(mechanism, known=False, maybe_void=1 if mechanism.name in {"ptr", "exists"} else MOST_VOID + 1)
    if mechanism.name == "include":
        return Term(mechanism, inside=await _read(reading, target, above))
    if mechanism.name == "exists":
        answer = await reading.resolver.query(target, "A")
        # A name without macros answers alike for everybody: nobody, or the whole world.
        return Term(mechanism, known=answer.void, void4=answer.void, void6=answer.void)
    if mechanism.name == "mx":
        return await _mx_term(reading, mechanism, target)
    return _address_term(mechanism, [await _addresses(reading, target)])


async def _mx_term(reading: _Reading, mechanism: Mechanism, target: str) -> Term:
    answer = await reading.resolver.query(target, "MX")
    if answer.failed:
        return Term(mechanism, known=False)
    hosts = mx_hosts(answer)
    if not hosts:
        return Term(mechanism, void4=answer.void, void6=answer.void, maybe_void=int(not answer.void))
    if len(hosts) > MOST_LOOKUPS:
        return Term(mechanism, known=False)  # a permerror for whoever gets there
    term = _address_term(mechanism, await asyncio.gather(*(_addresses(reading, host) for host in hosts)))
    return replace(term, maybe_void=int(len(hosts) < len(answer.records)))


async def _addresses(reading: _Reading, host: str) -> tuple[Answer, Answer]:
    return await asyncio.gather(reading.resolver.query(host, "A"), reading.resolver.query(host, "AAAA"))


def _address_term(mechanism: Mechanism, answers: list[tuple[Answer, Answer]]) -> Term:
    networks = [
        ipaddress.ip_network((text, prefix), strict=False)
        for a, aaaa in answers
        for answer, prefix in ((a, mechanism.cidr4), (aaaa, mechanism.cidr6))
        for text in answer.records
    ]
    known = not any(a.failed or aaaa.failed for a, aaaa in answers)
    return Term(
        mechanism, tuple(networks), known, sum(a.void for a, _ in answers), sum(aaaa.void for _, aaaa in answers)
    )


def cost_of(node: Node) -> SpfCost:
    """What the whole tree costs at worst."""
    lookups = void4 = void6 = 0
    for term in node.terms:
        lookups += term.mechanism.name in LOOKUP_TERMS
        void4, void6 = void4 + term.void4, void6 + term.void6
        if term.inside is not None:
            inside = cost_of(term.inside)
            lookups, void4, void6 = lookups + inside.lookups, void4 + inside.void4, void6 + inside.void6
    if node.fault in {"loop", "cut"}:
        lookups += MOST_LOOKUPS  # it goes on until the limit
    if node.redirect is not None:
        there = cost_of(node.redirect)
        lookups, void4, void6 = lookups + 1 + there.lookups, void4 + there.void4, void6 + there.void6
    return SpfCost(lookups, void4, void6)


def all_terms(node: Node) -> Iterator[tuple[Node, Term]]:
    """Every term of the tree with the record that it stands in, in the order of evaluation."""
    for term in node.terms:
        yield node, term
        if term.inside is not None:
            yield from all_terms(term.inside)
    if node.redirect is not None:
        yield from all_terms(node.redirect)


def dead_includes(node: Node) -> list[tuple[str, Node]]:
    """Every dead include or redirect in the tree, with the domain whose record names it."""
    found = [(at.domain, term.inside) for at, term in all_terms(node) if term.inside is not None and term.inside.dead]
    end: Node | None = node
    while end is not None:
        if end.redirect is not None and end.redirect.dead:
            found.append((end.domain, end.redirect))
        end = end.redirect
    return found


def flat_networks(node: Node) -> list[IpNetwork] | None:
    """Whom an include of this record lets pass, as networks; None where that cannot be said so plainly.

    What stands after a dead include lets nobody pass: an evaluation that gets there is a permerror.
    """
    if node.record is None:
        return [] if node.dead else None
    found: list[IpNetwork] = []
    for term in node.terms:
        mechanism = term.mechanism
        if mechanism.name == "all":
            return None if mechanism.qualifier == "+" else found
        if mechanism.qualifier != "+" or not term.known:
            return None
        if term.inside is None:
            found += term.networks
            continue
        inside = flat_networks(term.inside)
        if inside is None:
            return None
        found += inside
        if term.inside.dead:
            return found
    if node.redirect is not None:
        there = flat_networks(node.redirect)
        return None if there is None else found + there
    return found
