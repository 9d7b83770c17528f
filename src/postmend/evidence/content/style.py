"""CSS as far as hidden text needs it: what hides, which colours, one declaration after the other."""

import re
from dataclasses import dataclass
from functools import lru_cache

_NUMBER = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|ex)?")
_CLEAR = re.compile(r"transparent|(?:rgb|hsl)a?\(.*[,/]\s*0*\.?0*%?\s*\)|#[0-9a-f]{3}0$|#[0-9a-f]{6}00$")
_SQUASHED = re.compile(r"scale[xy]?\(\s*0?\.?0*\s*[,)]|inset\(\s*(?:50|100)%|circle\(\s*0|rect\(\s*(?:0|1px)[\s,]")
_UNREADABLE_PX = 4.0
_ALIKE = 18  # of 255: the greys that designers set fine print in are farther from white
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?")
_NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "lime": (0, 255, 0), "green": (0, 128, 0),
    "blue": (0, 0, 255), "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "silver": (192, 192, 192), "whitesmoke": (245, 245, 245), "snow": (255, 250, 250), "ivory": (255, 255, 240),
    "navy": (0, 0, 128), "orange": (255, 165, 0), "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211),
}  # fmt: skip
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a style does to the text under it: `hides` is the declaration that hides it, whatever stands inside.

    `small` is a size that nobody can read, empty for one that can be read, None where it says nothing of the size:
    what stands inside may set its own. `ink` is the colour of the text, `clear` whether it has none. `papered` tells
    whether it says anything of the background, `paper` which colour (None: a picture, nobody knows).
    """

    hides: str
    small: str | None
    inked: bool
    ink: Colour | None
    clear: bool
    papered: bool
    paper: Colour | None


@lru_cache(4096)
def effect_of(style: str) -> Effect:
    """The effect of a style attribute, or of several styles joined with semicolons; the last of each counts."""
    told = _declarations(style)
    papered, paper = _background(told)
    colour = told.get("color", "")
    ink = _colour(colour)
    # A headline of pictured letters is transparent so that its background shows through them.
    clear = ink is None and bool(_CLEAR.match(colour)) and not any(name.endswith("background-clip") for name in told)
    return Effect(_hides(told), _small(told.get("font-size", "")), ink is not None, ink, clear, papered, paper)


def _declarations(style: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for each in without_comments(style[:16384]).lower().split(";"):
        name, colon, value = each.partition(":")
        if colon:
            made[name.strip()] = value.replace("!important", "").strip()[:300]
    return made


def without_comments(text: str) -> str:
    """A style without its comments. By hand: a pattern would look for the end of each comment that never ends."""
    first, *rest = text.split("/*")
    return first + "".join(each.partition("*/")[2] for each in rest)


def _amount(value: str) -> float | None:
    """A length roughly in pixels; None for what is no length."""
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        return None
    unit = {"em": 16.0, "rem": 16.0, "%": 0.16, "pt": 1.33}.get(found[2] or "", 1.0)
    return float(found[1]) * unit


def _hides(style: dict[str, str]) -> str:
    """The declaration by which nothing of the content is seen; empty where it is seen."""
    if style.get("display") == "none":
        return "display:none"
    if style.get("visibility") in {"hidden", "collapse"}:
        return f"visibility:{style['visibility']}"
    if style.get("mso-hide") == "all":
        return "mso-hide:all"
    opacity = style.get("opacity", "1").rstrip("%")
    if _NUMBER.fullmatch(opacity) and float(opacity) <= 0.02:
        return f"opacity:{style['opacity']}"
    return _cut_away(style)


def _small(size: str) -> str | None:
    """A font size that nobody can read; None for none, or one that depends on what stands around."""
    amount = _amount(size)
    if amount is None:
        return None
    if amount < _UNREADABLE_PX:
        return f"font-size:{size}"
    return None if size.endswith(("em", "%", "ex")) and not size.endswith("rem") else ""


def _cut_away(style: dict[str, str]) -> str:
    if style.get("overflow") in {"hidden", "clip"}:
        for name in ("height", "max-height", "width", "max-width"):
            amount = _amount(style.get(name, "100px"))
            if amount is not None and amount <= 2:
                return f"{name}:{style[name]}"
    for name in ("text-indent", "left", "right", "top", "bottom", "margin-left", "margin-top"):
        amount = _amount(style.get(name, "0"))
        if amount is not None and amount <= -900:
            return f"{name}:{style[name]}"
    for name in ("clip", "clip-path", "transform"):
        if _SQUASHED.search(style.get(name, "")):
            return f"{name}:{style[name]}"
    return ""


@lru_cache(1024)
def _colour(value: str) -> Colour | None:
    """A colour as red, green, blue; None where it is none, or transparent."""
    text = value.strip().lower().split("!")[0].strip()
    if text in _NAMED:
        return _NAMED[text]
    found = _RGB.match(text)
    if found:
        if found[4] and float(found[4].rstrip("%")) == 0:
            return None
        return int(found[1]) & 255, int(found[2]) & 255, int(found[3]) & 255
    digits = text.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        digits = "".join(c * 2 for c in digits)
    if re.fullmatch(r"[0-9a-f]{6}", digits):
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    return None


def _background(style: dict[str, str]) -> tuple[bool, Colour | None]:
    """Whether a style says anything of the background, and its colour (None: a picture, nobody knows)."""
    if "url(" in style.get("background", "") or "gradient" in style.get("background", ""):
        return True, None
    if style.get("background-image", "none") != "none":
        return True, None
    for name in ("background-color", "background"):
        for word in re.split(r"\s+(?![^(]*\))", style.get(name, "")):
            made = _colour(word) if word else None
            if made is not None:
                return True, made
    return False, None


def too_alike(one: Colour, other: Colour) -> bool:
    """Whether nobody can read one on the other."""
    return abs(one[0] - other[0]) <= _ALIKE and abs(one[1] - other[1]) <= _ALIKE and abs(one[2] - other[2]) <= _ALIKE
