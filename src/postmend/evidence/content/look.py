"""The HTML as a reader and a filter see it: pictures instead of text, hidden text, scripts, forms, faults."""

import re
from collections.abc import Iterator

from postmend.evidence.content.page import OWN_COLOUR, Hidden, Page
from postmend.evidence.content.tell import found
from postmend.model import Finding

_LETTERS_ENOUGH = 40  # below this a mail with a picture is all picture, and a line to leave the list by
_LETTERS_FEW = 120
_LETTERS_A_PICTURE = 30
_PICTURES_MANY = 3
_PX_A_LETTER = 160  # 8 by 20 pixels
_TIMES_AS_LARGE = 30  # a picture of 600 by 300 pixels over one sentence is a heading
_ICON_PX = 80
_DENSE = "\u2e80"  # from here on one sign says what three letters say
_LETTERS_ENOUGH_OF_OWN = 30  # where pictures are attached, as people send photos with a line
_PREVIEW_MOST = 200  # letters: the line that mailboxes show beside the subject ("preheader") is shorter
_HIDDEN_MANY = 40  # letters of words: marks for machines and words for screen readers are shorter
_MARKS_MOST = 1000  # characters of marks for machines
_COLOUR_MANY = 15  # nobody writes even that much in the colour of the background by chance
_FONT = re.compile(r"(?:https?:)?//(?:fonts?|use)\.[\w.-]+/|[^?]*\?(?:[^#]*&)?family=", re.IGNORECASE)
_WORD = re.compile(r"(?<!\S)[^\w\s]?[^\W\d_]{2,}[^\w\s]?(?!\S)|[\u2e80-\U0003ffff]+")
_FAULTS_MANY = 3
_DEEP = 100


def check_look(page: Page | None) -> tuple[Finding, ...]:
    """Findings `html.*` about one page; none where there is no HTML."""
    if page is None:
        return ()
    return (*_pictures(page), *_hidden(page), *_foreign(page), *_built(page))


def _size(picture: dict[str, str], name: str) -> int:
    style = re.search(rf"(?<![\w-]){name}\s*:\s*(\d+)", picture.get("style", ""))
    plain = re.match(r"\s*(\d{1,5})", picture.get(name, ""))
    return int((plain or style or ["", "-1"])[1]) if plain or style else -1


def _is_pixel(picture: dict[str, str]) -> bool:
    return 0 <= _size(picture, "width") <= 3 or 0 <= _size(picture, "height") <= 3


def _is_small(picture: dict[str, str]) -> bool:
    """Whether it is an icon or a logo beside the words, by its own word."""
    return 0 <= _size(picture, "height") <= _ICON_PX or 0 <= _size(picture, "width") <= 2 * _ICON_PX


def _pictures(page: Page) -> Iterator[Finding]:
    shown = [each for each in page.pictures if not _is_pixel(each)]
    text = page.text
    letters = sum(map(str.isalnum, text))
    letters += 0 if text.isascii() else 2 * sum(c >= _DENSE for c in text)
    large = [each for each in shown if not _is_small(each)]
    remote = [each for each in shown if not each.get("src", "").lower().startswith("cid:")]
    if large and letters < (_LETTERS_ENOUGH if remote else _LETTERS_ENOUGH_OF_OWN):
        yield found("html.image_only", pictures=len(shown), letters=letters)
    elif _all_picture(large, letters):
        yield found("html.few_words", pictures=len(shown), letters=letters)
    bare = [each for each in shown if "alt" not in each]
    if bare and len(bare) * 2 > len(shown):
        yield found("html.no_alt", pictures=len(bare))
    if any(each.get("src", "").lower().startswith("data:") for each in page.pictures):
        yield found("html.data_picture")


def _all_picture(large: list[dict[str, str]], letters: int) -> bool:
    """Whether the pictures say all, and the words are a foot or a heading."""
    if len(large) >= _PICTURES_MANY:
        return letters < _LETTERS_A_PICTURE * len(large)
    area = sum(max(0, _size(each, "width")) * max(0, _size(each, "height")) for each in large)
    return letters < _LETTERS_FEW and area > _TIMES_AS_LARGE * _PX_A_LETTER * letters


def _hidden(page: Page) -> Iterator[Finding]:
    """Text that is hidden: behind the preview line already little of it, for which there is no good reason."""
    coloured = [each.text for each in page.hidden if each.means == OWN_COLOUR]
    if _letters(coloured) >= _COLOUR_MANY:
        yield found("html.hidden_colour", " ".join(coloured))
    others = [each for each in page.hidden if each.means != OWN_COLOUR]
    behind = [each for each in others if not each.first]
    if _letters([each.text for each in behind]) >= _HIDDEN_MANY or _length(behind) >= _MARKS_MOST:
        told = behind
    else:
        told = others if _length(others) - _length(behind) >= _PREVIEW_MOST else []
    if told:
        yield found(
            "html.hidden_text", " ".join(each.text for each in told), means=told[0].means, letters=_length(others)
        )


def _length(hidden: list[Hidden]) -> int:
    return sum(len(each.text) for each in hidden)


def _letters(texts: list[str]) -> int:
    """Letters in words of a language, each text once: numbers, addresses and other marks for machines are none."""
    words = [word for text in set(texts) for word in _WORD.findall(text)]
    return sum(3 * len(word) if word[0] >= _DENSE else len(word) for word in words)


def _foreign(page: Page) -> Iterator[Finding]:
    scripts = [each for each in page.active if each == "<script>" or each.endswith("=")]
    if scripts:
        yield found("html.script", scripts[0])
    frames = [each for each in page.active if each not in scripts]
    if frames:
        yield found("html.active", frames[0])
    if any(link.target.lower().replace("\t", "").startswith(("javascript:", "vbscript:")) for link in page.links):
        yield found("html.script_link")
    if page.forms:
        yield found("html.form", page.forms[0] or "no action")
    fonts = [each for each in page.sheets if _FONT.match(each)]
    if len(page.sheets) > len(fonts):
        yield found("html.remote_css", next(each for each in page.sheets if each not in fonts))
    elif fonts:
        yield found("html.remote_font", fonts[0])
    if page.refresh:
        yield found("html.refresh", page.refresh)
    if page.base:
        yield found("html.base", page.base)


def _built(page: Page) -> Iterator[Finding]:
    if len(page.faults) >= _FAULTS_MANY:
        yield found("html.faults", page.faults[0], count=len(page.faults))
    if page.deepest > _DEEP:
        yield found("html.deep", depth=page.deepest)
