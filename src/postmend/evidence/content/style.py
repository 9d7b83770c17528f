"""CSS as far as hidden text needs it: what hides, which colours, and classes that do either. No cascade, no layout."""

import re
from functools import lru_cache

_DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;]+)")
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_NUMBER = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|ex)?")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?")
_NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "lime": (0, 255, 0), "green": (0, 128, 0),
    "blue": (0, 0, 255), "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "silver": (192, 192, 192), "whitesmoke": (245, 245, 245), "snow": (255, 250, 250), "ivory": (255, 255, 240),
    "navy": (0, 0, 128), "orange": (255, 165, 0), "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211),
}  # fmt: skip
Colour = tuple[int, int, int]


@lru_cache(2048)
def declarations(style: str) -> dict[str, str]:
    """The declarations of a style attribute or a rule's body, in lower case; the last of each counts."""
    plain = re.sub(r"/\*.*?\*/", "", style[:16384], flags=re.DOTALL).lower()
    return {name: value.replace("!important", "").strip() for name, value in _DECLARATION.findall(plain)}


def _amount(value: str) -> float | None:
    """A length roughly in pixels; None for what is no length."""
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        return None
    unit = {"em": 16.0, "rem": 16.0, "%": 0.16, "pt": 1.33}.get(found[2] or "", 1.0)
    return float(found[1]) * unit


def hides(style: dict[str, str]) -> str:
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
    size = _amount(style.get("font-size", "16px"))
    if size is not None and size <= 2:
        return f"font-size:{style['font-size']}"
    return _cut_away(style)


def _cut_away(style: dict[str, str]) -> str:
    if style.get("overflow") in {"hidden", "clip"}:
        for name in ("height", "max-height", "width", "max-width"):
            amount = _amount(style.get(name, "100px"))
            if amount is not None and amount <= 2:
                return f"{name}:{style[name]}"
    for name in ("text-indent", "left", "top", "margin-left", "margin-top"):
        amount = _amount(style.get(name, "0"))
        if amount is not None and amount <= -900:
            return f"{name}:{style[name]}"
    if re.match(r"rect\(\s*(?:0|1px)[\s,]", style.get("clip", "")):
        return "clip"
    return ""


@lru_cache(1024)
def colour(value: str) -> Colour | None:
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


def background(style: dict[str, str]) -> tuple[bool, Colour | None]:
    """Whether a style says anything of the background, and its colour (None: a picture, nobody knows)."""
    if "url(" in style.get("background", "") or "gradient" in style.get("background", ""):
        return True, None
    if style.get("background-image", "none") != "none":
        return True, None
    for name in ("background-color", "background"):
        for word in re.split(r"\s+(?![^(]*\))", style.get(name, "")):
            made = colour(word) if word else None
            if made is not None:
                return True, made
    return False, None


def too_alike(one: Colour, other: Colour) -> bool:
    """Whether nobody can read one on the other."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 12


def class_rules(sheet: str) -> dict[str, dict[str, str]]:
    """Declarations by `.class`, `#id` or element name, for plain selectors outside @media.

    What an @media rule shows again or hides on small screens is layout: its selectors are left out altogether.
    """
    outside, inside = _split_media(re.sub(r"/\*.*?\*/|<!--|-->", "", sheet[:200_000], flags=re.DOTALL))
    layout = set(re.findall(r"[.#][\w-]+", inside))
    made: dict[str, dict[str, str]] = {}
    for selectors, body in _RULE.findall(outside):
        for selector in selectors.split(","):
            name = re.fullmatch(r"\s*(?:[a-zA-Z]\w*)?([.#][\w-]+)\s*|\s*([a-zA-Z]\w*)\s*", selector)
            if name and (name[1] or name[2]) not in layout:
                made.setdefault(name[1] or name[2].lower(), {}).update(declarations(body))
    return made


def _split_media(sheet: str) -> tuple[str, str]:
    """What stands outside and what inside @ blocks."""
    outside, inside, at = "", "", 0
    for found in re.finditer(r"@[\w-]+[^{};]*\{", sheet):
        if found.start() < at:
            continue
        depth, end = 1, found.end()
        while depth and end < len(sheet):
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
        outside += sheet[at : found.start()]
        inside += sheet[found.end() : end]
        at = end
    return outside + sheet[at:], inside
