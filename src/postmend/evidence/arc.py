"""ARC (RFC 8617): whether the chain that forwarders sealed holds, who sealed it, and what the first one saw."""

import asyncio
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from postmend.evidence.canonical import Field, canonical_field, split_message, unsigned
from postmend.evidence.dkim import Dkim, judge_header, judge_signature
from postmend.evidence.dkim_hashes import SignedMessage
from postmend.evidence.dkim_key import KeyState, find_key
from postmend.evidence.dkim_signature import ALGORITHMS, DkimSignature, base64_tag, field_tags, signature_of
from postmend.model import Fact, Finding, ParseError
from postmend.model.counted import counted
from postmend.model.dns import Resolver

_MOST_SETS = 50  # section 4.2.1
_NAMES = ("arc-authentication-results", "arc-message-signature", "arc-seal")


class Arc(StrEnum):
    """A chain's status (section 4.4); `temperror` where a key could not be asked."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  a result, not a password
    FAIL = "fail"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class ArcResult:
    """What the chain came to. `sealers` are the domains that sealed, the first hop first.

    `first_seen` is the first hop's Authentication-Results: worth something only if every sealer is trusted.
    """

    result: Arc
    detail: str
    sealers: tuple[str, ...] = ()
    first_seen: str = ""


@dataclass(frozen=True, slots=True)
class _Set:
    """One hop's three fields."""

    results: Field
    signature: Field
    seal: Field
    tags: dict[str, str]

    @property
    def fields(self) -> tuple[Field, Field, Field]:
        return self.results, self.signature, self.seal


def _instance(field: Field) -> int:
    text = field.value.decode("utf-8", "replace")
    first = text.partition(";")[0] if field.name == _NAMES[0] else field_tags(field).get("i", "")
    digits = first.partition("=")[2].strip() if field.name == _NAMES[0] else first
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits[:4]) <= _MOST_SETS:
        raise ParseError(f"{field.name} has no instance number from 1 to {_MOST_SETS}")
    return int(digits[:4])


def _sets(fields: tuple[Field, ...]) -> list[_Set]:
    """The sets in order; raise ParseError where one is missing, twice or out of order (section 5.2, steps 1 to 3)."""
    found: dict[str, dict[int, Field]] = {name: {} for name in _NAMES}
    for field in fields:
        if field.name in found:
            number = _instance(field)
            if number in found[field.name]:
                raise ParseError(f"{field.name} stands twice for instance {number}")
            found[field.name][number] = field
    count = max((len(each) for each in found.values()), default=0)
    made: list[_Set] = []
    for number in range(1, count + 1):
        if any(number not in found[name] for name in _NAMES):
            raise ParseError(f"the set of instance {number} is not complete")
        results, signature, seal = (found[name][number] for name in _NAMES)
        made.append(_Set(results, signature, seal, field_tags(seal)))
    return made


def _verdicts(sets: list[_Set]) -> None:
    """The chain validation status that each hop sealed: none, then pass (section 5.2, steps 2 and 3)."""
    for number, each in enumerate(sets, 1):
        said = each.tags.get("cv", "").lower()
        if said == "fail":
            raise ParseError(f"hop {number} ({each.tags.get('d', '?')}) sealed that the chain was broken before it")
        if said != ("none" if number == 1 else "pass"):
            raise ParseError(f"hop {number} sealed cv={said[:10]}, where {'none' if number == 1 else 'pass'} belongs")
        if "h" in each.tags:
            raise ParseError(f"the seal of hop {number} has an h= tag")


def _seal(each: _Set) -> DkimSignature:
    tags = each.tags
    missing = [name for name in ("a", "b", "d", "s") if not tags.get(name)]
    if missing or tags["a"].lower() not in ALGORITHMS:
        raise ParseError("a seal lacks a=, b=, d= or s=, or its algorithm is not known")
    value = base64_tag(tags, "b")
    return DkimSignature(each.seal, tags["d"].lower(), tags["s"], tags["a"].lower(), (), value, b"")


