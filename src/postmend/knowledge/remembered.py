"""Replies read once: those to one mailing differ in little but who was written to, and which host refused.

What differs is masked before a reply is read (`masks.py`), and put back into what was read of it. A reply is always
read masked, whether remembered or not: the answer never depends on what came before.
"""

from dataclasses import replace
from functools import lru_cache

from postmend.knowledge.masks import Masked
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
    masked = Masked(text, recipient)
    reading = _read(masked.text, stage, masked.host(remote_host), code, enhanced)
    return _back(reading, masked) if masked else reading


def _back(reading: Reading, masked: Masked) -> Reading:
    return replace(
        reading,
        matches=tuple(
            replace(match, words=masked.back_folded(match.words)) if "host" in match.words else match
            for match in reading.matches
        ),
        extracts=_extracts_back(reading.extracts, masked),
        inner=masked.back(reading.inner),
        remote_host=masked.back(reading.remote_host),
        remote_ip=masked.back(reading.remote_ip),
    )


def _extracts_back(read: Extracts, masked: Masked) -> Extracts:
    """Codes are never masked; what a limit names is a number, which a mask may be."""
    return replace(
        read,
        lists=masked.back_all(read.lists),
        ips=masked.back_all(read.ips),
        domains=masked.back_all(read.domains),
        urls=masked.back_all(read.urls),
        emails=masked.back_all(read.emails),
        limits=masked.back_all(read.limits),
    )
