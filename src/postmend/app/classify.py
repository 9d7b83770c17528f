"""The use case behind `postmend classify`: replies by their text alone, in bulk."""

from collections.abc import Iterable, Iterator

import msgspec

from postmend.app.output import CandidateOut, MatchOut, candidates_out, matches_out
from postmend.knowledge.causes import sisimai_reason
from postmend.knowledge.read import read_reply
from postmend.model import ParseError, Reading, Stage


class ReplyLine(msgspec.Struct):
    """One line of JSON input; only `text` is needed."""

    text: str
    provider: str | None = None
    stage: Stage | None = None
    remote_mta: str | None = None


class Classified(msgspec.Struct, omit_defaults=True):
    """One reply, classified by its text alone."""

    cause: str
    candidates: list[CandidateOut]
    address: str
    matched: list[MatchOut]
    rule: str | None
    code: int | None = None
    enhanced: str | None = None
    provider: str | None = None
    sisimai: str | None = None
    error: str | None = None


def classify(text: str, *, provider: str = "", stage: Stage | None = None, remote_mta: str = "") -> Classified:
    """Classify one reply by its text and what else is known of it, as `postmend classify` does; never raises.

    `provider` is an id of providers.toml, `stage` the SMTP command refused, `remote_mta` the host that refused.
    """
    return _answer(read_reply(text, provider=provider, stage=stage, remote_host=remote_mta, with_extracts=False))


async def classify_async(
    text: str, *, provider: str = "", stage: Stage | None = None, remote_mta: str = ""
) -> Classified:
    """`classify` for callers that await everything; it asks nobody and takes some ten microseconds."""
    return classify(text, provider=provider, stage=stage, remote_mta=remote_mta)


def _answer(reading: Reading) -> Classified:
    return Classified(
        cause=reading.cause,
        candidates=candidates_out([(h.cause, h.weight) for h in reading.hypotheses]),
        address=reading.address,
        matched=matches_out(reading),
        rule=next((m.rule for m in reading.matches if m.cause is reading.cause), None),
        code=reading.code,
        enhanced=str(reading.enhanced) if reading.enhanced else None,
        provider=reading.provider or None,
        sisimai=sisimai_reason(reading.cause, reading),
    )


def _parse(line: bytes, decoder: "msgspec.json.Decoder[ReplyLine]") -> ReplyLine:
    if line.lstrip()[:1] != b"{":
        return ReplyLine(line.decode("utf-8", "replace"))
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ParseError(f"not a JSON object with `text`: {error}") from error


def classify_lines(lines: Iterable[bytes]) -> Iterator[Classified]:
    """Answer each line with one value, in order; a line that cannot be read gets one with `error` set."""
    decoder = msgspec.json.Decoder(ReplyLine)
    for line in lines:
        try:
            asked = _parse(line, decoder)
        except ParseError as error:
            yield Classified("unknown", [], "keep", [], None, error=str(error))
            continue
        reading = read_reply(
            asked.text,
            provider=asked.provider or "",
            stage=asked.stage,
            remote_host=asked.remote_mta or "",
            with_extracts=False,
        )
        yield _answer(reading)
