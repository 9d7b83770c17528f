"""The smallest change of an SPF record that lets an address send, proven by evaluating the new record.

What passed before still passes: terms are added, never tightened. Duplicate records are merged, dead includes taken
out, and includes replaced by their networks only when nothing else gets below ten lookups. A proposal that does not
evaluate to pass, is over a limit of RFC 7208 section 4.6.4, or shuts out an address that passed, is not shown at all.
"""

import ipaddress
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from postmend.evidence.overlay import Overlay
from postmend.evidence.spf import check_host
from postmend.evidence.spf_edit import (
    flattened,
    ip_term,
    merged,
    respelt,
    txt_strings,
    with_end,
    with_term,
    without_dead,
)
from postmend.evidence.spf_record import meant_for_spf, parse_spf, spf_texts
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID, Spf, SpfResult
from postmend.evidence.spf_tree import Node, SpfCost, all_terms, cost_of, dead_includes, read_tree
from postmend.knowledge.senders import include_for
from postmend.model import ParseError, RecordChange
from postmend.model.counted import counted
from postmend.model.dns import Resolver

_MOST_OCTETS = 4000  # of a record: what is longer is nobody's wish
_MOST_WITNESSES = 60  # addresses that passed before and are evaluated again


@dataclass(frozen=True, slots=True)
class _Case:
    """Who is to pass: an address with a MAIL FROM and HELO, at a domain whose records are `texts` now.

    `include` is what lets it pass, where that is known; `faulty` that the record is to be mended in itself.
    """

    resolver: Resolver
    ip: str
    found: SpfResult
    texts: tuple[str, ...]
    include: str = ""
    faulty: bool = False

    def with_record(self, text: str) -> Resolver:
        return Overlay(self.resolver, self.found.domain, "TXT", (text,))

    async def result(self, resolver: Resolver, ip: str) -> SpfResult:
        return await check_host(resolver, ip, mail_from=self.found.sender, helo=self.found.helo)


async def propose(
    resolver: Resolver, ip: str, found: SpfResult, *, include: str = "", faulty: bool = False
) -> RecordChange | None:
    """Propose the record that lets `ip` pass, or None where it passes, is not known, or no proposal holds its proof.

    `found` is the result of `check_host` for this address, `include` what its service asks customers to include.
    With `faulty` the record is mended in itself even where the address passes: its errors, and an end that forbids.
    """
    domain = found.domain
    settled = {Spf.TEMPERROR} if faulty else {Spf.TEMPERROR, Spf.PASS}
    if found.result in settled or "." not in domain or not domain.isascii():
        return None
    answer = await resolver.query(domain, "TXT")
    if answer.failed:
        return None
    almost = tuple(text for text in answer.records if meant_for_spf(text))
    old = tuple(spf_texts(answer)) or almost
    case = _Case(resolver, ip, found, tuple(meant_for_spf(text) or text for text in old), include, faulty)
    before = await read_tree(resolver, domain)
    second_best = ""
    tried = {text: "" for text in old if found.result is Spf.PASS}
    async for text in _candidates(case):
        if text in tried:
            continue
        tried[text], sound = await _proof(case, before, text)
        if tried[text] and sound:
            return RecordChange(domain, "TXT", "\n".join(old), text, tried[text])
        if tried[text] and not second_best:
            second_best = text
    if not second_best:
        return None
    return RecordChange(domain, "TXT", "\n".join(old), second_best, tried[second_best])


async def address_within(resolver: Resolver, domain: str) -> str:
    """An address that the SPF record of `domain` names, for a proof where no sending address is known; else empty."""
    terms = all_terms(await read_tree(resolver, domain))
    return next((str(net[0]) for _, term in terms for net in term.networks if term.mechanism.qualifier == "+"), "")


