"""What is wrong with an SPF record in itself, whoever sends (RFC 7208): counts, dangers, terms that do nothing.

One id a fault: none, almost, several, syntax, lookups, void, dead_include, loop, include_unknown, plus_all,
neutral_all, no_all, after_all, ptr, huge, inside_network, long. `spf_record.ok` says that receivers can use it.
"""

from collections.abc import Iterator

from postmend.evidence.spf_record import LOOKUP_TERMS, SpfRecord, is_spf, meant_for_spf, parse_spf, spf_texts
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID
from postmend.evidence.spf_tree import Node, all_terms, cost_of, dead_includes, read_tree
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dns import Answer, Resolver
from postmend.model.inside import is_inside

_LONG_OCTETS = 450  # RFC 7208 section 3.4: so that the answer fits in 512 octets
_HUGE = {4: 16, 6: 32}  # prefixes shorter than these let strangers in
_HUGE_INCLUDED = {4: 12, 6: 28}  # a mail service may own that much itself (Microsoft has two /15)


async def lint_spf(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    """Findings `spf_record.*` on the record of `domain`; the first says whether there is a usable one."""
    answer = await resolver.query(domain, "TXT")
    if answer.failed:
        detail = f"the SPF record of {domain} could not be asked ({answer.rcode}): not known"
        return (_finding(answer, "temperror", Fact.TEMPERROR, detail),)
    texts = spf_texts(answer)
    if not texts:
        return (_none(answer),)
    if len(texts) > 1:
        detail = f"{domain} has {len(texts)} SPF records, which makes all of them void (section 4.5): merge them"
        return (_finding(answer, "several", Fact.PERMERROR, detail),)
    try:
        record = parse_spf(texts[0])
    except ParseError as error:
        return (_finding(answer, "syntax", Fact.PERMERROR, f"the SPF record of {domain} is broken: {error}"),)
    tree = await read_tree(resolver, domain)
    found = (*_counts(answer, tree), *_leads_nowhere(answer, tree), *_ends(answer, record), *_lets_in(answer, tree))
    return (*found, *_form(answer, record))


def _none(answer: Answer) -> Finding:
    almost = next((text for text in answer.records if meant_for_spf(text)), "")
    if almost:
        detail = f"{answer.name} has no SPF record; {almost[:60]!r} is meant for one and must begin with `v=spf1 `"
        return _finding(answer, "almost", Fact.FAIL, detail)
    return _finding(answer, "none", Fact.FAIL, f"{answer.name} has no SPF record: nobody is named that may send")


def _shares(tree: Node) -> str:
    """How many lookups each term of the record takes, the dearest first."""
    costs = [
        (1 + (cost_of(term.inside).lookups if term.inside else 0), term.mechanism.text)
        for term in tree.terms
        if term.mechanism.name in LOOKUP_TERMS
    ]
    if tree.redirect is not None and tree.record is not None:
        costs.append((1 + cost_of(tree.redirect).lookups, f"redirect={tree.record.redirect}"))
    return ", ".join(f"{text} {count}" for count, text in sorted(costs, key=lambda pair: -pair[0]))


def _counts(answer: Answer, tree: Node) -> Iterator[Finding]:
    domain, cost, shares = answer.name, cost_of(tree), _shares(tree)
    void = min(cost.void4, cost.void6) if min(cost.void4, cost.void6) > MOST_VOID else cost.void4
    data = (("lookups", str(cost.lookups)), ("shares", shares), ("void", str(cost.void4)), ("void6", str(cost.void6)))
    if cost.lookups > MOST_LOOKUPS:
        detail = (
            f"the SPF record of {domain} takes {cost.lookups} DNS lookups, {MOST_LOOKUPS} are allowed (section 4.6.4): "
            f"{shares}"
        )
        yield _finding(answer, "lookups", Fact.PERMERROR, detail, data)
    elif void > MOST_VOID:
        detail = f"{void} terms of the SPF record of {domain} name nothing, {MOST_VOID} are allowed (section 4.6.4)"
        yield _finding(answer, "void", Fact.PERMERROR, detail, data)
    elif not dead_includes(tree):
        detail = f"{domain} has an SPF record: {cost.lookups} of {MOST_LOOKUPS} lookups, {void} of {MOST_VOID} void"
        yield _finding(answer, "ok", Fact.PASS, detail, data)


def _leads_nowhere(answer: Answer, tree: Node) -> Iterator[Finding]:
    for at, dead in dead_includes(tree):
        where = "" if at.lower() == answer.name.lower().rstrip(".") else f" (in the record of {at})"
        if dead.fault == "loop":
            detail = f"the SPF record of {answer.name} includes {dead.domain} in a circle{where}: nobody gets through"
            yield _finding(answer, "loop", Fact.PERMERROR, detail, (("include", dead.domain),))
        else:
            why = dead.problem or dead.fault
            detail = f"{dead.domain} is included{where} and has {why}: an error for whoever gets there (section 5.2)"
            if dead.fault == "syntax":
                detail = f"{dead.domain} is included{where} and its record is broken: {why}"
            yield _finding(answer, "dead_include", Fact.PERMERROR, detail, (("include", dead.domain),))
    unknown = [term.inside.domain for _, term in all_terms(tree) if term.inside and term.inside.problem == "timeout"]
    if unknown:
        detail = f"{', '.join(dict.fromkeys(unknown))} could not be asked: what it adds to the record is not known"
        yield _finding(answer, "include_unknown", Fact.TEMPERROR, detail)


def _ends(answer: Answer, record: SpfRecord) -> Iterator[Finding]:
    domain = answer.name
    last = next((i for i, m in enumerate(record.mechanisms) if m.name == "all"), None)
    if last is None:
        if not record.redirect:
            yield _finding(answer, "no_all", Fact.NONE, f"the SPF record of {domain} does not end in an `all`")
        return
    qualifier = record.mechanisms[last].qualifier
    if qualifier == "+":
        yield _finding(answer, "plus_all", Fact.FAIL, f"the SPF record of {domain} lets the whole world send")
    elif qualifier == "?":
        yield _finding(answer, "neutral_all", Fact.NONE, f"the SPF record of {domain} ends in ?all: it forbids nobody")
    after = [m.text for m in record.mechanisms[last + 1 :]]
    after += [f"redirect={record.redirect}"] if record.redirect else []
    if after:
        detail = f"terms after `all` are never looked at (section 5.1): {', '.join(after)}"
        yield _finding(answer, "after_all", Fact.NONE, detail)


def _lets_in(answer: Answer, tree: Node) -> Iterator[Finding]:
    """Networks so big that strangers are in them, and those that nobody outside sends from."""
    yield from _inside(answer, tree)
    said: set[str] = set()
    for at, term in all_terms(tree):
        where = "" if at is tree else f" (included from {at.domain})"
        mechanism = term.mechanism
        huge = _HUGE if at is tree else _HUGE_INCLUDED
        wide = [net for net in term.networks if net.prefixlen < huge[net.version] and mechanism.qualifier == "+"]
        width = sum(network.num_addresses for network in wide)
        everybody = mechanism.name == "all" and mechanism.qualifier == "+" and at is not tree
        if (width or everybody) and mechanism.text + where not in said:
            said.add(mechanism.text + where)
            whom = "the whole world" if everybody else f"{width:,} addresses"
            detail = f"{mechanism.text}{where} lets {whom} send as {answer.name}"
            yield _finding(answer, "huge", Fact.FAIL, detail, (("term", mechanism.text), ("where", at.domain)))


def _inside(answer: Answer, tree: Node) -> Iterator[Finding]:
    named = [t.mechanism.text for t in tree.terms if t.mechanism.network is not None and is_inside(t.mechanism.network)]
    if named:
        more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
        detail = f"{', '.join(named[:3])}{more}: networks of the inside, which nobody outside ever sees as a sender"
        yield _finding(answer, "inside_network", Fact.NONE, detail)


def _form(answer: Answer, record: SpfRecord) -> Iterator[Finding]:
    if any(mechanism.name == "ptr" for mechanism in record.mechanisms):
        yield _finding(answer, "ptr", Fact.NONE, "`ptr` is slow and should not be used (section 5.5)")
    if len(record.text) > _LONG_OCTETS:
        detail = (
            f"the SPF record of {answer.name} has {len(record.text)} octets; beyond {_LONG_OCTETS} it may need TCP, "
            "and old resolvers stumble (section 3.4)"
        )
        yield _finding(answer, "long", Fact.NONE, detail, (("octets", str(len(record.text))),))


def _finding(answer: Answer, ident: str, result: Fact, detail: str, data: tuple[tuple[str, str], ...] = ()) -> Finding:
    supports = (Cause.SPF_FAIL,) if result is Fact.PERMERROR else ()
    if ident in {"none", "almost"}:
        supports = (Cause.UNAUTHENTICATED_SENDER,)
    texts = [text for text in answer.records if is_spf(text)]
    record = f"{answer.name} TXT " + (" / ".join(f'"{text}"' for text in texts) or answer.rcode)
    return Finding(
        "spf_record", f"spf_record.{ident}", answer.name, result, detail, supports, (), record, record, answer.asked_at,
        tuple(sorted((name, value) for name, value in data if value)),
    )  # fmt: skip
