"""An HTML part read once, into a `Page`: what is seen, what is hidden, links, pictures, and what does not belong."""

import html as entities
import re
from dataclasses import dataclass

from postmend.evidence.content.markup import Tag, pieces
from postmend.evidence.content.page import OWN_COLOUR, Hidden, Link, Page
from postmend.evidence.content.sheet import Sheet
from postmend.evidence.content.style import effect_of, too_alike

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "frame", "keygen", "bgsound",
}  # fmt: skip
_MAY_STAY_OPEN = {"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "html", "body", "head"}
_BLOCKS = {"p", "div", "tr", "td", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "br", "blockquote", "ul", "ol"}
_UNSEEN = {"head", "style", "script", "title", "template", "noembed"}
_QUOTED = {"code", "pre", "kbd", "samp", "tt", "blockquote"}
# What mail programs put around a mail that is answered or forwarded, and the letters of its head: From, Date, Subject.
_QUOTES = {
    ".gmail_quote", ".moz-cite-prefix", ".moz-forward-container", ".yahoo_quoted", ".protonmail_quote",
    ".OutlookMessageHeader", "#divRplyFwdMsg", "#appendonsend", "#replySplit",
}  # fmt: skip
_QUOTE_HEAD = 240
_MOST_DEEP = 2000
_FILLER = re.compile(r"[\s\u00a0\u00ad\u034f\u061c\u200b-\u200f\u2007\u2060\ufeff\u2800͏]+")
_WHITE = (255, 255, 255)


@dataclass(slots=True)
class _Open:
    name: str
    names: tuple[str, ...]
    hides: str
    small: str
    ink: tuple[int, int, int] | None
    paper: tuple[int, int, int] | None


def _names(attributes: dict[str, str]) -> tuple[str, ...]:
    """What a style sheet calls an element by."""
    if "class" not in attributes and "id" not in attributes:
        return ()
    return (*(f".{each}" for each in attributes.get("class", "").split()), f"#{attributes.get('id')}")


def _hides(name: str, attributes: dict[str, str], hides: str) -> str:
    """The declaration that hides an element."""
    if name == "a" and hides.startswith("mso-hide"):
        return ""  # Outlook gets a button of its own, in a comment
    return hides or ("hidden" if "hidden" in attributes else "")


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
        self.counts: dict[str, int] = {}  # of open elements, by all that a style sheet calls them by
        self.link: Link | None = None
        self.sheets = Sheet()
        self.unseen = 0
        self.quoted = 0
        self.letters = 0
        self.begun = 0  # letters read before the mail, or the quotation, began
        self.hidden: list[tuple[str, str, int, int]] = []

    def sheet(self, text: str) -> None:
        self.sheets.read(text)
        self.page.sheets += re.findall(r"@import\s+(?:url\()?\s*[\"']?([^\"'\s;)]+)", text[:200_000])

    def text(self, text: str) -> None:
        if not text or self.unseen:
            return
        if text.isspace():
            self._show(text)
            return
        shown = entities.unescape(text) if "&" in text else text
        top = self.open[-1] if self.open else None
        means = (top.hides or top.small) if top else ""
        if not means and top and top.ink and top.paper and too_alike(top.ink, top.paper):
            means = OWN_COLOUR
        if means:
            plain = _FILLER.sub(" ", shown).strip()
            if plain:
                self.hidden.append((means, plain, self.letters - self.begun, self.letters))
            return
        self.letters += len(_FILLER.sub("", shown))
        self._show(shown)

    def _show(self, shown: str) -> None:
        self.page.seen.append(shown)
        if not self.quoted:
            self.page.prose.append(shown)
        if self.link is not None and len(self.link.text) < 500:
            self.link.text += shown

    def _break(self, name: str) -> None:
        if name in _BLOCKS:
            self.page.seen.append("\n")
            self.page.prose.append("\n")

    def tag(self, tag: Tag) -> None:
        self.page.tags += 1
        if tag.end:
            self._close(tag.name)
            return
        attributes = tag.attributes() if tag.inside.strip(" /\n\t") else {}
        self._break(tag.name)
        self._note(tag.name, attributes)
        if tag.name not in _VOID and not tag.inside.endswith("/"):
            self._push(tag.name, attributes)

    def _push(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _MOST_DEEP:
            return
        above = self.open[-1] if self.open else _Open("", (), "", "", (0, 0, 0), _WHITE)
        names = _names(attributes)
        effect = effect_of(self._style((name, *names), attributes))
        paper = effect.paper if effect.papered else None if attributes.get("background") else above.paper
        ink = effect.ink if effect.inked else paper if effect.clear else above.ink
        layout = not self.sheets.layout.isdisjoint(names)  # hidden on some screens only
        means = above.hides or ("" if layout else _hides(name, attributes, effect.hides))
        small = above.small if layout or effect.small is None else effect.small
        self.open.append(_Open(name, names, means, small, ink, paper))
        if name == "blockquote" or not _QUOTES.isdisjoint(names):
            self.begun = self.letters + _QUOTE_HEAD  # a mail that is quoted begins anew, with its own preview line
        for key in (name, *names):
            self.counts[key] = self.counts.get(key, 0) + 1
        self.page.deepest = max(self.page.deepest, len(self.open))
        self.unseen += name in _UNSEEN
        self.quoted += name in _QUOTED

    def _style(self, keys: tuple[str, ...], attributes: dict[str, str]) -> str:
        """All that says how an element looks: rules, old attributes, then its style."""
        told = self.sheets.said_of(keys, self.counts)
        if "bgcolor" in attributes:
            told.append(f"background-color:{attributes['bgcolor']}")
        if keys[0] == "font" and "color" in attributes:
            told.append(f"color:{attributes['color']}")
        if "style" in attributes:
            told.append(attributes["style"])
        return ";".join(told)

    def _close(self, name: str) -> None:
        self._break(name)
        if name == "a":
            self.link = None
        if not self.counts.get(name):
            if name not in _VOID and name not in _MAY_STAY_OPEN and len(self.open) < _MOST_DEEP:
                self.page.faults.append(f"</{name}> closes nothing")
            return
        while self.open:
            last = self.open.pop()
            for key in (last.name, *last.names):
                self.counts[key] -= 1
            self.unseen -= last.name in _UNSEEN
            self.quoted -= last.name in _QUOTED
            if last.name == name:
                return
            if last.name not in _MAY_STAY_OPEN:
                self.page.faults.append(f"<{last.name}> is not closed")

    def finish(self) -> None:
        self.page.faults += [f"<{each.name}> is not closed" for each in self.open if each.name not in _MAY_STAY_OPEN]
        self.page.hidden = [Hidden(means, text, before, self.letters - at) for means, text, before, at in self.hidden]

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
