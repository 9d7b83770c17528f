"""The smallest change of an SPF record that lets an address send, proven by evaluating the new record.

What passed before still passes: terms are added, never tightened. Duplicate records are merged, dead includes taken
out, and includes replaced by their networks only when nothing else gets below ten lookups. A proposal that does not
evaluate to pass, or is over a limit of RFC 7208 section 4.6.4, is not shown at all.
"""

import ipaddress
from dataclasses import dataclass

from postmend.evidence.spf import check_host
from postmend.evidence.spf_record import LOOKUP_TERMS, Mechanism, SpfRecord, is_spf, mx_hosts, parse_spf
from postmend.evidence.spf_result import MOST_LOOKUPS, MOST_VOID, Spf, SpfResult
from postmend.model import ParseError, RecordChange
from postmend.model.dns import Answer, Rcode, Resolver

_STRING_OCTETS = 255  # of one character-string (RFC 1035 section 3.3); RFC 7208 section 3.3 joins several
_MOST_DEPTH = 12
_MOST_NETWORKS = 200  # of a flattened include
# Terms that people write and no receiver knows.
_MISSPELT = {"ipv4": "ip4", "ipv6": "ip6", "ip": "ip4", "inlcude": "include"}


@dataclass(frozen=True, slots=True)
class _Overlay:
    """A resolver that answers one name's TXT with the record to be tried."""

    resolver: Resolver
    domain: str
    text: str

    async def query(self, name: str, rdtype: str) -> Answer:
        if rdtype == "TXT" and name.removesuffix(".").lower() == self.domain.lower():
            return Answer(name, rdtype, Rcode.NOERROR, (self.text,))
        return await self.resolver.query(name, rdtype)


@dataclass(frozen=True, slots=True)
class SpfCost:
    """What a record costs at worst: lookups and void lookups, and how many includes lead nowhere."""

    lookups: int
    void: int


async def worst_cost(resolver: Resolver, record: SpfRecord, domain: str, depth: int = 0) -> SpfCost:
    """Count every term as if none matched; macros cost one lookup, and nobody knows whether it is void."""
    lookups = void = 0
    if depth > _MOST_DEPTH:
        return SpfCost(MOST_LOOKUPS + 1, 0)
    for mechanism in record.mechanisms:
        if mechanism.name not in LOOKUP_TERMS:
            continue
        lookups += 1
        target = mechanism.domain or domain
        if "%" in target or lookups > MOST_LOOKUPS * 3:
            continue
        if mechanism.name == "include":
            more = await _cost_of(resolver, target, depth + 1)
            lookups, void = lookups + more.lookups, void + more.void
        elif mechanism.name in {"a", "mx", "exists"}:
            answer = await resolver.query(target, "MX" if mechanism.name == "mx" else "A")
            void += answer.void
    if record.redirect and not any(m.name == "all" for m in record.mechanisms):
        more = await _cost_of(resolver, record.redirect, depth + 1)
        return SpfCost(lookups + 1 + more.lookups, void + more.void)
    return SpfCost(lookups, void)


async def _cost_of(resolver: Resolver, domain: str, depth: int) -> SpfCost:
    record = await _read(resolver, domain)
    return await worst_cost(resolver, record, domain, depth) if record else SpfCost(0, 0)


async def _read(resolver: Resolver, domain: str) -> SpfRecord | None:
    if "%" in domain:
        return None
    answer = await resolver.query(domain, "TXT")
    texts = [text for text in answer.records if is_spf(text)]
    try:
        return parse_spf(texts[0]) if len(texts) == 1 else None
    except ParseError:
        return None


def _term(ip: str) -> str:
    address = ipaddress.ip_address(ip)
    return f"ip{address.version}:{address}"


def _with_term(text: str, term: str, before: str) -> str:
    """The record with `term` put in front of the mechanism that decides now, or of `all`, or of the modifiers."""
    terms = text.split()
    for stop in (before, None):
        for i, each in enumerate(terms[1:], 1):
            last = each.lstrip("+-~?").lower() == "all" or "=" in each.split(":")[0]
            if each == stop or (stop is None and last):
                return " ".join([*terms[:i], term, *terms[i:]])
    return " ".join([*terms, term])


def _merged(texts: list[str]) -> str:
    """One record with every term of several, the most lenient `all` at its end."""
    terms: list[str] = []
    ends: list[str] = []
    redirects: list[str] = []
    for text in texts:
        for term in text.split()[1:]:
            name = term.lstrip("+-~?").lower()
            if name == "all":
                ends.append(term)
            elif name.startswith("redirect="):
                redirects.append("include:" + term.partition("=")[2])
            elif name.lower() not in {t.lower() for t in terms}:
                terms.append(term)
    rank = {"?": 0, "~": 1, "-": 2}
    end = min(ends, key=lambda e: rank.get(e[0], 3), default="~all")
    if end.lower() in {"all", "+all"}:
        end = "~all"
    return " ".join(["v=spf1", *dict.fromkeys(terms + redirects), end])


def _respelt(text: str) -> str:
    """A record with the usual misspellings of its terms mended."""
    made = []
    for term in text.split():
        name, colon, rest = term.partition(":")
        bare = name.lstrip("+-~?").lower()
        sign = name[: len(name) - len(bare)]
        made.append(f"{sign}{_MISSPELT[bare]}{colon}{rest}" if colon and bare in _MISSPELT else term)
    return " ".join(made)


