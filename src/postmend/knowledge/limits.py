"""Published limits (`limits.toml`): complaint and bounce rates, and recipients a day through a sending service."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError


class Rate(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[rate]]`: shares (0 to 1) above which a provider warns and acts."""

    id: str
    what: str
    who: str
    warn: float
    bad: float
    source: str
    provider: str = ""
    hosts: tuple[str, ...] = ()


class Quota(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[quota]]`: recipients a day."""

    id: str
    who: str
    hosts: tuple[str, ...]
    per_day: int
    source: str
    domains: tuple[str, ...] = ()


class Limits(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    rate: tuple[Rate, ...]
    quota: tuple[Quota, ...]


def _read() -> Limits:
    made = compiled.read("limits", Limits)
    wrong = [rate.id for rate in made.rate if not 0 < rate.warn <= rate.bad < 1]
    if wrong:
        raise ParseError(f"limits.toml: warn must be below bad, both between 0 and 1: {', '.join(wrong)}")
    return made


@cache
def limits() -> Limits:
    """Every published limit."""
    return compiled.load("limits", Limits, _read)


def quota_host(host: str) -> str:
    """The host of a sending service whose quotas apply when mail goes out through `host`, or an empty string."""
    return next((end for quota in limits().quota for end in quota.hosts if host == end or host.endswith(f".{end}")), "")


def quota_for(host: str, domain: str) -> Quota | None:
    """The quota of an account of `domain` at the sending service whose submission host is `host`."""
    fitting = [quota for quota in limits().quota if host in quota.hosts]
    named = next((quota for quota in fitting if domain in quota.domains), None)
    return named or next((quota for quota in fitting if not quota.domains), None)
