"""The form in which replies and rules are compared: case-folded, unfolded, spaces squeezed, names masked.

Both sides go through `fold`, so a rule is written as a person reads the reply. What changes from mail to mail
(addresses of mailboxes and hosts) becomes `<addr>` and `<ip>`: a mailbox called spam@ must not look like spam.
"""

import re
import unicodedata

# An IPv4 address with an optional port. What stands before is looked at after the first digit, so that the
# search can skip from digit to digit.
IPV4 = re.compile(r"\d(?<![\w.].)\d{0,2}(?:\.\d{1,3}){3}(?!\w|\.\d)(?::\d{2,5}(?!\d))?")
# An IPv6 address in full or compressed form.
IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:])|(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}:(?![\w:])",
    re.IGNORECASE,
)
# Bounded on both sides of the @, so that a megabyte of letters costs a megabyte of steps.
EMAIL = re.compile(r"(?<![^\s<>()\[\],;:\"'=])[^\s<>()\[\],;:\"'@=]{1,64}@[^\s<>()\[\],;:\"'@/]{1,253}")
# A line break inside a reply repeats the code: `550-5.7.1 text 550 5.7.1 text`.
_REPEATED = re.compile(r"(?<=\s)([245]\d\d)(?:-|\s)(?:([245]\.\d{1,3}\.\d{1,3})(?=\s|$))?")
# The first of several lines, as somebody else quotes it: `host mx.example.net[192.0.2.1] said: 550-5.7.1 text`.
_FIRST_OF_SEVERAL = re.compile(r"(?<=: )([245]\d\d)-")
_DROP = str.maketrans(
    dict.fromkeys("\"`´“”„«»‘’'", "")
    | dict.fromkeys(",;!?()[]{}*|\\-–—・。、「」【】！？；，（）：", " ")
    | {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}  # letters of their own, which servers write so
)
# German umlauts as a server without them writes: `groesser`, not `neue` or `queue`. Only where German is spoken.
_GERMAN = re.compile(r"\b(?:der|das|ist|nicht|keine?|ihre?|wurde|wird|zu|und|fuer|eine?)\b")
_UMLAUT = re.compile(r"(?<![aeq])([aou])e")
# A full stop stays, as a word of its own: a phrase's ` .. ` does not reach into the next sentence.
_STOP = re.compile(r"(?<=[^\s.])\.\s+(?=[A-Z0-9(<\[\"']|[^\x00-\x7f])")
_TAIL = re.compile(r"[.:]+(?=\s|$)|(?<!\S)[.:]+")
STOP = "^"
# `isn't` and `is not`, `cannot` and `can not`, `e-mail` and `email` are alike; apostrophe and hyphen are gone before.
_SHORT = re.compile(
    r"\b(?:(is|are|was|were|does|do|did|could|would|should|has|have|had)nt|(wont)|can(?:no)?t|you(re|ve)|(e mail))(?=s?\b)"
)
_WORD = re.compile(r"\w+")
# The letters of a provider's code: `lpn007_420` is found by `lpn`, `ib607` by `ib`.
_CODE_LETTERS = re.compile(r"\b[a-z]{2,5}(?=_?\d)")
# Thai, Chinese, Japanese, Korean: written without spaces, or with endings grown on.
WIDE_CLASS = r"\u0e00-\u0e7f\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff"
WIDE = re.compile(f"[{WIDE_CLASS}]+")
MAX_CHARS = 4000  # a reply is at most some 100 lines of 512 octets; what says why stands at the head


def may_hold_ipv6(text: str) -> bool:
    """Whether it is worth looking for IPv6 addresses: they have seven colons, or two together."""
    return "::" in text or text.count(":") >= 7


def strip_repeated_codes(text: str) -> str:
    """Drop the reply code (and its enhanced status) where each further line of one reply repeats it."""
    head, before = text.lstrip("( ").removeprefix("reason: ")[:3], ""
    if not head.isdigit():
        quoted = _FIRST_OF_SEVERAL.search(text)
        if quoted is None:
            return text
        head, before, text = quoted[1], text[: quoted.end()], text[quoted.end() :]
    return before + _REPEATED.sub(lambda found: "" if found[1] == head else found[0], text)


def _unaccent(text: str) -> str:
    """`Boîte` and `boite` are one word; full-width Latin letters become plain ones (NFKD, marks dropped)."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)  # puts Korean syllables together again


def _long(found: re.Match[str]) -> str:
    if found[4]:
        return "email"
    if found[3]:
        return "you are" if found[3] == "re" else "you have"
    return f"{found[1] or ('will' if found[2] else 'can')} not"


def fold(text: str) -> str:
    """Return the form that rules are compared in, at most MAX_CHARS of it; never raises."""
    text = text[:MAX_CHARS]
    if "@" in text:
        text = EMAIL.sub("<addr>", text).replace("<<addr>>", "<addr>")
    text = IPV4.sub("<ip>", strip_repeated_codes(text))
    if may_hold_ipv6(text):
        text = IPV6.sub("<ip>", text)
    text = _STOP.sub(f" {STOP} ", text)
    text = text.casefold()
    if not text.isascii():  # scripts without spaces stand apart from words of others: `mailbox已满`
        text = WIDE.sub(r" \g<0> ", _unaccent(text))
    text = text.translate(_DROP)
    if _UMLAUT.search(text) and _GERMAN.search(text):
        text = _UMLAUT.sub(r"\1", text)
    if "nt" in text or "cannot" in text or "youre" in text or "youve" in text or "e mail" in text:
        text = _SHORT.sub(_long, text)
    return " ".join(_TAIL.sub(" ", text).split())


def words_of(folded: str) -> frozenset[str]:
    """The words that rules are indexed by; scripts without spaces give every pair of characters."""
    found = set(_WORD.findall(folded if folded.isascii() else WIDE.sub(" ", folded)))
    found.update(_CODE_LETTERS.findall(folded))
    if folded.isascii():
        return frozenset(found)
    for run in WIDE.findall(folded):
        found.update(run[i : i + 2] for i in range(len(run) - 1))
    return frozenset(found)
