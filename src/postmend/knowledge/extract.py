"""What a reply names: blocklists, addresses, URLs, the provider's own codes, limits and waiting times."""

import ipaddress
import re
from contextlib import suppress

from postmend.knowledge.words import EMAIL, IPV4, IPV6, may_hold_ipv6, strip_repeated_codes
from postmend.model import Extracts

_URL = re.compile(
    r"https?://[^\s<>\"'\\^`{}|\x00-\x20]{1,2000}|(?<![\w/.@-])www\.[\w.-]{3,200}(?:/[^\s<>\"']{0,500})?", re.IGNORECASE
)
# A URL that a fold cut in two ends in a sign that never ends one, or goes on with a query.
_SPLIT_SCHEME = re.compile(r"(https?:)\s+//")
_FOLDED_URL = re.compile(
    r"(https?://\S{0,500}[/?=&%_-])\s+(?=[\w%.-]{0,80}[?=&/]|[\w%.-]*\d[\w.%-]*(?:\s|$))", re.IGNORECASE
)
_DOMAIN = re.compile(
    r"(?<![\w@./:-])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})(?![\w@-])",
    re.IGNORECASE,
)
_BRACKETED_IP6 = re.compile(r"\[(?:IPv6:)?([0-9a-f:.]{2,45})\]", re.IGNORECASE)
# `blocked using X`, `listed at X`, `DNSBL X`, `X blacklist`: the zone or name that stands there.
_LISTED = re.compile(
    r"(?:(?:block(?:ed|ing)?|reject(?:ed)?|list(?:ed|ing)?|blacklist(?:ed)?|found|refused|denied|banned)\s+(?:\w+\s+){0,2}?(?:using|by|at|in|on|from|via|with|due to)"
    r"|(?:dns[bw]l|rbl|black\s?list|block\s?list|lookup site|dns list)(?:\s+(?:at|provider|server response|site|of|called|named))*"
    r"|(?:sperrliste|schwarzen? liste|liste noire|lista ner[ao]|lista negra|czarn\w+ li\w+)(?:\s+(?:von|bei|de|du|di|da|del|na|w))*)"
    r"\s*[:=('\"<\[]*\s*(?:the\s+|our\s+)?([a-z0-9][\w-]*(?:\.[\w-]+)+|[A-Z][\w-]+(?:\s(?:[A-Z]{2,5}|Reputation|[A-Z]\w+)\b)?)",
    re.IGNORECASE,
)
# Providers' own codes. The word boundary before is looked at after the first letter: see `words.IPV4`.
_CODES = re.compile(
    r"[A-Z#](?<!\w.)(?:(?<=S)\d{3,10}(?=\))|(?<=T)S[SC]?\d{2}|(?<=[BGP])[LH]\d{2}|(?<=C)P\d{2}|(?<=[A-Z])[A-Z]-\d{2,3}"  # Microsoft, Yahoo
    r"|(?<=I)B\d{3,4}[a-z]?|(?<=C)X(?:BL|SNDR|MJ\w*|CNCT|DNS|THRT|SYS\w*|MXRT|CNCTHRT)"  # GoDaddy, Cox
    r"|(?<=O)(?:FR_?\d{3}(?:_\d{3})?|U_\d{3})|(?<=L)PN[A-Z0-9]{3,5}_\d{3}|(?<=X)GEMAIL_\d{4}|(?<=E)TP\d{3}"  # Orange, La Poste, Sophos, Trellix
    r"|(?<=R)(?:BL\d{4,6}|ACT|LY:\w+|P:\w+)|(?<=S)(?:HXBL|PF:\w+|YM:\w+)|(?<=D)(?:T:\w+|NS:\w+)|(?<=M)I:\w+|(?<=H)(?:S\d{2}|L:\w+|VU:\w+)"
    r"|(?<=A)(?:UP#[A-Za-z0-9-]{2,14}|S\(\d{3,8}\)|S\d{6,10}(?=\)))|(?<=P)RX\d|(?<=E)\d{7}|(?<=#)\d{3}-\d{3,8})(?!\w)"
)  # fmt: skip
SIZE_UNIT = r"[kmg]i?b|bytes|octets"
_LIMIT = re.compile(
    # Not the codes that a reply begins with: 552 Message, 5.4.6 Message.
    r"(?:(?<=[^\d.,\w\n])(?![245]\.\d{1,3}\.\d)|(?<![^\n])(?![245]\d\d[ -]))"
    r"(\d[\d.,]{0,15}\s{0,3}(?:"
    + SIZE_UNIT
    + r"|hops?|max|messages?|e?mails?|recipients?|connections?|rcpts?|envelopes?)\b(?:\s*(?:per|/|a|an|every|within|in)\s*(?:the\s+)?(?:last\s+)?(?:\d+\s*)?(?:seconds?|minutes?|hours?|days?|connection|message|session))?"
    r"|\d[\d.,]{0,15}\s{0,3}(?:per|/)\s*(?:seconds?|minutes?|hours?|days?)"
    r"|(?:(?<=limit )|(?<=limit of )|(?<=limit is )|(?<=maximum is )|(?<=maximum of ))\d{2,12}(?![\w.%]))",
    re.IGNORECASE,
)
_RETRY = re.compile(
    r"(?:retry|try again|again|wait|return|back|come back|greylist\w*|graylist\w*|delay\w*|expires?)\b[^.;\n]{0,40}?\b(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<s>\d{2})\b"
    r"|(?:retry|try again|again|wait|return|back|come back|greylist\w*|graylist\w*|delay\w*|expires?)\b[^.;\n]{0,40}?\b(?P<n>\d{1,6})\s*(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b"
    r"|retry[ _-]?after\W{0,3}(?P<bare>\d{1,6})\b",
    re.IGNORECASE,
)
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Labels by which lists call their zones: such a name is one of a list, in whatever language the reply is.
_LIST_LABELS = frozenset(
    {
        "bl", "rbl", "dnsbl", "dnsrbl", "rhsbl", "ipbl", "spambl", "blacklist", "blocklist", "sbl", "xbl", "pbl",
        "sbl-xbl", "cbl", "zen", "dul", "relays", "proxies",
    }
)  # fmt: skip
_NOT_LISTS = {
    "our",
    "your",
    "the",
    "this",
    "policy",
    "local",
    "smtp",
    "mail",
    "spam",
    "recipient",
    "host",
    "ip",
    "see",
    "for",
    "sender",
    "system",
    "server",
    "address",
}
_LIST_NAMES = re.compile(
    r"\b(?:spamhaus(?:\s+(?:zen|sbl|xbl|pbl|css|dbl|drop|zrd))?|(?:sbl|xbl|pbl|css)(?=\s+(?:list|blacklist|database))|spamcop|sorbs|barracuda reputation|uceprotect(?:[- ]?(?:level)?\s?\d)?|invaluement|"
    r"mail-abuse|surbl|uribl|abusix|cloudmark|senderscore|sender score|backscatterer|mailspike|psbl|spamrats|njabl|dsbl|ahbl|manitu|nixspam|truncate|hostkarma|lashback|senderbase|proofpoint|trend micro (?:rbl\+?|email reputation service)|talos|blocklist\.de|spfbl|0spam|gbudb|dronebl|wpbl)\b\+?",
    re.IGNORECASE,
)


