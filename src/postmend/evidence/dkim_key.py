"""DKIM keys in DNS (RFC 6376 section 3.6.1, RFC 8463, RFC 8301): found, read, and what is wrong with them."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from postmend.evidence.public_key import RsaKey, read_rsa
from postmend.evidence.tags import parse_tags, squeezed
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dns import Answer, Rcode, Resolver

WEAK_BITS, SHORT_BITS = 1024, 2048  # RFC 8301 section 3.2: below the first never valid, below the second not advised
_ED25519_OCTETS = 32


class KeyState(StrEnum):
    """What a lookup of a key came to."""

    OK = "ok"
    MISSING = "missing"
    REVOKED = "revoked"
    BROKEN = "broken"
    SEVERAL = "several"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key record as published: `rsa` is set for `k=rsa`, `ed25519` for `k=ed25519`; empty tuples mean "any"."""

    text: str
    type: str
    rsa: RsaKey | None = None
    ed25519: bytes = b""
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    testing: bool = False
    strict: bool = False
    revoked: bool = False

    @property
    def bits(self) -> int:
        """The key's length; 0 for a revoked one."""
        return self.rsa.bits if self.rsa else 8 * len(self.ed25519)


@dataclass(frozen=True, slots=True)
class KeyLookup:
    """The key of a selector, or why there is none; `fault` is one sentence without a full stop."""

    selector: str
    domain: str
    state: KeyState
    answer: Answer
    key: DkimKey | None = None
    fault: str = ""


def _colons(value: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in value.split(":") if part.strip())


def parse_key(text: str) -> DkimKey:
    """Read a key record; raise ParseError saying what is wrong with it (RFC 6376 section 3.6.1)."""
    if "\\;" in text:
        raise ParseError("a backslash stands before the semicolons: it belongs in zone files only, not in a DNS panel")
    tags = parse_tags(text.strip().strip('"'))
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise ParseError("v=DKIM1 must be the first tag, in these very letters")
    if "p" not in tags:
        raise ParseError("there is no p= tag, the key itself")
    kind, flags = tags.get("k", "rsa").lower(), _colons(tags.get("t", ""))
    common = {
        "hashes": _colons(tags.get("h", "")), "services": tuple(s for s in _colons(tags.get("s", "*")) if s != "*"),
        "testing": "y" in flags, "strict": "s" in flags,
    }  # fmt: skip
    packed = squeezed(tags["p"])
    if not packed:
        return DkimKey(text, kind, revoked=True, **common)  # type: ignore[arg-type]
    try:
        raw = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError(f"p= is no base64 ({_base64_fault(packed)})") from error
    if kind == "rsa":
        return DkimKey(text, kind, read_rsa(raw), **common)  # type: ignore[arg-type]
    if kind == "ed25519":
        if len(raw) != _ED25519_OCTETS:
            raise ParseError(f"an Ed25519 key has 32 octets and no DER around it (RFC 8463); this has {len(raw)}")
        return DkimKey(text, kind, None, raw, **common)  # type: ignore[arg-type]
    raise ParseError(f"k={kind[:20]} is no kind of key that anybody verifies")


def _base64_fault(packed: str) -> str:
    strange = next((c for c in packed if not (c.isascii() and (c.isalnum() or c in "+/="))), "")
    return f"it holds {strange!r}" if strange else "characters are missing at its end"


def _looks_like_key(text: str) -> bool:
    return "p=" in text.replace(" ", "") or text.strip().strip('"').lower().startswith("v=dkim1")


