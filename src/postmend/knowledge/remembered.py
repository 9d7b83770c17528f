"""Replies read once: those to one mailing differ in little but who was written to, and which host refused.

What differs is masked before a reply is read (`masks.py`), and put back into what was read of it. A reply is always
read masked, whether remembered or not: the answer never depends on what came before.
"""

from dataclasses import replace
from functools import lru_cache

from postmend.knowledge.masks import Masked, host_mask, masked
from postmend.knowledge.read import read_reply
from postmend.model import EnhancedStatus, Extracts, Reading, Stage


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
    hidden = masked(text, recipient)
    given = host_mask(remote_host, "remote") if remote_host else ""
    reading = _read(hidden.text, stage, given, code, enhanced)
    if reading.remote_host == given:
        reading = replace(reading, remote_host=remote_host)
    return _back(reading, hidden) if hidden else reading


def _back(reading: Reading, hidden: Masked) -> Reading:
    return replace(
        reading,
        matches=tuple(
            replace(match, words=hidden.back_folded(match.words)) if "host" in match.words else match
            for match in reading.matches
        ),
        extracts=_extracts_back(reading.extracts, hidden),
        inner=hidden.back(reading.inner),
        remote_host=hidden.back(reading.remote_host),
        remote_ip=hidden.back(reading.remote_ip),
    )


def _extracts_back(read: Extracts, hidden: Masked) -> Extracts:
    """Codes are never masked; what a limit names is a number, which a mask may be."""
    return replace(
        read,
        lists=hidden.back_all(read.lists),
        ips=hidden.back_all(read.ips),
        domains=hidden.back_all(read.domains),
        urls=hidden.back_all(read.urls),
        emails=hidden.back_all(read.emails),
        limits=hidden.back_all(read.limits),
    )
