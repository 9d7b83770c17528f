"""Blocklists (`blocklists.toml`): which there are, what their answers mean and point at, which have ended."""

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

KINDS = ("ip4", "ip6", "domain")
STANDINGS = ("major", "minor", "hint")


class Blocklist(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[list]]`; the file's head says what each field means."""

    zone: str
    name: str = ""
    kind: tuple[str, ...] = ("ip4",)
    use: str = "block"
    standing: str = "minor"
    codes: dict[str, str] = {}
    harmless: dict[str, str] = {}
    suggests: dict[str, str] = {}
    refused: tuple[str, ...] = ()
    bits: bool = False
    aliases: tuple[str, ...] = ()
    lookup: str = ""
    delist: str = ""
    removal: str = ""
    needs: str = ""
    test: str = ""
    no_test: bool = False
    key: bool = False
    paid: bool = False

    def meaning(self, answer: str) -> str:
        """What an answer means; an empty string for one that is not in the table."""
        if self.bits:
            last = int(answer.rpartition(".")[2])
            return ", ".join(text for bit, text in self.codes.items() if last & int(bit))
        return _first(self.codes, answer)

    def points_at(self, answer: str) -> str:
        """What an answer suggests as the reason: a name in `Lists.advice`, or an empty string."""
        return self.suggests.get("*") or _first(self.suggests, answer)


def _first(table: Mapping[str, str], answer: str) -> str:
    return next((text for pattern, text in table.items() if _fits(pattern, answer)), "")


def _fits(pattern: str, answer: str) -> bool:
    """Whether an address fits a pattern of octets: a number, a range `a-b`, or `*`."""
    for wanted, octet in zip(pattern.split("."), answer.split("."), strict=False):
        low, _, high = wanted.partition("-")
        if wanted != "*" and not int(low) <= int(octet) <= int(high or low):
            return False
    return True


class Lists(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    list: tuple[Blocklist, ...]
    advice: dict[str, str]
    dead: dict[str, str]


@cache
def blocklists() -> Lists:
    """Every list."""
    return compiled.table("blocklists", Lists)


def check_blocklist(each: Blocklist) -> Blocklist:
    """Return a list that a user defined, with its name filled in; raise ParseError saying what is wrong with it."""
    zone = each.zone.strip(".").lower()
    wrong = (
        (not zone or "." not in zone, "zone: a DNS zone is expected"),
        (not set(each.kind) or set(each.kind) - set(KINDS), f"kind: {', '.join(KINDS)} are the kinds"),
        (each.standing not in STANDINGS, f"standing: one of {', '.join(STANDINGS)}"),
        (each.use not in {"block", "allow", "score"}, "use: one of block, allow, score"),
        (
            not all(_is_pattern(code, bits=each.bits) for code in each.codes),
            "codes: 127.0.0.2, 127.0.0.4-7 or 127.0.*.1",
        ),
    )
    for fault, says in wrong:
        if fault:
            raise ParseError(f"blocklist {each.zone[:80]!r}: {says}")
    return msgspec.structs.replace(each, zone=zone, name=each.name or zone)


def _is_pattern(text: str, *, bits: bool) -> bool:
    if bits:
        return text.isdigit() and int(text) < 256
    octets = text.split(".")
    return len(octets) == 4 and all(
        octet == "*" or all(part.isdigit() and int(part) < 256 for part in octet.split("-", 1)) for octet in octets
    )


def chosen(
    own: Iterable[Blocklist] = (), skip: Iterable[str] = (), keys: Mapping[str, str] | None = None
) -> tuple[Blocklist, ...]:
    """The lists to ask: the user's own first, then those of the file that are not skipped (`*` skips all of them).

    Lists that want a key are left out where `keys` has none for their zone.
    """
    mine = {each.zone: each for each in own}
    left_out = set(skip)
    file = () if "*" in left_out else blocklists().list
    known = [each for each in file if each.zone not in left_out and each.zone not in mine]
    return (*mine.values(), *(each for each in known if not each.key or each.zone in (keys or {})))


def by_name(name: str, lists: Iterable[Blocklist] | None = None) -> Blocklist | None:
    """The list that a reply names by zone or name; None where it is none of ours."""
    plain = " ".join(name.lower().strip(".").split())
    spaced = plain.replace("-", " ")  # `UCEPROTECT-Level 3`
    for each in blocklists().list if lists is None else lists:
        if plain in {each.zone, *each.aliases} or spaced == each.name.lower().replace("-", " "):
            return each
        if plain.endswith("." + each.zone):
            return each
    return None


def ended(zone: str) -> str:
    """Why a zone has ended, or an empty string."""
    labels = zone.lower().strip(".").split(".")
    return next((why for i in range(len(labels)) if (why := blocklists().dead.get(".".join(labels[i:])))), "")
