"""What a reply names: blocklists, addresses, URLs, the provider's own codes, limits and waiting times."""

import ipaddress
import re

from postmend.knowledge.words import EMAIL, IP, strip_repeated_codes
from postmend.model import Extracts

_URL = re.compile(r"https?://[^\s<>\"'\\^`{}|\x00-\x20]{1,2000}|(?<![\w/.@-])www\.[\w.-]{3,200}(?:/[^\s<>\"']{0,500})?", re.IGNORECASE)
# A URL that a fold cut in two ends in a sign that never ends one, or goes on with a query.
_FOLDED_URL = re.compile(r"(https?://\S{0,500}[/?=&%_-])\s+(?=[\w%.-]{0,80}[?=&/]|[\w%.-]*\d[\w.%-]*(?:\s|$))", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w@./:-])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})(?![\w@-])", re.IGNORECASE)
_BRACKETED_IP6 = re.compile(r"\[(?:IPv6:)?([0-9a-f:.]{2,45})\]", re.IGNORECASE)
# `blocked using X`, `listed at X`, `DNSBL X`, `X blacklist`: the zone or name that stands there.
_LISTED = re.compile(
    r"(?:(?:block(?:ed|ing)?|reject(?:ed)?|list(?:ed|ing)?|blacklist(?:ed)?|found|refused|denied|banned)\s+(?:\w+\s+){0,2}?(?:using|by|at|in|on|from|via|with|due to)"
    r"|(?:dns[bw]l|rbl|black\s?list|block\s?list|lookup site|dns list)(?:\s+(?:at|provider|server response|site|of|called|named))*)"
    r"\s*[:=('\"<\[]*\s*(?:the\s+|our\s+)?([a-z0-9][\w-]*(?:\.[\w-]+)+|[A-Z][\w-]+(?:\s(?:[A-Z]{2,5}|Reputation|[A-Z]\w+)\b)?)",
    re.IGNORECASE,
)
_CODES = re.compile(
    r"\b(?:"
    r"S\d{3,4}(?=\))|TS[SC]?\d{2}|BL\d{2}|PH\d{2}|GL\d{2}|CP\d{2}|SC-\d{3}|DY-\d{3}|OU-\d{3}|CS-\d{3}|HM-\d{2}|SP-\d{3}|RP-\d{3}"  # Microsoft, Yahoo, old Hotmail
    r"|IB\d{3,4}[a-z]?|CXBL|CXSNDR|CXMJ\w*|CXCNCT|CXDNS|CXTHRT|CXSYS\w*|CXMXRT|CXCNCTHRT"  # GoDaddy, Cox
    r"|OFR_?\d{3}|OFR\d{3}_\d{3}|OU_\d{3}|LPN[A-Z0-9]{3,5}_\d{3}|XGEMAIL_\d{4}|ETP\d{3}"  # Orange, La Poste, Sophos, Trellix
    r"|RBL\d{4,6}|RACT|SPFBL|SHXBL|JunkMail"
    r"|HS\d{2}|DT:\w+|MI:\w+|IP:\w+|SPF:\w+|RP:\w+|SYM:\w+|SZE|CNN"
    r"|m\d{4}|E\d{7}|AS\(\d{3,6}\))\b"
    r"|\bAUP#[A-Z0-9-]{2,14}|\bAS\(\d{3,8}\)|#\d{3}-\d{3,8}\b|\bPRX\d\b|\bHVU:\w+|\bRLY:\w+|\bDNS:\w+|\b[A-Z]{3}:[A-Z]\d\b"
)  # fmt: skip
_LIMIT = re.compile(
    r"\b(\d[\d.,]*\s*(?:[kmg]i?b|bytes|octets|messages?|e?mails?|recipients?|connections?|rcpts?|envelopes?)\b(?:\s*(?:per|/|a|an|every|within|in)\s*(?:the\s+)?(?:last\s+)?(?:\d+\s*)?(?:seconds?|minutes?|hours?|days?|connection|message|session))?"
    r"|\d[\d.,]*\s*(?:per|/)\s*(?:seconds?|minutes?|hours?|days?))",
    re.IGNORECASE,
)
_RETRY = re.compile(
    r"(?:retry|try again|again|wait|return|back|come back|greylist\w*|graylist\w*|delay\w*|expires?)\b[^.;\n]{0,40}?\b(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<s>\d{2})\b"
    r"|(?:retry|try again|again|wait|return|back|come back|greylist\w*|graylist\w*|delay\w*|expires?)\b[^.;\n]{0,40}?\b(?P<n>\d{1,6})\s*(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b"
    r"|retry[ _-]?after\W{0,3}(?P<bare>\d{1,6})\b",
    re.IGNORECASE,
)
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NOT_LISTS = {"our", "your", "the", "this", "policy", "local", "smtp", "mail", "spam", "recipient", "host", "ip", "see", "for", "sender", "system", "server", "address"}
_LIST_NAMES = re.compile(
    r"\b(?:spamhaus(?:\s+(?:zen|sbl|xbl|pbl|css|dbl|drop|zrd))?|(?:sbl|xbl|pbl|css)(?=\s+(?:list|blacklist|database))|spamcop|sorbs|barracuda reputation|uceprotect(?:[- ]?(?:level)?\s?\d)?|invaluement|"
    r"mail-abuse|surbl|uribl|abusix|cloudmark|senderscore|sender score|backscatterer|mailspike|psbl|spamrats|njabl|dsbl|ahbl|manitu|nixspam|truncate|hostkarma|lashback|senderbase|proofpoint|trend micro (?:rbl\+?|email reputation service)|talos|blocklist\.de|spfbl|0spam|gbudb|dronebl|wpbl)\b\+?",
    re.IGNORECASE,
)


def _unique(values: list[str], most: int = 20) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:most]


def _ips(text: str) -> list[str]:
    made = []
    for raw in [found[0] for found in IP.finditer(text)] + _BRACKETED_IP6.findall(text):
        host = re.sub(r"(?<=\.\d)(\d{0,2}):\d+$", r"\1", raw)
        try:
            made.append(str(ipaddress.ip_address(host)))
        except ValueError:
            continue
    return made


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
    return _FOLDED_URL.sub(r"\1", text) if "http" in text else text


def extract(text: str) -> Extracts:
    """Return what `text` names; bounded, never raises."""
    text = join_folded_urls(strip_repeated_codes(text[:8000]))
    urls = [url.rstrip(".,;:)]}>'\"") for url in _URL.findall(text)]
    plain = _URL.sub(" ", text)
    emails = EMAIL.findall(plain) if "@" in plain else []
    domains = [name.lower() for name in _DOMAIN.findall(EMAIL.sub(" ", plain) if emails else plain)]
    lists = [name.rstrip(".") for name in _LISTED.findall(plain)]
    lists = [n for n in lists if n.lower() not in _NOT_LISTS and ("." in n or _LIST_NAMES.search(n))]
    lists += [found[0] for found in _LIST_NAMES.finditer(plain) if not any(found[0].lower() in n.lower() for n in lists)]
    return Extracts(
        lists=_unique([n for n in lists if not n.replace(".", "").isdigit()]),
        ips=_unique(_ips(text)),
        domains=_unique(domains),
        urls=_unique(urls),
        emails=_unique([address.strip("<>.:") for address in emails]),
        codes=_unique([found[0] for found in _CODES.finditer(plain)]),
        limits=_unique([" ".join(limit.split()) for limit in _LIMIT.findall(plain)]),
        retry_after_s=_retry_after_s(plain),
    )
