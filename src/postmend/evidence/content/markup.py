"""HTML into tags and texts: a scanner of our own, linear in its input whatever that is.

Unclosed tags, quotes and comments cost it one look at what follows, not one from each place, as they cost html.parser
(`bench/score.py` measures both: on good HTML html.parser is faster, on tags that never close it takes minutes).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_MOST_TAGS = 50_000
_LONG = 1000  # attributes longer than this are not remembered
# A tag with its quotes balanced; possessive, so that it never tries twice.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_LOOSE = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_ATTRIBUTE = re.compile(r"([^\s=/>\"']++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++)))?")
_RAW = {"style", "script", "textarea", "title", "xmp", "noembed"}


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag, its name in lower case, its attributes undecoded until asked for."""

    name: str
    end: bool
    inside: str

    def attributes(self) -> dict[str, str]:
        """Names in lower case, the first of each counts, entities decoded; not to be written to."""
        return _attributes(self.inside) if len(self.inside) < _LONG else _attributes.__wrapped__(self.inside[:65536])


@lru_cache(4096)
def _attributes(inside: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(inside):
        value = double or single or bare
        made.setdefault(name.lower(), html.unescape(value) if "&" in value else value)
    return made


Piece = Tag | str


def pieces(text: str) -> Iterator[Piece]:
    """Tags and the texts between them, in order; comments and declarations are left out.

    What stands inside style and script comes as one text. After the first quote that is never closed, quotes no
    longer count, as browsers that recover do; after 50,000 tags the rest is left out.
    """
    at, size, tags = 0, len(text), 0
    pattern = _TAG
    while at < size and tags < _MOST_TAGS:
        start = text.find("<", at)
        if start < 0:
            yield text[at:]
            return
        if start > at:
            yield text[at:start]
        if text.startswith("<!", start) or text.startswith("<?", start):
            at = _after_comment(text, start)
            continue
        found = pattern.match(text, start)
        if found is None and pattern is _TAG:
            found = _LOOSE.match(text, start)
            if found is not None:
                pattern = _LOOSE
        if found is None:
            if text.find(">", start) < 0:  # no tag can end any more
                yield text[start:]
                return
            yield "<"
            at = start + 1
            continue
        tags += 1
        at = found.end()
        tag = Tag(found[2].lower(), bool(found[1]), found[3])
        yield tag
        if tag.name in _RAW and not tag.end:
            end = _end_of(text, tag.name, at)
            yield text[at:end]
            at = end


def _after_comment(text: str, start: int) -> int:
    mark, skip = ("-->", 3) if text.startswith("<!--", start) else (">", 1)
    end = text.find(mark, start + 2)
    return end + skip if end >= 0 else len(text)


def _end_of(text: str, name: str, at: int) -> int:
    found = re.compile(rf"</{name}\b", re.IGNORECASE).search(text, at)
    return found.start() if found else len(text)
