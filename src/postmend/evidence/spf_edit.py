"""Changes of an SPF record's text: spelling mended, records merged, a term added, dead terms out, includes flattened.

Pure. None of them takes away who passed: terms are added, or replaced by what they come down to; what is taken out was
an error.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from postmend.evidence.spf_record import LOOKUP_TERMS, IpNetwork, parse_spf
from postmend.evidence.spf_result import MOST_LOOKUPS
from postmend.evidence.spf_tree import Node, Term, cost_of, flat_networks
from postmend.model import ParseError

_STRING_OCTETS = 255  # of one character-string (RFC 1035 section 3.3); RFC 7208 section 3.3 joins several
_SPELT = {"ipv4": "ip4", "ipv6": "ip6", "ip": "ip4", "inlcude": "include", "incude": "include", "includes": "include"}
_LENIENT = {"?": 0, "~": 1, "-": 2}
_AFTER_COLON = re.compile(r"(?<=[A-Za-z4-6]:) +")
_EDGES = "\"'`;,.“”‘’\u200b\ufeff"


def ip_term(ip: str) -> str:
    """The mechanism that lets one address send."""
    address = ipaddress.ip_address(ip)
    return f"ip{address.version}:{address}"


def txt_strings(text: str) -> tuple[str, ...]:
    """A record as the character-strings of one TXT record."""
    return tuple(text[i : i + _STRING_OCTETS] for i in range(0, len(text), _STRING_OCTETS)) or ("",)


def _parses(term: str) -> bool:
    try:
        parse_spf(f"v=spf1 {term}")
    except ParseError:
        return False
    return True


def _mended(term: str) -> str:
    """A term in the form that was meant, or nothing where nobody can tell."""
    plain = re.sub(r"^[-+~?]+(?=[-+~?])", "", term.strip(_EDGES))  # of several signs the last
    name, colon, rest = plain.partition(":")
    bare = name.lstrip("+-~?").lower()
    sign = name[: len(name) - len(bare)]
    name = _SPELT.get(bare, bare)
    rest = rest.strip(_EDGES).removeprefix("http://").removeprefix("https://").rstrip("/")
    tries = [plain, f"{sign}{name}{colon}{rest}"]
    try:
        network = ipaddress.ip_network(rest, strict=False)
        if name in {"ip4", "ip6", "a", "mx", "include"}:
            tries.append(f"{sign}ip{network.version}:{rest}")
    except ValueError:
        if name in {"ip4", "ip6"} and re.search("[A-Za-z]", rest):
            tries.append(f"{sign}a:{rest}")
    return next((each for each in tries if each and _parses(each)), "")


def respelt(text: str) -> str:
    """A record with the usual slips mended, without the terms that nobody understands; as it was where it parses."""
    plain = "".join(c for c in text if c.isascii())
    try:
        parse_spf(plain)
    except ParseError:
        words = _AFTER_COLON.sub("", plain[6:]).replace(",", " ").split()
        kept: dict[str, None] = {}
        for term in filter(None, map(_mended, words)):
            name = term.partition("=")[0].lower()
            if name not in {"redirect", "exp"} or not any(k.lower().startswith(f"{name}=") for k in kept):
                kept[term] = None
        return " ".join(["v=spf1", *kept])
    return plain


def merged(texts: list[str]) -> str:
    """One record with the terms of several, and the most lenient of their ends."""
    terms: dict[str, str] = {}
    ends: list[str] = []
    for text in texts:
        for term in respelt(text).split()[1:]:
            name = term.lstrip("+-~?").lower()
            if name == "all":
                ends.append(term)
                break  # nobody reads on
            if name.startswith("redirect="):
                term = "include:" + term.partition("=")[2]  # noqa: PLW2901
            if not (name.startswith("exp=") and any(each.startswith("exp=") for each in terms)):
                terms.setdefault(term.lower(), term)
    end = min(ends, key=lambda each: _LENIENT.get(each[0], 3), default="~all")
    return " ".join(["v=spf1", *terms.values(), "~all" if end.lower() in {"all", "+all"} else end])


def with_term(text: str, term: str, before: str) -> str:
    """The record with `term` in front of the mechanism that decides now, or of `all`, or of the modifiers."""
    terms = text.split()
    for stop in (before, None):
        for i, each in enumerate(terms[1:], 1):
            last = each.lstrip("+-~?").lower() == "all" or "=" in each.split(":")[0]
            if each == stop or (stop is None and last):
                return " ".join([*terms[:i], term, *terms[i:]])
    return " ".join([*terms, term])


def with_end(text: str) -> str:
    """The record ending in one `all` that forbids; what stood behind it never counted, but for exp=."""
    terms = text.split()
    ends = [i for i, each in enumerate(terms) if each.lstrip("+-~?").lower() == "all"]
    if not ends:
        return text if any(each.lower().startswith("redirect=") for each in terms) else f"{text} ~all"
    end = terms[ends[0]]
    behind = [each for each in terms[ends[0] + 1 :] if each.lower().startswith("exp=")]
    return " ".join([*terms[: ends[0]], end if end[0] in "-~" else "~all", *behind])


def without_dead(node: Node) -> str:
    """The record without terms that are errors or void for everybody; none of them ever lets anybody pass."""
    assert node.record is not None
    drop = {term.mechanism.text for term in node.terms if _is_dead(term)}
    kept = [term for term in node.record.text.split() if term not in drop]
    if node.redirect is not None and node.redirect.dead:
        kept = [*(term for term in kept if not term.lower().startswith("redirect=")), "~all"]
    return " ".join(kept)


def _is_dead(term: Term) -> bool:
    if term.inside is not None:
        return term.inside.dead
    looks_up = term.mechanism.name in LOOKUP_TERMS
    return looks_up and term.known and not term.networks and (term.void4 > 0 or term.mechanism.name == "mx")


def flattened(node: Node) -> Iterator[str]:
    """The record with ever more includes replaced by their networks, the dearest first, until it is within ten lookups;
    then with the addresses of a and mx terms written out too."""  # noqa: D205,D209
    assert node.record is not None
    text, lookups = node.record.text, cost_of(node).lookups
    costs = [(_price(term), term) for term in node.terms if term.mechanism.qualifier == "+" and _price(term)]
    for price, term in sorted(costs, key=lambda pair: (-pair[0], len(pair[1].networks))):
        networks = (
            flat_networks(term.inside) if term.inside is not None else list(term.networks) if term.known else None
        )
        if networks is None:
            continue
        text = _replaced(text, term.mechanism.text, networks)
        lookups -= price
        if lookups <= MOST_LOOKUPS:
            yield text
            if cost_of(node).lookups > MOST_LOOKUPS:
                return


def _covered(term: Term) -> list[IpNetwork] | None:
    if term.inside is not None:
        return flat_networks(term.inside)
    return list(term.networks) if term.known else None


def _price(term: Term) -> int:
    if term.inside is not None:
        return 1 + cost_of(term.inside).lookups
    return 1 if term.mechanism.name in {"a", "mx"} else 0


def _replaced(text: str, term: str, networks: Iterable[IpNetwork]) -> str:
    terms = text.split()
    at = terms.index(term)
    known = {each.lower() for each in terms}
    made = dict.fromkeys(f"ip{net.version}:{_short(net)}" for net in _collapsed(networks))
    return " ".join([*terms[:at], *(each for each in made if each not in known), *terms[at + 1 :]])


def _collapsed(networks: Iterable[IpNetwork]) -> list[IpNetwork]:
    four = [net for net in networks if isinstance(net, ipaddress.IPv4Network)]
    six = [net for net in networks if isinstance(net, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]


def _short(network: IpNetwork) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
