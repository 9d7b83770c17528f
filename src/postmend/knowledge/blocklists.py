"""Blocklists (`blocklists.toml`): which there are, what their answers mean, which have ended."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import ParseError

FILE = compiled.HERE / "blocklists.toml"


class Blocklist(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[list]]`; the file's head says what each field means."""

    zone: str
    name: str
    kind: tuple[str, ...]
    standing: str = "minor"
    codes: dict[str, str] = {}
    harmless: dict[str, str] = {}
    refused: tuple[str, ...] = ()
    bits: bool = False
    aliases: tuple[str, ...] = ()
    lookup: str = ""
    delist: str = ""
    needs: str = ""
    no_test: bool = False
    paid: bool = False

    def meaning(self, answer: str) -> str:
        """What an answer means; an empty string for one that is not in the table."""
        last = int(answer.rpartition(".")[2])
        if self.bits:
            return ", ".join(text for bit, text in self.codes.items() if last & int(bit))
        for code, text in self.codes.items():
            head, _, end = code.partition("-")
            net, _, first = head.rpartition(".")
            if answer.rpartition(".")[0] == net and int(first) <= last <= int(end or first):
                return text
        return ""


class Lists(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    list: tuple[Blocklist, ...]
    dead: dict[str, str]


def _read() -> Lists:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Lists)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ParseError(f"{FILE.name}: {error}") from error


@cache
def blocklists() -> Lists:
    """Every list."""
    return compiled.load("blocklists", Lists, [FILE], _read)


def by_name(name: str) -> Blocklist | None:
    """The list that a reply names by zone or name; None where it is none of ours."""
    plain = " ".join(name.lower().strip(".").split())
    for each in blocklists().list:
        if plain in {each.zone, each.name.lower(), *each.aliases} or plain.endswith("." + each.zone):
            return each
    return None


def ended(zone: str) -> str:
    """Why a zone has ended, or an empty string."""
    labels = zone.lower().strip(".").split(".")
    return next((why for i in range(len(labels)) if (why := blocklists().dead.get(".".join(labels[i:])))), "")