def _unique(values: list[str], most: int = 20) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:most]


def _ips(text: str) -> list[str]:
    made = [found.partition(":")[0] for found in IPV4.findall(text)]
    made = [each for each in made if max(map(int, each.split("."))) < 256]
    if may_hold_ipv6(text):
        for raw in IPV6.findall(text) + _BRACKETED_IP6.findall(text):
            with suppress(ValueError):
                made.append(str(ipaddress.ip_address(raw)))
    return made


# Words without one of which the costlier patterns cannot match.
_LISTED_WORDS = frozenset(
    [
        "block",
        "blocked",
        "blocking",
        "reject",
        "rejected",
        "list",
        "listed",
        "listing",
        "blacklist",
        "blacklisted",
        "found",
        "refused",
        "denied",
        "banned",
        "dnsbl",
        "dnswl",
        "rbl",
        "black",
        "blocklist",
        "liste",
        "lista",
        "sperrliste",
        "lookup",
        "dns",
    ]
)
_NAME_WORDS = frozenset(
    [
        "spamhaus",
        "sbl",
        "xbl",
        "pbl",
        "css",
        "spamcop",
        "sorbs",
        "uceprotect",
        "invaluement",
        "surbl",
        "uribl",
        "abusix",
        "cloudmark",
        "senderscore",
        "backscatterer",
        "mailspike",
        "psbl",
        "spamrats",
        "njabl",
        "dsbl",
        "ahbl",
        "manitu",
        "nixspam",
        "truncate",
        "hostkarma",
        "lashback",
        "senderbase",
        "proofpoint",
        "talos",
        "blocklist",
        "spfbl",
        "gbudb",
        "dronebl",
        "wpbl",
    ]
)
_NAMES_OF_TWO = ("mail-abuse", "sender score", "trend micro", "barracuda reputation", "0spam")
_RETRY_WORDS = frozenset(
    [
        "retry",
        "again",
        "wait",
        "return",
        "back",
        "come",
        "greylist",
        "greylisted",
        "greylisting",
        "graylist",
        "graylisted",
        "graylisting",
        "delay",
        "delayed",
        "expire",
        "expires",
    ]
)
_LETTERS = re.compile(r"[a-z]+")


