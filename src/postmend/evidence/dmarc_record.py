"""DMARC records (RFC 9989 section 4.7): tags and values, read as receivers read them. Pure.

A record that does not begin with `v=DMARC1` is no DMARC record (None); one that does, but is broken in a tag
that matters, is read as far as it goes, with its faults told.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_TAG = re.compile(r"\s*([A-Za-z]{1,10})\s*=\s*([^;]*?)\s*$")
_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(?:;|$)")
# Tags of RFC 7489 that RFC 9989 took out: still met, and ignored.
_HISTORIC = frozenset({"pct", "rf", "ri"})


class Policy(StrEnum):
    """What the domain's owner asks of receivers (RFC 9989 section 4.7, `p`, `sp`, `np`)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A DMARC record. `sp` and `np` are None where the record leaves them to `p` and `sp`.

    `strict_dkim`, `strict_spf`: alignment mode. `psd` is `y`, `n` or `u`. `testing` is `t=y`. `faults` are sentences.
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
        faults.append(f"{name}={value[:40]} is none of none, quarantine, reject")
        return None


def _uris(value: str, faults: list[str]) -> tuple[str, ...]:
    found = tuple(uri.strip() for uri in value.split(",") if uri.strip())
    faults += [f"{uri[:80]} is not a mailto: address" for uri in found if not uri.lower().startswith("mailto:")]
    return found


def _tags(text: str, faults: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in text.split(";"):
        found = _TAG.fullmatch(part)
        if found is None:
            if part.strip():
                faults.append(f"not a tag: {part.strip()[:40]!r}")
            continue
        name = found[1].lower()
        if name in tags:
            faults.append(f"tag {name} stands twice")
        elif name in _HISTORIC:
            faults.append(f"tag {name} has no meaning any more (RFC 9989)")
        tags.setdefault(name, found[2])
    return tags


def parse_dmarc(text: str) -> DmarcRecord | None:
    """Read a TXT record; None if it is no DMARC record (RFC 9989 section 4.7). Never raises."""
    if not _VERSION.match(text):
        return None
    faults: list[str] = []
    tags = _tags(text, faults)
    p = _policy(tags, "p", faults)
    rua = _uris(tags.get("rua", ""), faults)
    if p is None:
        # Section 4.7: without a usable p the record counts as p=none, if at least it says where to report.
        faults.append("no usable p tag: read as p=none")
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
        ruf=_uris(tags.get("ruf", ""), faults),
        faults=tuple(faults),
    )
