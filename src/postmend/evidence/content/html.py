"""An HTML part read once, into a `Page`: what is seen, what is hidden, links, pictures, and what does not belong."""

import html as entities
import re
from dataclasses import dataclass, field

from postmend.evidence.content.markup import Tag, pieces
from postmend.evidence.content.style import class_rules, effect_of, too_alike

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "frame", "keygen", "bgsound",
}  # fmt: skip
_MAY_STAY_OPEN = {"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "html", "body", "head"}
_BLOCKS = {"p", "div", "tr", "td", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "br", "blockquote", "ul", "ol"}
_UNSEEN = {"head", "style", "script", "title", "template", "noembed"}
_MOST_DEEP = 2000
_FILLER = re.compile(r"[\s\u00a0\u00ad\u034f\u061c\u200b-\u200f\u2007\u2060\ufeff\u2800͏]+")
_WHITE = (255, 255, 255)


@dataclass(slots=True)
class Link:
    """A link: where it leads, and what is shown for it."""

    target: str
    text: str = ""
    picture: bool = False


@dataclass(slots=True)
class Page:
    """What one HTML part shows. `hidden` holds pairs of the means and the text it hides."""

    seen: list[str] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    base: str = ""
    refresh: str = ""
    tags: int = 0
    deepest: int = 0

    @property
    def text(self) -> str:
        """The text that is seen, blocks on lines of their own."""
        return "".join(self.seen)


@dataclass(slots=True)
class _Open:
    name: str
    hides: str
    ink: tuple[int, int, int] | None
    paper: tuple[int, int, int] | None


def read_page(text: str) -> Page:
    """Read HTML; never raises, and takes time in proportion to its length."""
    reader = _Reader()
    raw = ""
    for piece in pieces(text):
        if isinstance(piece, Tag):
            raw = piece.name if piece.name in {"style", "script", "title"} and not piece.end else ""
            reader.tag(piece)
        elif raw == "style":
            reader.sheet(piece)
        elif raw != "script":
            reader.text(piece)
    reader.finish()
    return reader.page


class _Reader:
    """The state of one reading."""

    def __init__(self) -> None:
        self.page = Page()
        self.open: list[_Open] = []
        self.counts: dict[str, int] = {}
        self.link: Link | None = None
        self.rules: dict[str, str] = {}
        self.unseen = 0

    def sheet(self, text: str) -> None:
        self.rules.update(class_rules(text))
        self.page.sheets += re.findall(r"@import\s+(?:url\()?\s*[\"']?([^\"'\s;)]+)", text[:200_000])

    def text(self, text: str) -> None:
        if not text or self.unseen:
            return
        shown = entities.unescape(text) if "&" in text else text
        top = self.open[-1] if self.open else None
        means = top.hides if top else ""
        if not means and top and top.ink and top.paper and too_alike(top.ink, top.paper):
            means = "the colour of its background"
        if means:
            plain = _FILLER.sub(" ", shown).strip()
            if plain:
                self.page.hidden.append((means, plain))
            return
        self.page.seen.append(shown)
        if self.link is not None and len(self.link.text) < 500:
            self.link.text += shown

    def tag(self, tag: Tag) -> None:
        self.page.tags += 1
        if tag.end:
            self._close(tag.name)
            return
        attributes = tag.attributes() if tag.inside.strip(" /\n\t") else {}
        if tag.name in _BLOCKS:
            self.page.seen.append("\n")
        self._note(tag.name, attributes)
        if tag.name not in _VOID and not tag.inside.endswith("/"):
            self._push(tag.name, attributes)

    def _push(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _MOST_DEEP:
            return
        above = self.open[-1] if self.open else _Open("", "", (0, 0, 0), _WHITE)
        effect = effect_of(self._style(name, attributes))
        ink = effect.ink if effect.inked else above.ink
        paper = effect.paper if effect.papered else None if attributes.get("background") else above.paper
        means = above.hides or effect.hides or ("hidden" if "hidden" in attributes else "")
        self.open.append(_Open(name, means, ink, paper))
        self.counts[name] = self.counts.get(name, 0) + 1
        self.page.deepest = max(self.page.deepest, len(self.open))
        self.unseen += name in _UNSEEN

    def _style(self, name: str, attributes: dict[str, str]) -> str:
        """All that says how an element looks: rules, old attributes, then its style."""
        told = []
        if self.rules:
            names = (name, *(f".{each}" for each in attributes.get("class", "").split()), f"#{attributes.get('id')}")
            told = [self.rules[each] for each in names if each in self.rules]
        if "bgcolor" in attributes:
            told.append(f"background-color:{attributes['bgcolor']}")
        if name == "font" and "color" in attributes:
            told.append(f"color:{attributes['color']}")
        if "style" in attributes:
            told.append(attributes["style"])
        return ";".join(told)

    def _close(self, name: str) -> None:
        if name in _BLOCKS:
            self.page.seen.append("\n")
        if name == "a":
            self.link = None
        if not self.counts.get(name):
            if name not in _VOID and name not in _MAY_STAY_OPEN and len(self.open) < _MOST_DEEP:
                self.page.faults.append(f"</{name}> closes nothing")
            return
        while self.open:
            last = self.open.pop()
            self.counts[last.name] -= 1
            self.unseen -= last.name in _UNSEEN
            if last.name == name:
                return
            if last.name not in _MAY_STAY_OPEN:
                self.page.faults.append(f"<{last.name}> is not closed")

    def finish(self) -> None:
        self.page.faults += [f"<{each.name}> is not closed" for each in self.open if each.name not in _MAY_STAY_OPEN]

    def _note(self, name: str, attributes: dict[str, str]) -> None:
        page = self.page
        if name in {"a", "area"} and "href" in attributes:
            self.link = Link(attributes["href"].strip())
            page.links.append(self.link)
            if name == "area":
                self.link.picture, self.link = True, None
        elif name == "img":
            page.pictures.append(attributes)
            if self.link is not None:
                self.link.picture = True
        elif name == "script" and attributes.get("type", "").strip().lower() == "application/ld+json":
            pass  # data on orders and events that Gmail and others read (schema.org), not a program
        elif name in {"script", "iframe", "object", "embed", "applet", "frame", "frameset", "audio", "video", "canvas"}:
            page.active.append(f"<{name}>")
        elif name == "form":
            page.forms.append(attributes.get("action", ""))
        elif name in {"input", "textarea", "select"} and not page.forms and attributes.get("type") != "hidden":
            page.forms.append("")
        elif name == "link" and "stylesheet" in attributes.get("rel", "").lower() and attributes.get("href"):
            page.sheets.append(attributes["href"])
        elif name == "base" and attributes.get("href"):
            page.base = attributes["href"]
        elif name == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            page.refresh = attributes.get("content", "refresh")
        page.active += [f"{key}=" for key in attributes if key.startswith("on") and key[2:].isalpha() and len(key) > 4]
