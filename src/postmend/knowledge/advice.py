"""Sentences of a reply that only advise: what they name is no reason yet.

Some servers close every refusal with the same list of things to check (SPF, HELO, PTR). Where one such sentence
names several of them, it is not read; where it names a single one, that mostly is the reason.
"""

import re

from postmend.knowledge.words import STOP

_ADVISES = re.compile(r"\b(?:make sure|be sure|ensure|(?:check|verify) (?:that|your|if|whether))\b")
_WORDS = re.compile(r"(?!please\b)\b[^\W\d]+")
# What such lists are made of: all that a receiver checks of whoever sends.
_CHECKED = tuple(
    re.compile(rf"\b(?:{words})\b")
    for words in ("spf", "dkim", "dmarc", "helo|ehlo", "ptr|rdns|reverse dns|reverse lookup")
)


def without_advice(folded: str) -> str:
    """A folded reply without what advises on several checks at once, from the advising word to the sentence's end.

    A reply that begins with its advice gives no other reason.
    """
    if _ADVISES.search(folded) is None:
        return folded
    said = STOP.join(_said(sentence) for sentence in folded.split(STOP))
    return said if _WORDS.search(said.partition(STOP)[0]) else folded


def _said(sentence: str) -> str:
    found = _ADVISES.search(sentence)
    if found is None or sum(check.search(sentence, found.start()) is not None for check in _CHECKED) < 2:
        return sentence
    return sentence[: found.start()]
