"""Which DKIM keys a domain has: those named, and those found under selectors that providers use.

DNS does not list selectors, but `_domainkey` itself tells something: where even that name does not exist (NXDOMAIN)
there is no key at all (RFC 8020), where it does (NOERROR) there are some.
"""

import asyncio
from dataclasses import dataclass

from postmend.evidence.dkim_key import KeyLookup, KeyState, find_key, key_findings
from postmend.model import Cause, Fact, Finding
from postmend.model.dns import Answer, Rcode, Resolver

_NOBODY = "no-such-selector-of-postmend"
_USABLE = {KeyState.OK, KeyState.TEMPERROR}
_GONE = {KeyState.MISSING, KeyState.TEMPERROR}


@dataclass(frozen=True, slots=True)
class DomainKeys:
    """The keys of a domain: `named` were asked for by name, `guessed` were found; `top` is what _domainkey said."""

    named: tuple[KeyLookup, ...]
    guessed: tuple[KeyLookup, ...]
    top: Answer
    wildcard: bool = False


async def find_keys(resolver: Resolver, domain: str, named: tuple[str, ...], tried: tuple[str, ...]) -> DomainKeys:
    """Look up the keys of the selectors `named`, and of those in `tried` that exist."""
    top = await resolver.query(f"_domainkey.{domain}", "TXT")
    found = await asyncio.gather(*(find_key(resolver, domain, selector) for selector in (*named, _NOBODY)))
    wildcard = found[-1].state not in {KeyState.MISSING, KeyState.TEMPERROR}
    guessed: tuple[KeyLookup, ...] = ()
    if not wildcard and not top.failed:
        others = [find_key(resolver, domain, each) for each in tried if each not in named]
        guessed = tuple(each for each in await asyncio.gather(*others) if each.state not in _GONE)
    return DomainKeys(tuple(found[:-1]), guessed, top, wildcard)


def _finding(keys: DomainKeys, domain: str, ident: str, result: Fact, detail: str) -> Finding:
    record = f"{keys.top.name} TXT {keys.top.rcode}"
    supports = (Cause.UNAUTHENTICATED_SENDER,) if result is Fact.FAIL else ()
    return Finding(
        "dkim_key", f"dkim_key.{ident}", domain, result, detail, supports, (), record, record, keys.top.asked_at
    )  # fmt: skip


def keys_findings(keys: DomainKeys, domain: str) -> tuple[Finding, ...]:
    """Findings `dkim_key.*`. A key that was only guessed and does not work harms nobody."""
    made = [finding for each in keys.named for finding in key_findings(each)]
    for each in keys.guessed:
        if each.state is KeyState.OK:
            made += key_findings(each)
    usable = any(each.state in _USABLE for each in (*keys.named, *keys.guessed))
    if usable or made:
        return tuple(made)
    if keys.top.failed:
        detail = f"whether {domain} has DKIM keys could not be asked ({keys.top.rcode}): not known"
        return (_finding(keys, domain, "temperror", Fact.TEMPERROR, detail),)
    if keys.top.rcode is Rcode.NXDOMAIN and not keys.guessed:
        detail = f"{domain} has no DKIM key at all (_domainkey.{domain} does not exist): its mail is not signed by it"
        return (_finding(keys, domain, "none_at_all", Fact.FAIL, detail),)
    why = "every selector has an answer there (a wildcard)" if keys.wildcard else "none of the usual selectors is one"
    if keys.guessed:
        why = f"those found are revoked or broken: {', '.join(each.selector for each in keys.guessed[:4])}"
    detail = f"{domain} seems to have DKIM keys, but {why}: name one with --selector, or give a message with --message"
    return (_finding(keys, domain, "selector_unknown", Fact.NOT_ASKED, detail),)