def _retry_after_s(text: str) -> int | None:
    found = _RETRY.search(text)
    if found is None:
        return None
    if found["h"]:
        return int(found["h"]) * 3600 + int(found["m"]) * 60 + int(found["s"])
    if found["bare"]:
        return int(found["bare"])
    return int(found["n"]) * _UNIT_S[found["unit"][0].lower()]


def join_folded_urls(text: str) -> str:
    """Mend URLs that a line break cut in two."""
    if "http" not in text:
        return text
    return _FOLDED_URL.sub(r"\1", _SPLIT_SCHEME.sub(r"\1//", text))


def extract(text: str) -> Extracts:
    """Return what `text` names; bounded, never raises."""
    text = join_folded_urls(strip_repeated_codes(text[:8000]))
    urls = [url.rstrip(".,;:)]}>'\"") for url in _URL.findall(text)]
    plain = _URL.sub(" ", text) if urls else text
    emails = EMAIL.findall(plain) if "@" in plain else []
    domains = [name.lower() for name in _DOMAIN.findall(EMAIL.sub(" ", plain) if emails else plain)]
    low = plain.lower()
    words = set(_LETTERS.findall(low))
    names: list[str] = []
    if not words.isdisjoint(_NAME_WORDS) or any(name in low for name in _NAMES_OF_TWO):
        names = [found[0] for found in _LIST_NAMES.finditer(plain)]
    lists: list[str] = []
    if (names or domains) and not words.isdisjoint(_LISTED_WORDS):
        lists = [name.rstrip(".") for name in _LISTED.findall(plain)]
        lists = [n for n in lists if n.lower() not in _NOT_LISTS and ("." in n or _LIST_NAMES.search(n))]
    lists += [name for name in domains if not _LIST_LABELS.isdisjoint(name.split(".")[:-2]) and name not in lists]
    lists += [name for name in names if not any(name.lower() in n.lower() for n in lists)]
    return Extracts(
        lists=_unique([n for n in lists if not n.replace(".", "").isdigit()]),
        ips=_unique(_ips(text)),
        domains=_unique(domains),
        urls=_unique(urls),
        emails=_unique([address.strip("<>.:") for address in emails]),
        codes=_unique([found[0] for found in _CODES.finditer(plain)]),
        limits=_unique([" ".join(limit.split()) for limit in _LIMIT.findall(plain)]),
        retry_after_s=None if words.isdisjoint(_RETRY_WORDS) else _retry_after_s(plain),
    )