async def _without_dead(resolver: Resolver, text: str, domain: str) -> str:
    """Take out includes without a record, and a, mx that name nothing: they are errors or void lookups."""
    record = parse_spf(text)
    drop: set[str] = set()
    for mechanism in record.mechanisms:
        target = mechanism.domain or domain
        if "%" in target:
            continue
        if mechanism.name == "include":
            answer = await resolver.query(target, "TXT")
            if answer.void or (not answer.failed and not any(is_spf(each) for each in answer.records)):
                drop.add(mechanism.text)
        elif mechanism.name in {"a", "mx"}:
            answer = await resolver.query(target, "MX" if mechanism.name == "mx" else "A")
            six = answer if mechanism.name == "mx" else await resolver.query(target, "AAAA")
            if answer.void and six.void:
                drop.add(mechanism.text)
    return " ".join(term for term in text.split() if term not in drop)


async def _networks(resolver: Resolver, domain: str, depth: int = 0) -> list[str] | None:
    """The ip4 and ip6 terms that an include comes down to; None where it cannot be said so plainly."""
    record = await _read(resolver, domain)
    if record is None or depth > _MOST_DEPTH or record.redirect:
        return None
    found: list[str] = []
    for mechanism in record.mechanisms:
        if mechanism.name == "all":
            break
        if mechanism.qualifier != "+":
            return None
        more = await _flat(resolver, mechanism, domain, depth)
        if more is None or len(found) + len(more) > _MOST_NETWORKS:
            return None
        found += more
    return found


async def _flat(resolver: Resolver, mechanism: Mechanism, domain: str, depth: int) -> list[str] | None:
    if mechanism.network is not None:
        return [f"ip{mechanism.network.version}:{mechanism.network}"]
    target = mechanism.domain or domain
    if "%" in target or mechanism.name in {"ptr", "exists"}:
        return None
    if mechanism.name == "include":
        return await _networks(resolver, target, depth + 1)
    hosts = [target]
    if mechanism.name == "mx":
        hosts = mx_hosts(await resolver.query(target, "MX"))
    found: list[str] = []
    for host in hosts:
        for rdtype, prefix in (("A", mechanism.cidr4), ("AAAA", mechanism.cidr6)):
            answer = await resolver.query(host, rdtype)
            if answer.failed:
                return None
            networks = [ipaddress.ip_network((each, prefix), strict=False) for each in answer.records]
            found += [f"ip{net.version}:{net}" for net in networks]
    return found


async def _flattened(resolver: Resolver, text: str, domain: str) -> str:
    """Replace includes by their networks, the dearest first, until the record is within ten lookups."""
    for _ in range(MOST_LOOKUPS * 2):
        record = parse_spf(text)
        if (await worst_cost(resolver, record, domain)).lookups <= MOST_LOOKUPS:
            return text
        costs = []
        for mechanism in record.mechanisms:
            if mechanism.name == "include" and mechanism.qualifier == "+":
                flat = await _networks(resolver, mechanism.domain)
                if flat is not None:
                    cost = await _cost_of(resolver, mechanism.domain, 1)
                    costs.append((cost.lookups + 1, -len(flat), mechanism.text, flat))
        if not costs:
            return text
        _, _, term, flat = max(costs)
        terms = text.split()
        at = terms.index(term)
        known = {each.lower() for each in terms}
        text = " ".join([*terms[:at], *(each for each in dict.fromkeys(flat) if each not in known), *terms[at + 1 :]])
    return text


async def _candidate(resolver: Resolver, ip: str, found: SpfResult) -> tuple[str, str] | None:
    """The record (or records) as they stand, and the record to be tried."""
    answer = await resolver.query(found.domain, "TXT")
    if answer.failed:
        return None
    texts = [text for text in answer.records if is_spf(text)]
    if not texts:
        return "", f"v=spf1 {_term(ip)} ~all"
    text = _respelt(_merged(texts) if len(texts) > 1 else texts[0])
    try:
        parse_spf(text)
    except ParseError:
        return None
    if found.result is Spf.PERMERROR:
        text = await _without_dead(resolver, text, found.domain)
        text = await _flattened(resolver, text, found.domain)
    if (
        await check_host(_Overlay(resolver, found.domain, text), ip, mail_from=f"x@{found.domain}")
    ).result is not Spf.PASS:
        text = _with_term(text, _term(ip), found.matched)
    return "\n".join(texts), text


async def propose(resolver: Resolver, ip: str, found: SpfResult) -> RecordChange | None:
    """Propose the record that lets `ip` pass, or None where it passes, is not known, or no proposal holds its proof.

    `found` is the result of `check_host` for the MAIL FROM's domain. The proof evaluates the new record.
    """
    if found.result in {Spf.PASS, Spf.TEMPERROR} or not found.domain or "." not in found.domain:
        return None
    made = await _candidate(resolver, ip, found)
    if made is None:
        return None
    before, after = made
    overlay = _Overlay(resolver, found.domain, after)
    again = await check_host(overlay, ip, mail_from=f"postmaster@{found.domain}")
    cost = await worst_cost(overlay, parse_spf(after), found.domain)
    if again.result is not Spf.PASS or cost.lookups > MOST_LOOKUPS or cost.void > MOST_VOID:
        return None
    strings = -(-len(after) // _STRING_OCTETS)
    proof = (
        f"evaluated: {ip} passes ({again.matched}), {cost.lookups} of {MOST_LOOKUPS} lookups, "
        f"{cost.void} of {MOST_VOID} void lookups"
    ) + (f"; longer than {_STRING_OCTETS} octets: publish it as {strings} strings of one record" if strings > 1 else "")
    return RecordChange(found.domain, "TXT", before, after, proof)
