"""Style sheets as far as hidden text needs them: which classes, ids and elements they hide or colour. No cascade."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from postmend.evidence.content.style import effect_of, without_comments

_SELECTOR = re.compile(r"(?:[a-zA-Z]\w*)?([.#][\w-]+)|([a-zA-Z]\w*)")
_BY_CLASS = re.compile(r"\[class[~|^$*]?=[\"']?([\w-]+)")
_MOST_OCTETS = 200_000
_MOST_INNER = 30  # a key: each is looked at for each element called so


@dataclass(slots=True)
class Sheet:
    """What style sheets say. Keys are `.class`, `#id` or the name of an element.

    `rules` holds declarations; `inner` those that hide what stands inside others (`.note span`): the keys of all
    that it must stand in, and the declarations. `layout` are the keys that an @media rule shows again or hides on
    small screens: what else is said of them does not count.
    """

    rules: dict[str, str] = field(default_factory=dict)
    inner: dict[str, list[tuple[frozenset[str], str]]] = field(default_factory=dict)
    layout: set[str] = field(default_factory=set)

    def read(self, text: str) -> None:
        """Add what one sheet says."""
        outside, inside = _split_media(without_comments(text[:_MOST_OCTETS]).replace("<!--", "").replace("-->", ""))
        self.layout.update(re.findall(r"[.#][\w-]+", inside), (f".{name}" for name in _BY_CLASS.findall(inside)))
        for rule in outside.split("}"):
            selectors, _, body = rule.rpartition("{")
            for selector in selectors[-2000:].split(","):
                self._add(selector.replace(">", " ").split(), body[:2000])

    def _add(self, selector: list[str], body: str) -> None:
        found = [_SELECTOR.fullmatch(each) for each in selector[:9]]
        keys = [each[1] or each[2].lower() for each in found if each]
        if not keys or len(keys) < len(selector) or keys[-1] in self.layout:
            return
        *around, key = keys
        if not around:
            self.rules[key] = f"{self.rules.get(key, '')};{body}"[-8000:]
        elif _hides(body) and len(self.inner.get(key, ())) < _MOST_INNER:
            self.inner.setdefault(key, []).append((frozenset(around), body))

    def said_of(self, keys: tuple[str, ...], around: Mapping[str, int]) -> list[str]:
        """The declarations for an element that is called by `keys`; `around` counts the keys of those it stands in."""
        told = [self.rules[key] for key in keys if key in self.rules]
        if self.inner:
            near = (each for key in keys for each in self.inner.get(key, ()))
            told += [body for need, body in near if all(around.get(key) for key in need)][:1]
        return told


def _hides(body: str) -> bool:
    effect = effect_of(body)
    return bool(effect.hides or effect.small or effect.clear)


def _split_media(sheet: str) -> tuple[str, str]:
    """What stands outside and what inside @ blocks."""
    outside, inside, at = "", "", 0
    while (start := sheet.find("@", at)) >= 0:
        outside += sheet[at:start]
        opening = re.compile(r"[{;]").search(sheet, start)
        if opening is None:
            return outside, inside
        at = opening.end()
        if opening[0] == "{":
            end = _end_of_block(sheet, at)
            inside += sheet[at:end]
            at = end
    return outside + sheet[at:], inside


def _end_of_block(sheet: str, at: int) -> int:
    depth = 1
    for found in re.compile(r"[{}]").finditer(sheet, at):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return found.end()
    return len(sheet)
