"""Replies read once: those to one mailing differ in little but who was written to, and which host refused.

What differs is masked before a reply is read (`masks.py`), and put back into what was read of it. A reply is always
read masked, whether remembered or not: the answer never depends on what came before.
"""

from dataclasses import replace
from functools import lru_cache

from postmend.knowledge.masks import Masked, host_mask, masked
from postmend.knowledge.read import read_reply
from postmend.model import EnhancedStatus, Extracts, Match, Reading, Stage


@lru_cache(maxsize=2048)
def _read(
    text: str, stage: Stage | None, host: str, code: int | None, enhanced: EnhancedStatus | None, guess_bare: bool
) -> Reading:
    return read_reply(text, stage=stage, remote_host=host, code=code, enhanced=enhanced, guess_bare=guess_bare)


def read_for(
    text: str,
    *,
    stage: Stage | None,
    remote_host: str,
    code: int | None,
    enhanced: EnhancedStatus | None,
    guess_bare: bool = True,
) -> Reading:
    """`read_reply`, remembered. Never raises."""
    hidden = masked(text)
    given = host_mask(remote_host, "remote") if remote_host else ""
    reading = _read(hidden.text, stage, given, code, enhanced, guess_bare)
    host = remote_host if reading.remote_host == given else hidden.back(reading.remote_host)
    reading = back_in_reading(reading, hidden) if hidden else reading
    return replace(reading, remote_host=host) if host != reading.remote_host else reading


def back_in_reading(reading: Reading, hidden: Masked) -> Reading:
    """What was read of a masked text, with what stood there."""
    return Reading(
        hypotheses=reading.hypotheses,
        matches=tuple([_match_back(match, hidden) for match in reading.matches]),
        address=reading.address,
        extracts=_extracts_back(reading.extracts, hidden),
        inner=hidden.back(reading.inner),
        code=reading.code,
        enhanced=reading.enhanced,
        stage=reading.stage,
        provider=reading.provider,
        remote_host=hidden.back(reading.remote_host),
        remote_ip=hidden.back(reading.remote_ip),
    )


def _match_back(match: Match, hidden: Masked) -> Match:
    words = hidden.back_folded(match.words)
    return match if words == match.words else Match(match.rule, match.cause, words, match.weight)


def _extracts_back(read: Extracts, hidden: Masked) -> Extracts:
    """Codes are never masked; what a limit names is a number, which a mask may be."""
    return Extracts(
        lists=hidden.back_all(read.lists),
        ips=hidden.back_all(read.ips),
        domains=hidden.back_all(read.domains),
        urls=hidden.back_all(read.urls),
        emails=hidden.back_all(read.emails),
        codes=read.codes,
        limits=hidden.back_all(read.limits),
        retry_after_s=read.retry_after_s,
    )
