"""A DMARC record with its slips mended, and one of several, read back before it is shown (RFC 9989 section 4.7)."""

import difflib
import re

from postmend.evidence.dmarc import DmarcDiscovery
from postmend.evidence.dmarc_record import Policy, parse_dmarc
from postmend.model import RecordChange

_TAGS = ("p", "sp", "np", "adkim", "aspf", "psd", "t", "rua", "ruf", "fo")
_POLICIES = tuple(policy.value for policy in Policy)
_ADDRESS = re.compile(r"(?:mailto:/*)?([^@\s!,;:]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})(?:![0-9]+[kmgt]?)?", re.IGNORECASE)
_STRICTNESS = {Policy.NONE: 0, Policy.QUARANTINE: 1, Policy.REJECT: 2}


def _near(word: str, known: tuple[str, ...]) -> str:
    swapped = (each for each in known if sorted(each) == sorted(word.lower()))
    return next(swapped, next(iter(difflib.get_close_matches(word.lower(), known, 1, 0.65)), ""))


def _value(name: str, value: str) -> str:
    """A tag's value as it was meant; empty where nobody can tell."""
    if name in {"p", "sp", "np"}:
        return _near(value, _POLICIES)
    if name in {"rua", "ruf"}:
        found = (_ADDRESS.fullmatch(uri.strip().strip("<>\"'")) for uri in re.split(r"[,\s]+", value))
        return ",".join(f"mailto:{each[1]}" for each in found if each)
    if name in {"adkim", "aspf"}:
        return value[:1].lower() if value[:1].lower() in {"r", "s"} else ""
    return value


def mended_text(text: str) -> str:
    """The record with misspelt tags and policies corrected, addresses made mailto:, and what nobody reads left out."""
    tags: dict[str, str] = {}
    for part in re.split(r"[;\n]", text.partition(";")[2]):
        name, _, value = (piece.strip() for piece in part.partition("="))
        name = name.lower() if name.lower() in _TAGS else _near(name, ("rua", "ruf", "adkim", "aspf"))
        value = _value(name, value) if name else ""
        if value:
            tags.setdefault(name, value)
    policy = tags.pop("p", Policy.NONE.value)
    return "; ".join(["v=DMARC1", f"p={policy}", *(f"{name}={value}" for name, value in tags.items())])


def mended_record(discovery: DmarcDiscovery) -> RecordChange | None:
    """The domain's own record with its faults mended; of several the mildest, with the reports that any asks for.

    None where nothing is to be mended, or nobody can tell how.
    """
    record = discovery.record
    if record is not None and record.faults:
        read, kept = [record], record
        name, old = discovery.at, [record.text]
    elif discovery.several:
        read = [each for each in map(parse_dmarc, discovery.answers[0].records) if each is not None]
        if len(read) < 2:
            return None  # they stand at a domain above, which has its own owner
        kept = min(read, key=lambda each: _STRICTNESS[each.p])  # the mildest refuses nobody's mail by surprise
        name, old = discovery.domain, [each.text for each in read]
    else:
        return None
    new = mended_text(kept.text) if kept.faults or kept.leftovers else kept.text
    reports = next((each.rua for each in read if each.rua), ())
    if reports and not kept.rua:
        new = new.rstrip("; ") + "; rua=" + ",".join(f"mailto:{address}" for address in reports)
    again = parse_dmarc(new)
    if again is None or again.faults or again.leftovers:
        return None
    told = f"reports to {', '.join(again.rua)}" if again.rua else "no reports"
    proof = f"read back: policy {again.p}, {told}, no fault"
    return RecordChange(f"_dmarc.{name}", "TXT", "\n".join(old), new, proof)
