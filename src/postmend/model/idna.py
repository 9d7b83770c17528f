"""Labels of internationalised domain names (IDNA2008): what a label may hold, and its A-label.

RFC 5890 to 5893. Mapping is that of UTS 46 without its transitional part: `ß` and `ς` are letters of their own.
"""

import re
import unicodedata

from postmend.model.errors import ParseError

LABEL_OCTETS = 63
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DOTS = dict.fromkeys(map(ord, "\u3002\uff0e\uff61"), ".")  # IDNA's other full stops (RFC 3490 section 3.1)
# RFC 5892 section 2.6 (PVALID, though neither letter, mark nor digit) and those that need a context (appendix A).
_SIGNS = "\u3007\u06fd\u06fe\u0f0b" + "\u00b7\u0375\u05f3\u05f4\u30fb\u200c\u200d"
_VIRAMA = 9  # its canonical combining class
_ARABIC_INDIC = re.compile("[\u0660-\u0669]")
_EXTENDED_ARABIC_INDIC = re.compile("[\u06f0-\u06f9]")
# RFC 5893 section 2: what may stand in a label from right to left, and in others of a name that has one.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_IN_RTL = _RIGHT_TO_LEFT | {"EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
_IN_LTR = frozenset({"L", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"})


def _ascii_labels(domain: str) -> list[str]:
    """The domain's labels as DNS has them; raise ParseError for one that is no host name (RFC 5890, RFC 1123)."""
    if not domain.isascii():
        domain = domain.translate(_DOTS)
    labels = [_a_label(label) for label in domain.split(".")]
    if not all(labels):
        raise ParseError("the domain begins or ends with a dot, or has two in a row")
    return labels


def a_labels(domain: str) -> str:
    """A host name with A-labels (RFC 5890) for what is not ASCII; raise ParseError where it is no host name."""
    return ".".join(_ascii_labels(domain))


def _a_label(label: str) -> str:
    """One label in ASCII, upper case kept; U-labels are mapped as UTS 46 does it and become A-labels."""
    if label.isascii():
        if label and not _LABEL.fullmatch(label):
            raise ParseError(f"not a host name: {label[:LABEL_OCTETS]!r}")
        if label[2:4] == "--":
            _check_a_label(label)
        return _bounded(label)
    mapped = _mapped(label)
    if mapped.isascii():
        return _a_label(mapped)  # full-width letters
    _check_u_label(mapped)
    return _bounded("xn--" + mapped.encode("punycode").decode("ascii"))


def _bounded(label: str) -> str:
    if len(label) > LABEL_OCTETS:
        raise ParseError(f"a label of the domain is longer than {LABEL_OCTETS} octets (RFC 1035)")
    return label


def _mapped(label: str) -> str:
    """Lower case letter by letter: `casefold` would make `ss` of `ß`, and a whole word's case bends its last sigma."""
    lower = "".join(char.lower() for char in unicodedata.normalize("NFKC", label))
    return unicodedata.normalize("NFC", lower)


def _check_a_label(label: str) -> None:
    """RFC 5890 section 2.3.1: two hyphens in third place are for A-labels, which must decode to letters."""
    if label[:4].lower() != "xn--":
        raise ParseError(f"two hyphens in this place are reserved (RFC 5890): {label!r}")
    try:
        decoded = label[4:].encode().decode("punycode")
    except UnicodeError as error:
        raise ParseError(f"not an internationalised label: {label!r}") from error
    # What is registered already is looked up as it is, if it is letters at all: order and context are the registry's.
    if decoded.isascii() or not all(map(_is_allowed, _mapped(decoded))):
        raise ParseError(f"not an internationalised label: {label!r}")


def _check_u_label(label: str) -> None:
    """RFC 5891 section 4.2.3."""
    if unicodedata.combining(label[0]) or label.startswith("-") or label.endswith("-") or label[2:4] == "--":
        raise ParseError(f"not an internationalised label: {label[:LABEL_OCTETS]!r}")
    for at, char in enumerate(label):
        if not _is_allowed(char) or not _in_context(label, at):
            raise ParseError(f"not an internationalised label: {char!r}")
    if _ARABIC_INDIC.search(label) and _EXTENDED_ARABIC_INDIC.search(label):
        raise ParseError(f"two kinds of Arabic digits in one label (RFC 5892): {label[:LABEL_OCTETS]!r}")
    if not _is_bidi(label):
        raise ParseError(f"letters from right to left and others mixed as RFC 5893 forbids: {label[:LABEL_OCTETS]!r}")


def _is_allowed(char: str) -> bool:
    """Letters, marks and digits (RFC 5892 section 2.1), ASCII as in any host name."""
    if char.isascii():
        return char == "-" or (char.isalnum() and not char.isupper())
    category = unicodedata.category(char)
    return category in {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"} or char in _SIGNS


def _in_context(label: str, at: int) -> bool:
    """RFC 5892 appendix A: signs that are only allowed beside certain others."""
    before, after = label[at - 1 : at] if at else "", label[at + 1 : at + 2]
    match label[at]:
        case "\u200d":  # zero width joiner
            return bool(before) and unicodedata.combining(before) == _VIRAMA
        case "\u200c":  # zero width non-joiner: also between letters that would join, as Arabic ones do
            joins = all(char and unicodedata.bidirectional(char) == "AL" for char in (before, after))
            return joins or (bool(before) and unicodedata.combining(before) == _VIRAMA)
        case "\u00b7":  # middle dot, in Catalan
            return before == "l" and after == "l"
        case "\u0375":  # Greek lower numeral sign
            return _script(after) == "GREEK"
        case "\u05f3" | "\u05f4":  # Hebrew geresh, gershayim
            return _script(before) == "HEBREW"
        case "\u30fb":  # katakana middle dot
            return any(_script(char) in {"HIRAGANA", "KATAKANA", "CJK"} for char in label if char != "\u30fb")
    return True


def _script(char: str) -> str:
    """The first word of a character's name, which is its script."""
    return unicodedata.name(char, "").partition(" ")[0] if char else ""


def _is_bidi(label: str) -> bool:
    """RFC 5893 section 2, for one label; any label is where nothing in it runs from right to left."""
    kinds = [unicodedata.bidirectional(char) for char in label]
    if _RIGHT_TO_LEFT.isdisjoint(kinds):
        return True
    last = next((kind for kind in reversed(kinds) if kind != "NSM"), "")
    if kinds[0] in {"R", "AL"}:
        return _IN_RTL.issuperset(kinds) and last in {"R", "AL", "EN", "AN"} and not {"EN", "AN"} <= set(kinds)
    return kinds[0] == "L" and _IN_LTR.issuperset(kinds) and last in {"L", "EN"}