def _seal_digest(sets: list[_Set], algorithm: str) -> bytes:
    """The hash of all sets up to the last, its own seal without the value (section 5.1.1)."""
    fields = [field for each in sets for field in each.fields]
    lines = [canonical_field(field, relaxed=True) + b"\r\n" for field in fields[:-1]]
    lines.append(canonical_field(unsigned(fields[-1]), relaxed=True))
    return hashlib.new(algorithm, b"".join(lines)).digest()


async def _seal_holds(resolver: Resolver, sets: list[_Set]) -> tuple[Arc, str]:
    seal = _seal(sets[-1])
    lookup = await find_key(resolver, seal.domain, seal.selector)
    whose = f"the seal of hop {len(sets)} ({seal.domain})"
    if lookup.state is KeyState.TEMPERROR:
        return Arc.TEMPERROR, f"{whose}: its key could not be asked"
    if lookup.key is None or lookup.state is not KeyState.OK or lookup.key.type != seal.key_type:
        return Arc.FAIL, f"{whose}: its key is missing or of no use"
    fault = judge_header(seal, lookup.key, _seal_digest(sets, seal.hash))
    if fault:
        return (Arc.TEMPERROR if fault[0] is Dkim.NEUTRAL else Arc.FAIL), f"{whose} does not hold: {fault[2]}"
    return Arc.PASS, ""


async def _message_holds(resolver: Resolver, check: SignedMessage, last: _Set, number: int) -> tuple[Arc, str]:
    signature = signature_of(last.signature, field_tags(last.signature))
    lookup = await find_key(resolver, signature.domain, signature.selector)
    result, _, detail = judge_signature(check, signature, lookup)
    if result is Dkim.PASS:
        return Arc.PASS, ""
    unknown = result in {Dkim.TEMPERROR, Dkim.NEUTRAL}
    return (Arc.TEMPERROR if unknown else Arc.FAIL), f"the signature of hop {number} ({signature.domain}): {detail}"


async def verify_arc(resolver: Resolver, message: bytes) -> ArcResult:
    """Validate the ARC chain of a message (section 5.2). Never raises."""
    raw = split_message(message)
    try:
        sets = _sets(raw.fields)
    except ParseError as error:
        return ArcResult(Arc.FAIL, str(error))
    if not sets:
        return ArcResult(Arc.NONE, "the message has no ARC sets")
    sealers = tuple(each.tags.get("d", "").lower() for each in sets)
    first = sets[0].results.value.partition(b";")[2].decode("utf-8", "replace")
    seen = " ".join(first.split())[:1000]
    try:
        _verdicts(sets)
        outcomes = await asyncio.gather(
            _message_holds(resolver, SignedMessage(raw), sets[-1], len(sets)),
            *(_seal_holds(resolver, sets[:n]) for n in range(len(sets), 0, -1)),
        )
    except ParseError as error:
        return ArcResult(Arc.FAIL, str(error), sealers, seen)
    for wanted in (Arc.FAIL, Arc.TEMPERROR):
        for result, detail in outcomes:
            if result is wanted:
                return ArcResult(result, detail, sealers, seen)
    return ArcResult(Arc.PASS, f"the chain holds over {counted(len(sets), 'hop')}", sealers, seen)


def arc_findings(found: ArcResult) -> tuple[Finding, ...]:
    """A Finding `arc.*`; none for a message without ARC."""
    if found.result is Arc.NONE:
        return ()
    facts = {Arc.PASS: Fact.PASS, Arc.FAIL: Fact.FAIL, Arc.TEMPERROR: Fact.TEMPERROR}
    whose = ", ".join(found.sealers) or "nobody named"
    detail = f"ARC, sealed by {whose}: {found.detail}"
    data = (("first_seen", found.first_seen), ("sealers", " ".join(found.sealers)))
    return (
        Finding("arc", f"arc.{found.result}", whose, facts[found.result], detail, source="ARC-Seal", data=data),
    )  # fmt: skip