async def find_key(resolver: Resolver, domain: str, selector: str) -> KeyLookup:
    """Look up the key of `selector` at `domain` (RFC 6376 section 3.6.2)."""
    answer = await resolver.query(f"{selector}._domainkey.{domain}", "TXT")
    if answer.rcode is Rcode.NOT_A_NAME:
        return KeyLookup(selector, domain, KeyState.BROKEN, answer, fault="it is no name that DNS could hold")
    if answer.failed:
        return KeyLookup(selector, domain, KeyState.TEMPERROR, answer, fault=f"no answer ({answer.rcode})")
    texts = [text for text in answer.records if _looks_like_key(text)]
    if not texts:
        fault = "the name has other TXT records, but no key" if answer.records else "there is no such record"
        return KeyLookup(selector, domain, KeyState.MISSING, answer, fault=fault)
    if len(texts) > 1:
        fault = f"{len(texts)} key records stand there; which one counts is undefined (section 3.6.2.2)"
        return KeyLookup(selector, domain, KeyState.SEVERAL, answer, fault=fault)
    try:
        key = parse_key(texts[0])
    except ParseError as error:
        return KeyLookup(selector, domain, KeyState.BROKEN, answer, fault=str(error))
    return KeyLookup(selector, domain, KeyState.REVOKED if key.revoked else KeyState.OK, answer, key)


def key_findings(found: KeyLookup) -> tuple[Finding, ...]:
    """Findings `dkim_key.*` on one key, the verdict on the whole first."""
    name = f"the DKIM key {found.selector} of {found.domain}"
    key = found.key
    if found.state is KeyState.TEMPERROR:
        return (_finding(found, "temperror", Fact.TEMPERROR, f"{name} could not be asked: {found.fault}: not known"),)
    if found.state is KeyState.REVOKED:
        return (_finding(found, "revoked", Fact.FAIL, f"{name} is revoked (p= is empty): what it signed fails"),)
    if key is None:
        result = Fact.PERMERROR if found.state in {KeyState.BROKEN, KeyState.SEVERAL} else Fact.FAIL
        return (_finding(found, found.state, result, f"{name} is of no use: {found.fault}"),)
    told = f"{key.type}, {key.bits} bits" if key.rsa else key.type
    if key.rsa and key.bits < WEAK_BITS:
        detail = f"{name} has {key.bits} bits; below {WEAK_BITS} no signature counts (RFC 8301 section 3.2)"
        return (_finding(found, "weak", Fact.FAIL, detail),)
    made = [_finding(found, "ok", Fact.PASS, f"{name} is in order ({told})")]
    if key.rsa and key.bits < SHORT_BITS:
        detail = f"{name} has {key.bits} bits; {SHORT_BITS} are advised (RFC 8301 section 3.2)"
        made.append(_finding(found, "short", Fact.NONE, detail))
    if key.testing:
        detail = f"{name} says t=y, still testing: receivers may treat its signatures as none"
        made.append(_finding(found, "testing", Fact.NONE, detail))
    if key.services and "email" not in key.services:
        detail = f"{name} is not for mail (s={':'.join(key.services)[:40]})"
        made.append(_finding(found, "not_for_mail", Fact.FAIL, detail))
    return tuple(made)


def _finding(found: KeyLookup, ident: str, result: Fact, detail: str) -> Finding:
    answer = found.answer
    bad = result in {Fact.FAIL, Fact.PERMERROR}
    text = found.key.text if found.key else " / ".join(answer.records[:3])
    data = {"selector": found.selector, "domain": found.domain, "bits": str(found.key.bits) if found.key else ""}
    return Finding(
        check="dkim_key",
        id=f"dkim_key.{ident}",
        subject=found.domain,
        result=result,
        detail=detail,
        supports=(Cause.DKIM_FAIL,) if bad else (),
        source=f"{answer.name} TXT",
        record=f'{answer.name} TXT "{text}"' if text else f"{answer.name} TXT {answer.rcode}",
        asked_at=answer.asked_at,
        data=tuple(sorted((k, v) for k, v in data.items() if v)),
    )


async def check_dkim_key(resolver: Resolver, domain: str, selector: str) -> tuple[Finding, ...]:
    """Check the key of one selector; findings `dkim_key.*`."""
    return key_findings(await find_key(resolver, domain, selector))
