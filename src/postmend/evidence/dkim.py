"""DKIM verification of a message (RFC 6376 section 6, RFC 8301, RFC 8463), with the reason why a signature fails.

The body is compared by `bh=` apart from the header, and an RSA signature gives back the digest that was signed, so
that a changed body, a changed header and a changed key are told apart. A key that could not be asked is temperror.
"""

import asyncio
import hmac
from dataclasses import dataclass
from enum import StrEnum

from postmend.evidence.canonical import Field, split_message
from postmend.evidence.dkim_guess import body_change, header_change
from postmend.evidence.dkim_hashes import SignedMessage
from postmend.evidence.dkim_key import WEAK_BITS, DkimKey, KeyLookup, KeyState, find_key
from postmend.evidence.dkim_signature import DkimSignature, field_tags, parse_signature
from postmend.evidence.public_key import ed25519_holds, signed_digest
from postmend.model import ParseError
from postmend.model.dns import Resolver

MOST_SIGNATURES = 20  # of one message; the rest is not looked at
_CLOCK_SLACK_S = 300


class Dkim(StrEnum):
    """A signature's result (RFC 8601 section 2.7.1)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  a result, not a password
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Reason(StrEnum):
    """Why a signature has its result."""

    HOLDS = "holds"
    BODY_CHANGED = "body_changed"
    HEADER_CHANGED = "header_changed"
    KEY_MISMATCH = "key_mismatch"
    HEADER_OR_KEY = "header_or_key"  # Ed25519 cannot tell them apart
    KEY_MISSING = "key_missing"
    KEY_REVOKED = "key_revoked"
    KEY_BROKEN = "key_broken"
    KEY_TYPE = "key_type"
    KEY_NOT_FOR_THIS = "key_not_for_this"
    WEAK_KEY = "weak_key"
    KEY_UNKNOWN = "key_unknown"  # not answered
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    FROM_NOT_SIGNED = "from_not_signed"
    BODY_SHORTER = "body_shorter"  # than l= says
    OLD_ALGORITHM = "old_algorithm"
    SYNTAX = "syntax"
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What came of one signature. `detail` is a clause for people; `guess` what seems to have changed the message.

    `unsigned_octets` is how much of the body lies behind `l=`. `signature` is None where it could not be read;
    `domain` and `selector` are given as far as they could.
    """

    result: Dkim
    reason: Reason
    detail: str
    domain: str = ""
    selector: str = ""
    signature: DkimSignature | None = None
    lookup: KeyLookup | None = None
    unsigned_octets: int = 0
    guess: str = ""

    @property
    def passed(self) -> bool:
        """Whether the signature holds."""
        return self.result is Dkim.PASS


Judged = tuple[Dkim, Reason, str]


def _before_the_key(signature: DkimSignature, check: SignedMessage) -> Judged | None:
    """What is wrong with a signature in itself."""
    if "from" not in signature.headers:
        return Dkim.PERMERROR, Reason.FROM_NOT_SIGNED, "it does not sign the From field (h=), so it proves nothing"
    if signature.hash == "sha1":
        return Dkim.PERMERROR, Reason.OLD_ALGORITHM, "it is made with rsa-sha1, which no longer counts (RFC 8301)"
    if signature.length is not None and signature.length > check.body_length(relaxed=signature.relaxed_body):
        return Dkim.FAIL, Reason.BODY_SHORTER, f"l={signature.length} is more than the body has: part of it is missing"
    return None


_NO_KEY = {
    KeyState.MISSING: (Dkim.PERMERROR, Reason.KEY_MISSING),
    KeyState.REVOKED: (Dkim.PERMERROR, Reason.KEY_REVOKED),
    KeyState.BROKEN: (Dkim.PERMERROR, Reason.KEY_BROKEN),
    KeyState.SEVERAL: (Dkim.PERMERROR, Reason.KEY_BROKEN),
    KeyState.TEMPERROR: (Dkim.TEMPERROR, Reason.KEY_UNKNOWN),
}


def _about_the_key(signature: DkimSignature, lookup: KeyLookup) -> Judged | None:
    """What is wrong with the key for this signature."""
    key = lookup.key
    name = f"{signature.selector}._domainkey.{signature.domain}"
    if lookup.state is not KeyState.OK or key is None:
        result, reason = _NO_KEY[lookup.state]
        return result, reason, f"its key {name} {lookup.fault or 'is revoked (p= is empty)'}"
    if key.type != signature.key_type:
        return Dkim.PERMERROR, Reason.KEY_TYPE, f"it is {signature.algorithm}, but the key {name} is k={key.type}"
    if key.rsa and key.bits < WEAK_BITS:
        detail = f"the key {name} has {key.bits} bits; below {WEAK_BITS} no signature counts (RFC 8301)"
        return Dkim.PERMERROR, Reason.WEAK_KEY, detail
    if key.hashes and signature.hash not in key.hashes:
        return Dkim.PERMERROR, Reason.KEY_NOT_FOR_THIS, f"the key {name} allows only h={':'.join(key.hashes)[:40]}"
    if key.services and "email" not in key.services:
        return Dkim.PERMERROR, Reason.KEY_NOT_FOR_THIS, f"the key {name} is not for mail (s=)"
    identity = signature.identity.rpartition("@")[2].lower() or signature.domain
    if key.strict and identity != signature.domain:
        detail = f"the key {name} says t=s, but i={signature.identity[:60]} is not in d={signature.domain} itself"
        return Dkim.PERMERROR, Reason.KEY_NOT_FOR_THIS, detail
    return None


