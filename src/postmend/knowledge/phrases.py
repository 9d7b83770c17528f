"""The small language that reply rules are written in, turned into a pattern and the words it needs.

    mailbox (is|was|) full          words in order; `(a|b|)` any of these, an empty one makes it optional
    user .. unknown                 up to 60 characters between
    quota exceed*                   any ending
    <addr> <ip> <host> <num>        a mail address, an IP address, a host name, a number

A phrase matches whole words only. It is folded like the reply (`words.fold`), so case, quotes, commas,
hyphens and accents do not matter. Fails with ParseError, at the time the book is compiled.
"""

import re
from dataclasses import dataclass

from postmend.knowledge.words import STOP, WIDE, fold
from postmend.model.errors import ParseError

# Edges of words. Scripts written without spaces have none, and `fold` keeps them apart from the others. The start
# of a whole phrase is checked by `search`: a pattern that begins with its own letters is found several times as
# fast. No class of far-off characters here: `re` takes a millisecond to compile each.
_START, _END = r"\b", r"(?!\w)"
_GAP = rf"[^{STOP}]{{0,60}}?"
_ITEM = re.compile(r"\([^()]*\)|[^\s()]+")
_STAR, _NUM, _HOST = "\ue000", "\ue001", "\ue002"  # private characters: what `fold` would drop
# A stem of this many letters is worth indexing: `reject*` is found by it, `no*` is not.
STEM_HEAD = 4
_STEM = re.compile(rf"[^\W\d]{{{STEM_HEAD},}}{_STAR}")
_SIGNS = {_STAR: r"\w*", _NUM: r"\d[\d.,]*", _HOST: r"[\w-]+(?:\.[\w-]+)+"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase: `pattern` for `re`, and groups of words of which each must be there (any of a group)."""

    pattern: str
    needs: tuple[tuple[str, ...], ...]


def _fold_item(text: str) -> str:
    return fold(text.replace("*", _STAR).replace("<num>", _NUM).replace("<host>", _HOST))


def _pattern(folded: str) -> str:
    pattern = re.escape(folded).replace(r"\ ", " ")
    for sign, meaning in _SIGNS.items():
        pattern = pattern.replace(sign, meaning)
    return pattern


def _indexable(folded: str) -> list[str]:
    """The words of a folded piece, stems as `reject*`; scripts without spaces are found by pairs of characters."""
    found = []
    for word in re.findall(rf"[\w{_STAR}{_NUM}{_HOST}]+", folded):
        if WIDE.search(word):
            found += [run[i : i + 2] for run in WIDE.findall(word) for i in range(len(run) - 1)]
        elif _SIGNS.keys().isdisjoint(word):
            found.append(word)
        elif _STEM.fullmatch(word):
            found.append(word.replace(_STAR, "*"))
    return found


def _alternatives(item: str) -> tuple[str, list[tuple[str, ...]], bool]:
    """Pattern, needs and whether it may be missing, of `(a|b c|)`."""
    folded = [_fold_item(each) for each in item[1:-1].split("|")]
    full = list(dict.fromkeys(each for each in folded if each))
    optional = "" in folded
    words = [_indexable(each) for each in full]
    needs = [] if optional or not all(words) else [tuple(dict.fromkeys(max(w, key=len) for w in words))]
    return "(?:" + "|".join(_pattern(each) for each in full) + ")", needs, optional


def search(pattern: re.Pattern[str], folded: str) -> re.Match[str] | None:
    """Find a phrase where it begins a word (anywhere, if it begins in a script without spaces)."""
    found = pattern.search(folded)
    while found is not None:
        start = found.start()
        if not start or not (folded[start - 1].isalnum() or folded[start - 1] == "_"):
            return found
        if WIDE.match(folded, start) or WIDE.match(folded, start - 1):
            return found
        found = pattern.search(folded, start + 1)
    return None


def compile_phrase(text: str) -> Phrase:
    """Compile one phrase; raise ParseError for nested or glued brackets, or a phrase without any whole word."""
    if re.sub(r"\([^()]*\)", "", text).strip("*").count("(") or re.search(r"\S\(|\)\S", text):
        raise ParseError(f"brackets must be balanced and stand alone: {text!r}")
    pattern, needs, glue, start, end = "", [], "", "", ""
    for item in _ITEM.findall(text):
        if item == "..":
            pattern, glue, start = pattern + end + _GAP, "", _START
            continue
        wide = WIDE.search(item) is not None
        if item.startswith("("):
            made, group, optional = _alternatives(item)
        else:
            folded = _fold_item(item)
            made, group, optional = _pattern(folded), [(w,) for w in _indexable(folded)], False
        if not made:
            continue
        needs += group
        pattern += "" if wide else start
        start, end = "", "" if wide else _END
        if optional and not glue:  # the space belongs to what comes after
            pattern += f"(?:{made} )?"
            continue
        pattern += f"(?:{glue}{made})?" if optional else glue + made
        glue = " "
    if not needs:
        raise ParseError(f"phrase has no whole word to be found by: {text!r}")
    return Phrase(pattern + end, tuple(needs))