async def _candidates(case: _Case) -> AsyncIterator[str]:
    """Records to be tried, the smallest change first."""
    include = case.include or await _provider(case)
    terms = ([f"include:{include}"] if include else []) + [ip_term(case.ip)]
    if not case.texts:
        for term in terms:
            yield f"v=spf1 {term} ~all"
        return
    text = respelt(case.texts[0]) if len(case.texts) == 1 else merged(list(case.texts))
    text = with_end(text) if case.faulty else text
    named = case.found.result is Spf.PASS and not case.found.matched.lower().endswith("all")
    for each in await _bases(case, text):
        yield each
        if named:
            continue
        for term in terms:
            yield with_term(each, term, case.found.matched)
            # In front of everything: a term before it may be an error for this address.
            yield with_term(each, term, [*each.split(), ""][1])


async def _bases(case: _Case, text: str) -> list[str]:
    """The record as it is, without its dead terms, and flattened."""
    node = await read_tree(case.with_record(text), case.found.domain)
    if node.record is None:
        return []
    lean = without_dead(node)
    node = await read_tree(case.with_record(lean), case.found.domain)
    return [text, lean, *(flattened(node) if node.record is not None else ())]


async def _provider(case: _Case) -> str:
    """The include that the address's own provider publishes, where its PTR tells who that is and it lets it pass."""
    answer = await case.resolver.query(ipaddress.ip_address(case.ip).reverse_pointer, "PTR")
    include = next((found for name in answer.records[:5] if (found := include_for(name))), "")
    if not include:
        return ""
    there = await check_host(case.resolver, case.ip, mail_from=f"postmaster@{include}")
    return include if there.result is Spf.PASS else ""


async def _proof(case: _Case, before: Node, text: str) -> tuple[str, bool]:
    """The evaluation that shows that a record does what it should, and whether no receiver can see it otherwise.

    The proof is empty where the record does not do so.
    """
    try:
        parse_spf(text)
    except ParseError:
        return "", False
    trial = case.with_record(text)
    again = await case.result(trial, case.ip)
    if again.result is not Spf.PASS or len(text) > _MOST_OCTETS:
        return "", False
    after = await read_tree(trial, case.found.domain)
    cost = cost_of(after)
    if not _within(cost, cost_of(before), case.ip):
        return "", False
    kept = 0
    for witness in _witnesses(before):
        if (await case.result(case.resolver, witness)).result is Spf.PASS:
            if (await case.result(trial, witness)).result is not Spf.PASS:
                return "", False
            kept += 1
    # Receivers count void lookups differently in corners: what passes before any of them passes everywhere.
    maybe = sum(term.maybe_void for _, term in all_terms(after)) + max(cost.void4, cost.void6)
    sound = not dead_includes(after) and (again.lookups == 0 or maybe <= MOST_VOID)
    return _told(case, again, cost, text, kept), sound


def _within(cost: SpfCost, before: SpfCost, ip: str) -> bool:
    """Within the limits for this address's family; for the other family at least no worse than it was."""
    own, other = (cost.void4, cost.void6) if ":" not in ip else (cost.void6, cost.void4)
    was = before.void6 if ":" not in ip else before.void4
    return cost.lookups <= MOST_LOOKUPS and own <= MOST_VOID and other <= max(MOST_VOID, was)


def _witnesses(before: Node) -> Iterator[str]:
    """Addresses that may have passed: the edges of every network in the old record and its includes."""
    seen: dict[str, None] = {}
    for _, term in all_terms(before):
        for network in term.networks:
            seen[str(network[0])] = seen[str(network[-1])] = None
            if len(seen) >= _MOST_WITNESSES:
                return iter(seen)
    return iter(seen)


def _told(case: _Case, again: SpfResult, cost: SpfCost, text: str, kept: int) -> str:
    void = cost.void4 if ":" not in case.ip else cost.void6
    said = (
        f"evaluated: {case.ip} passes ({again.matched}), {cost.lookups} of {MOST_LOOKUPS} lookups, "
        f"{void} of {MOST_VOID} void lookups"
    )
    if kept:
        said += f"; {counted(kept, 'address', 'addresses')} that passed before: evaluated again, all pass"
    strings = txt_strings(text)
    if len(strings) > 1:
        said += f"; longer than 255 octets: publish it as {len(strings)} strings of one record: " + " ".join(
            f'"{each}"' for each in strings
        )
    return said
