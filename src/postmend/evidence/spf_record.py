"""SPF records (RFC 7208 sections 4.6, 5, 6, 12), parsed whole before anything is evaluated. Pure.

A syntax error anywhere in a record makes it a permerror (section 4.6), so parsing is strict and says what is wrong.
"""

import ipaddress
import re
from dataclasses import dataclass

from postmend.model import ParseError
from postmend.model.dns import Answer

# Macro text of section 7.1; the delimiters are those of the ABNF.
MACRO = re.compile(r"%(?:\{([slodiphcrtvSLODIPHCRTV])(\d*)(r?)([.\-+,/_=]*)\}|([%_-]))")
_LITERAL = re.compile(r"[\x21-\x24\x26-\x7e]*")
_TOPLABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_CIDR = re.compile(r"(?:/(\d{1,3}))?(?://(\d{1,3}))?$")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(.*)", re.DOTALL)
_EDGES = " \t\"'"
# Quotes, blanks and signs around the version, or a version that never came to be; what follows is left alone.
_ALMOST = re.compile(r"[\s\"']*(?:v\s*=\s*spf1?|spf2\.0(?:/[a-z,]*)?)[\s:;,.]*", re.IGNORECASE)
_EXPLAINING_ONLY = frozenset("crtCRT")

LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists"})
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism. `qualifier` is one of `+-~?`; `domain` an unexpanded domain-spec, empty for the current domain.

    `network` is that of ip4 and ip6; `cidr4`, `cidr6` the prefix lengths of a and mx.
    """

    text: str
    qualifier: str
    name: str
    domain: str = ""
    network: IpNetwork | None = None
    cidr4: int = 32
    cidr6: int = 128


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record: mechanisms in order; `redirect` and `exp` unexpanded domain-specs, empty where absent."""

    text: str
    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""
    exp: str = ""


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: `v=spf1`, then a space or the end (section 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in {"", " "}


def spf_texts(answer: Answer) -> list[str]:
    """The SPF records of a TXT answer."""
    return [text for text in answer.records if is_spf(text)]


def meant_for_spf(text: str) -> str:
    """A TXT record that was meant for SPF but does not begin as one must, with that mended; else an empty string."""
    found = None if is_spf(text) else _ALMOST.match(text)
    return f"v=spf1 {text[found.end() :].strip(_EDGES)}" if found else ""


def mx_hosts(answer: Answer) -> list[str]:
    """The hosts of an MX answer, best preference first; a null MX gives none (RFC 7505)."""
    pairs = sorted((int(p), host) for p, _, host in (text.partition(" ") for text in answer.records))
    return [host for _, host in pairs if host not in {"", "."}]


def check_macros(text: str, *, explaining: bool = False) -> None:
    """Raise ParseError where `text` is no macro-string (section 7.1); c, r, t only where it explains."""
    at = 0
    while at < len(text):
        literal = _LITERAL.match(text, at) if not explaining else re.compile(r"[\x20-\x24\x26-\x7e]*").match(text, at)
        assert literal is not None
        at = literal.end()
        if at == len(text):
            return
        found = MACRO.match(text, at)
        if found is None:
            raise ParseError(f"macro syntax error at {text[at : at + 12]!r}")
        if found[1] and found[1] in _EXPLAINING_ONLY and not explaining:
            raise ParseError(f"macro letter {found[1]} is only allowed in explanations")
        if found[2] and int(found[2]) == 0:
            raise ParseError("a macro that keeps no label at all")
        at = found.end()


def _domain_spec(text: str, term: str) -> str:
    """Check a domain-spec: macro-string, ending in a macro or in a top label that is not a number (section 7.1)."""
    if not text:
        raise ParseError(f"{term}: a domain is missing")
    check_macros(text)
    if any(found.end() == len(text) for found in MACRO.finditer(text)):
        return text
    labels = text.removesuffix(".").split(".")
    if len(labels) < 2 or not _TOPLABEL.fullmatch(labels[-1]) or labels[-1].isdigit():
        raise ParseError(f"{term}: {text!r} does not end in a top-level label")
    return text


def _prefix(text: str | None, most: int, term: str) -> int:
    if text is None:
        return most
    if len(text) > 1 and text.startswith("0"):
        raise ParseError(f"{term}: a prefix length with a leading zero")
    if int(text) > most:
        raise ParseError(f"{term}: a prefix length of more than {most}")
    return int(text)


def _network(name: str, rest: str, term: str) -> IpNetwork:
    if not rest.startswith(":"):
        raise ParseError(f"{term}: an address is missing")
    address, slash, length = rest[1:].partition("/")
    version, most = (4, 32) if name == "ip4" else (6, 128)
    if slash and not length.isascii():
        raise ParseError(f"{term}: not a prefix length")
    if slash and not length.isdigit():
        raise ParseError(f"{term}: not a prefix length: {length!r}")
    prefix = _prefix(length if slash else None, most, term)
    try:
        if version == 4:
            return ipaddress.IPv4Network((ipaddress.IPv4Address(address), prefix), strict=False)
        if "%" in address:
            raise ValueError
        return ipaddress.IPv6Network((ipaddress.IPv6Address(address), prefix), strict=False)
    except ValueError as error:
        raise ParseError(f"{term}: not an IPv{version} address: {address!r}") from error


def _with_cidr(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    found = _CIDR.search(rest)
    assert found is not None
    body = rest[: found.start()]
    if body and not body.startswith(":"):
        raise ParseError(f"{term}: syntax error")
    domain = _domain_spec(body[1:], term) if body else ""
    return Mechanism(
        term, qualifier, name, domain, None, _prefix(found[1], 32, term), _prefix(found[2], 128, term)
    )  # fmt: skip


def _mechanism(term: str, found: re.Match[str]) -> Mechanism:
    qualifier, name, rest = found[1] or "+", found[2].lower(), found[3]
    if name == "all":
        if rest:
            raise ParseError(f"{term}: `all` takes nothing")
        return Mechanism(term, qualifier, name)
    if name in {"ip4", "ip6"}:
        return Mechanism(term, qualifier, name, "", _network(name, rest, term))
    if name in {"a", "mx"}:
        return _with_cidr(term, qualifier, name, rest)
    if name in {"include", "exists", "ptr"}:
        if not rest and name == "ptr":
            return Mechanism(term, qualifier, name)
        if not rest.startswith(":"):
            raise ParseError(f"{term}: a domain is missing")
        return Mechanism(term, qualifier, name, _domain_spec(rest[1:], term))
    raise ParseError(f"{term}: unknown mechanism")


def parse_spf(text: str) -> SpfRecord:
    """Parse a record that `is_spf`; raise ParseError, naming the term, for any syntax error (section 4.6)."""
    if not text.isascii():
        raise ParseError("the record holds characters that are not ASCII")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text[6:].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.fullmatch(term)
        if modifier:
            _modifier(term, modifier[1].lower(), modifier[2], modifiers)
            continue
        found = _MECHANISM.fullmatch(term)
        if found is None:
            raise ParseError(f"{term[:60]!r} is neither a mechanism nor a modifier")
        mechanisms.append(_mechanism(term, found))
    return SpfRecord(text, tuple(mechanisms), modifiers.get("redirect", ""), modifiers.get("exp", ""))


def _modifier(term: str, name: str, value: str, modifiers: dict[str, str]) -> None:
    if name not in {"redirect", "exp"}:
        check_macros(value)
        return
    if name in modifiers:
        raise ParseError(f"{name}= stands twice")
    modifiers[name] = _domain_spec(value, term)
