"""DMARC records (RFC 9989 section 4.7): tags and values, read as receivers read them. Pure.

A record that does not begin with `v=DMARC1` is no DMARC record (None); one that does, but is broken in a tag
that matters, is read as far as it goes, with its faults told.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_TAG_NAME = re.compile(r"[A-Za-z]{1,10}")
_MOST_FAULTS = 10
_MOST_OCTETS = 4096  # of a record that is read; the longest that is met has a few hundred
_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(?:;|$)")
# Tags of RFC 7489 that RFC 9989 took out: still met, and ignored.
_HISTORIC = frozenset({"pct", "rf", "ri"})
_KNOWN = frozenset({"v", "p", "sp", "np", "adkim", "aspf", "psd", "t", "rua", "ruf", "fo"})
_CHOICES = {"adkim": "rs", "aspf": "rs", "psd": "ynu", "t": "yn"}
_MAILTO = re.compile(
    r"mailto:(?!/)([^@\s!,;]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+)(?:\?[^!\s]*)?(![0-9]+[kmgt]?)?", re.IGNORECASE
)


class Policy(StrEnum):
    """What the domain's owner asks of receivers (RFC 9989 section 4.7, `p`, `sp`, `np`)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A DMARC record. `sp` and `np` are None where the record leaves them to `p` and `sp`.

    `rua` and `ruf` are addresses without `mailto:`; `strict_dkim`, `strict_spf` the alignment modes. `psd` is `y`, `n`
    or `u`. `testing` is `t=y`. `faults` and `leftovers` are clauses: what is wrong, and what is of RFC 7489.
    """

    text: str
    p: Policy
    sp: Policy | None = None
    np: Policy | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    testing: bool = False
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()

    def policy_for(self, *, below: bool, exists: bool = True) -> Policy:
        """The policy for the domain itself, or for a domain below it, existing or not (section 4.7)."""
        if not below:
            return self.p
        subdomain = self.sp or self.p
        return subdomain if exists else self.np or subdomain


def _policy(tags: dict[str, str], name: str, faults: list[str]) -> Policy | None:
    value = tags.get(name)
    if value is None:
        return None
    try:
        return Policy(value.lower())
    except ValueError:
        faults.append(f"{name}={value[:40]} is neither none nor quarantine nor reject")
        return None


def _addresses(value: str, faults: list[str]) -> tuple[str, ...]:
    made: list[str] = []
    for uri in (part.strip() for part in value.split(",")):
        found = _MAILTO.fullmatch(uri)
        if found is None:
            if uri:
                faults.append(f"{uri[:80]} is no mailto: address, so nothing is reported there")
            continue
        made.append(found[1])
    return tuple(made)


def _tags(text: str, faults: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not _TAG_NAME.fullmatch(name):
            if part.strip():
                faults.append(f"not a tag: {part.strip()[:40]!r}")
            continue
        faults += _tag_faults(name.lower(), value, tags)
        tags.setdefault(name.lower(), value)
    return tags


def _tag_faults(name: str, value: str, tags: dict[str, str]) -> list[str]:
    if name in tags:
        return [f"tag {name} stands twice"]
    if name in _HISTORIC:
        return []
    if name not in _KNOWN:
        return [f"tag {name} is not known, and passed over"]
    if name in _CHOICES and value.lower() not in _CHOICES[name]:
        return [f"{name}={value[:20]} is none of {', '.join(_CHOICES[name])}"]
    return []


def _leftovers(tags: dict[str, str]) -> tuple[str, ...]:
    """What RFC 9989 and 9990 took out; harmless, but for a pct that was to spare some of the mail."""
    old = [f"{name}={tags[name][:20]} has no meaning any more (RFC 9989)" for name in sorted(_HISTORIC & tags.keys())]
    limits = [found[2] for name in ("rua", "ruf") for found in _MAILTO.finditer(tags.get(name, "")) if found[2]]
    return (*old, *(f"the size limit {each} has no meaning any more (RFC 9990)" for each in limits))


def misses_dmarc(text: str) -> str:
    """Why a TXT record that was meant for DMARC is none; an empty string for one that is, or never was meant so."""
    plain = text.strip().strip('"')
    if _VERSION.match(text) or "dmarc1" not in plain.lower().replace(" ", ""):
        return ""
    if not re.match(r"v\s*=", plain, re.IGNORECASE):
        return "v=DMARC1 does not stand first"
    if not _VERSION.match(plain):
        return "it must begin with v=DMARC1 in these very letters, and a semicolon behind"
    return "there is a blank or a quote before v=DMARC1"


def parse_dmarc(text: str) -> DmarcRecord | None:
    """Read a TXT record; None if it is no DMARC record (RFC 9989 section 4.7). Never raises."""
    if not _VERSION.match(text):
        return None
    faults: list[str] = []
    if len(text) > _MOST_OCTETS:
        faults.append(f"it has {len(text):,} octets, of which {_MOST_OCTETS:,} were read")
    tags = _tags(text[:_MOST_OCTETS], faults)
    p = _policy(tags, "p", faults)
    rua = _addresses(tags.get("rua", ""), faults)
    if p is None:
        faults.append("no usable p tag: read as p=none (section 4.7), which older receivers do not even do")
    return DmarcRecord(
        text=text,
        p=p or Policy.NONE,
        sp=_policy(tags, "sp", faults),
        np=_policy(tags, "np", faults),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        psd=tags.get("psd", "u").lower(),
        testing=tags.get("t", "n").lower() == "y",
        rua=rua,
        ruf=_addresses(tags.get("ruf", ""), faults),
        faults=tuple(dict.fromkeys(faults))[:_MOST_FAULTS],
        leftovers=_leftovers(tags)[:_MOST_FAULTS],
    )
