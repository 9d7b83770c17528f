"""The limit that a reply names: how big a message may be, how much may be sent in a time."""

import re
from collections.abc import Sequence

from postmend.knowledge.extract import SIZE_UNIT

_SIZE = re.compile(rf"\b\d[\d.,]*\s?(?:{SIZE_UNIT})\b", re.IGNORECASE)
_PER = re.compile(r"\b(?:per|a|/)\s?(?:second|minute|hour|day)|24 hours", re.IGNORECASE)
# `message size 31870 exceeds size limit 20000`: the number after the word for a limit, not the message's own.
_AFTER_LIMIT = re.compile(
    r"\b(?:limit|maximum|max|allowed|exceeds?|(?:larger|bigger|more) than)"
    r"(?:\s+(?:of|is|size|message|the|fixed|our|for|set|at|to|allowed|permitted)){0,4}\s{0,2}[:=(\[]?\s?"
    rf"(\d[\d.,]{{0,15}})\s?({SIZE_UNIT})?\b",
    re.IGNORECASE,
)
_PLAIN_DIGITS = 4  # without a unit fewer may be anything


def size_limit(limits: Sequence[str], text: str) -> str:
    """The size that the reply allows, with its unit; empty where it names none."""
    for number, unit in _AFTER_LIMIT.findall(text[:2000]):
        if unit or (number.isdigit() and len(number) >= _PLAIN_DIGITS):
            return f"{number} {unit or 'bytes'}"
    return next((limit for limit in limits if _SIZE.search(limit) and not _PER.search(limit)), "")


def rate_limit(limits: Sequence[str]) -> str:
    """How much may be sent in which time; empty where the reply names none."""
    return next((limit for limit in limits if _PER.search(limit)), "")