def judge_header(signature: DkimSignature, key: DkimKey, digest: bytes) -> Judged | None:
    """Whether the signature is one of `digest`; None if it is."""
    if key.rsa is None:
        holds = ed25519_holds(key.ed25519, signature.value, digest)
        if holds is None:
            detail = "Ed25519 is not known here: pip install 'postmend[crypto]'"
            return Dkim.NEUTRAL, Reason.NOT_SUPPORTED, detail
        detail = "a signed header field was changed on the way, or the key in DNS is not the one that signed"
        return None if holds else (Dkim.FAIL, Reason.HEADER_OR_KEY, detail)
    signed = signed_digest(key.rsa, signature.value, signature.hash)
    if signed is None:
        name = f"{signature.selector}._domainkey.{signature.domain}"
        detail = f"the key {name} in DNS is not the one that signed"
        return Dkim.FAIL, Reason.KEY_MISMATCH, detail
    if not hmac.compare_digest(signed, digest):
        return Dkim.FAIL, Reason.HEADER_CHANGED, "a signed header field was changed on the way; the body is as it was"
    return None


def _times(signature: DkimSignature, now_s: int) -> Judged | None:
    if now_s and signature.expires_at_s is not None and signature.expires_at_s < now_s:
        return Dkim.PERMERROR, Reason.EXPIRED, f"it expired {_span(now_s - signature.expires_at_s)} ago (x=)"
    if now_s and signature.signed_at_s is not None and signature.signed_at_s > now_s + _CLOCK_SLACK_S:
        ahead = _span(signature.signed_at_s - now_s)
        return Dkim.PERMERROR, Reason.FROM_THE_FUTURE, f"it was made {ahead} in the future (t=): a clock is wrong"
    return None


def _span(seconds: int) -> str:
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {name}"
    return f"{seconds} seconds"


def judge_signature(check: SignedMessage, signature: DkimSignature, lookup: KeyLookup) -> Judged:
    """Verify one signature against the key that was found (RFC 6376 section 6.1.3)."""
    fault = _before_the_key(signature, check) or _about_the_key(signature, lookup)
    if fault:
        return fault
    assert lookup.key is not None
    header = judge_header(signature, lookup.key, check.header_digest(signature))
    if not check.body_fits(signature) and not (header and header[1] is Reason.NOT_SUPPORTED):
        too = {
            None: "; the header is as it was",
            Reason.HEADER_CHANGED: ", and so was a signed header field",
            Reason.KEY_MISMATCH: ", and the key in DNS is not the one that signed",
        }.get(header[1] if header else None, "")
        return Dkim.FAIL, Reason.BODY_CHANGED, f"the body was changed after signing{too}"
    if header:
        return header
    return _times(signature, check.now_s) or (Dkim.PASS, Reason.HOLDS, "it holds")


def _broken(field: Field, error: ParseError) -> DkimResult:
    try:
        tags = field_tags(field)
    except ParseError:
        tags = {}
    return DkimResult(
        Dkim.PERMERROR,
        Reason.SYNTAX,
        f"it is not in order: {error}",
        tags.get("d", "").lower()[:255],
        tags.get("s", "")[:63],
    )


async def _verify_one(resolver: Resolver, check: SignedMessage, field: Field) -> DkimResult:
    try:
        signature = parse_signature(field)
    except ParseError as error:
        return _broken(field, error)
    lookup = await find_key(resolver, signature.domain, signature.selector)
    result, reason, detail = judge_signature(check, signature, lookup)
    behind = 0
    if signature.length is not None:
        behind = max(0, check.body_length(relaxed=signature.relaxed_body) - signature.length)
    guess = ""
    if reason is Reason.BODY_CHANGED:
        guess = body_change(check, signature)
    elif reason is Reason.HEADER_CHANGED and lookup.key:
        guess = header_change(check, signature, lookup.key)
    return DkimResult(result, reason, detail, signature.domain, signature.selector, signature, lookup, behind, guess)


async def verify_dkim(resolver: Resolver, message: bytes, now_s: int = 0) -> tuple[DkimResult, ...]:
    """Verify every DKIM signature of a message, from the top; none gives an empty tuple. Never raises.

    `message` is the whole of it as received, with CRLF or LF; `now_s` is the time in seconds since 1970, by which
    `x=` and `t=` are judged (0: they are not). At most 20 signatures are looked at.
    """
    check = SignedMessage(split_message(message), now_s)
    fields = check.message.named("dkim-signature")[:MOST_SIGNATURES]
    return tuple(await asyncio.gather(*(_verify_one(resolver, check, field) for field in fields)))
