"""What is wrong with an SPF record in itself, whoever sends (RFC 7208): counts, dangers, terms that do nothing."""

from collections.abc import Iterator

from postmend.evidence.spf_record import SpfRecord, is_spf, parse_spf
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID
from postmend.evidence.spf_tree import SpfCost, cost_of, read_tree
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dns import Answer, Resolver

_LONG_OCTETS = 450  # RFC 7208 section 3.4: so that the answer fits in 512 octets
_HUGE = {4: 16, 6: 32}  # prefixes shorter than these let strangers in


async def lint_spf(resolver: Resolver, domain: str) -> tuple[Finding, ...]:
    """Findings `spf_record.*` on the record of `domain`; the first says whether there is a usable one."""
    answer = await resolver.query(domain, "TXT")
    if answer.failed:
        detail = f"the SPF record of {domain} could not be asked ({answer.rcode}): not known"
        return (_finding(answer, "spf_record.temperror", Fact.TEMPERROR, detail),)
    texts = [text for text in answer.records if is_spf(text)]
    if not texts:
        return (
            _finding(
                answer, "spf_record.none", Fact.FAIL, f"{domain} has no SPF record: nobody is named that may send"
            ),
        )
    if len(texts) > 1:
        detail = f"{domain} has {len(texts)} SPF records, which makes all of them void (section 4.5): merge them"
        return (_finding(answer, "spf_record.several", Fact.PERMERROR, detail),)
    try:
        record = parse_spf(texts[0])
    except ParseError as error:
        return (
            _finding(answer, "spf_record.syntax", Fact.PERMERROR, f"the SPF record of {domain} is broken: {error}"),
        )
    cost = cost_of(await read_tree(resolver, domain))
    return tuple(_judge(answer, record, cost))


def _judge(answer: Answer, record: SpfRecord, cost: SpfCost) -> Iterator[Finding]:
    domain = answer.name
    if cost.lookups > MOST_LOOKUPS:
        detail = (
            f"the SPF record of {domain} takes {cost.lookups} DNS lookups, {MOST_LOOKUPS} are allowed (section 4.6.4)"
        )
        yield _finding(answer, "spf_record.lookups", Fact.PERMERROR, detail)
    elif cost.void4 > MOST_VOID:
        detail = (
            f"{cost.void4} terms of the SPF record of {domain} name nothing, {MOST_VOID} are allowed (section 4.6.4)"
        )
        yield _finding(answer, "spf_record.void", Fact.PERMERROR, detail)
    else:
        detail = (
            f"{domain} has an SPF record: {cost.lookups} of {MOST_LOOKUPS} lookups, {cost.void4} of {MOST_VOID} void"
        )
        yield _finding(answer, "spf_record.ok", Fact.PASS, detail)
    yield from _dangers(answer, record)


def _dangers(answer: Answer, record: SpfRecord) -> Iterator[Finding]:
    domain = answer.name
    last = next((i for i, m in enumerate(record.mechanisms) if m.name == "all"), None)
    if last is None and not record.redirect:
        yield _finding(answer, "spf_record.no_all", Fact.NONE, f"the SPF record of {domain} does not end in an `all`")
    elif last is not None:
        qualifier = record.mechanisms[last].qualifier
        if qualifier == "+":
            yield _finding(
                answer, "spf_record.plus_all", Fact.FAIL, f"the SPF record of {domain} lets the whole world send"
            )
        elif qualifier == "?":
            yield _finding(
                answer,
                "spf_record.neutral_all",
                Fact.NONE,
                f"the SPF record of {domain} ends in ?all: it forbids nobody",
            )
        if record.mechanisms[last + 1 :] or record.redirect:
            yield _finding(
                answer, "spf_record.after_all", Fact.NONE, "terms after `all` are never looked at (section 5.1)"
            )
    for mechanism in record.mechanisms:
        if mechanism.name == "ptr":
            yield _finding(answer, "spf_record.ptr", Fact.NONE, "`ptr` is slow and should not be used (section 5.5)")
        network = mechanism.network
        if network is not None and network.prefixlen < _HUGE[network.version] and mechanism.qualifier == "+":
            detail = f"{mechanism.text} lets {network.num_addresses:,} addresses send as {domain}"
            yield _finding(answer, "spf_record.huge", Fact.FAIL, detail)
    if len(record.text) > _LONG_OCTETS:
        detail = (
            f"the SPF record of {domain} has {len(record.text)} octets; beyond {_LONG_OCTETS} old resolvers stumble"
        )
        yield _finding(answer, "spf_record.long", Fact.NONE, detail)


def _finding(answer: Answer, ident: str, result: Fact, detail: str) -> Finding:
    supports = (Cause.SPF_FAIL,) if result is Fact.PERMERROR else ()
    if ident == "spf_record.none":
        supports = (Cause.UNAUTHENTICATED_SENDER,)
    texts = [text for text in answer.records if is_spf(text)]
    record = f"{answer.name} TXT " + (" / ".join(f'"{text}"' for text in texts) or answer.rcode)
    return Finding("spf_record", ident, answer.name, result, detail, supports, (), record, record, answer.asked_at)
