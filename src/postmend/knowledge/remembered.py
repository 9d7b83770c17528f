"""Replies read once: those to one mailing differ in little but the recipient.

The recipient is masked before a reply is read, and put back into what was read of it. A reply is always read
masked, whether remembered or not: the answer never depends on what came before.
"""

import re
from dataclasses import replace
from functools import lru_cache

from postmend.knowledge.read import read_reply
from postmend.model import EnhancedStatus, Reading, Stage

_MASK = "user@recipient.invalid"
# Addresses that the patterns of a reply see as such, whatever they hold.
_PLAIN = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][\w.-]{0,252}[A-Za-z]")


@lru_cache(maxsize=2048)
def _read(
    text: str, stage: Stage | None, remote_host: str, code: int | None, enhanced: EnhancedStatus | None
) -> Reading:
    return read_reply(text, stage=stage, remote_host=remote_host, code=code, enhanced=enhanced)


def read_for(
    recipient: str,
    text: str,
    *,
    stage: Stage | None,
    remote_host: str,
    code: int | None,
    enhanced: EnhancedStatus | None,
) -> Reading:
    """`read_reply` of a reply about `recipient` (may be empty), remembered. Never raises."""
    if recipient not in text or not _PLAIN.fullmatch(recipient):
        return _read(text, stage, remote_host, code, enhanced)
    reading = _read(text.replace(recipient, _MASK), stage, remote_host, code, enhanced)
    extracts = reading.extracts
    if _MASK in extracts.emails:
        emails = tuple(recipient if each == _MASK else each for each in extracts.emails)
        extracts = replace(extracts, emails=emails)
    return replace(reading, inner=reading.inner.replace(_MASK, recipient), extracts=extracts)
