"""Header fields as RFC 5322 wants them: which must be there, once, in form, in ASCII, in lines that fit."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from postmend.evidence.content.addresses import Mailbox, mailboxes
from postmend.evidence.content.tell import found
from postmend.model import Finding, ParseError, parse_address
from postmend.model.message import Field, Message

_LINE_OCTETS = 998  # RFC 5322 section 2.1.1, without CRLF
# RFC 5322 section 3.6: at most one of each; and those that others define so.
_ONCE = (
    "date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject",
    "mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id",
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_FAKE_REPLY = re.compile(
    r"^\s*(?:re|fwd?|aw|wg|sv|vs|rif|tr|antw|odp|回复|答复|转发)\s*(?:\[\d+\])?[:：]", re.IGNORECASE
)
_WORD = re.compile(r"=\?[^?\s]{1,60}(?:\*[\w-]+)?\?[bBqQ]\?[^?\s]*\?=")
_LOOKS_ENCODED = re.compile(r"=\?[\w.:+-]+\?[bq]\?", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_TRACE = {"received", "return-path", "delivered-to", "x-original-to"}  # not the author's doing
_AHEAD = timedelta(hours=24)
_BEHIND = timedelta(days=7)


def check_headers(message: Message, moment: datetime) -> tuple[Finding, ...]:
    """Findings `header.*`. `moment` (aware), when the receiver gets it, is what Date is compared with."""
    return (
        *(found(ident, about) for ident, about in message.faults if ident.startswith("header.")),
        *_presence(message),
        *_author(message),
        *_date(message, moment),
        *_message_id(message),
        *_subject(message),
        *_octets(message),
    )


def _presence(message: Message) -> Iterator[Finding]:
    keys = message.named
    for name in ("from", "date", "message-id", "subject"):
        if name not in keys:
            yield found(f"header.{name.replace('-', '_')}_missing")
    if not keys.keys() & {"to", "cc", "bcc"}:
        yield found("header.to_missing")
    for name in _ONCE:
        times = len(message.all(name))
        if times > 1:
            ident = "header.from_twice" if name == "from" else "header.duplicate"
            yield found(ident, message.all(name)[0].name, times=times)
    for each in message.fields:
        if each.key in {"from", "to", "reply-to", "message-id", "date"} and not each.value:
            yield found("header.empty", each.name)
            break


def _author(message: Message) -> Iterator[Finding]:
    authors = mailboxes(message.first("from"))
    if message.first("from") and not any("@" in each.address for each in authors):
        yield found("header.from_no_address", message.first("from"))
    if len(authors) > 1:
        yield found("header.from_several", ", ".join(each.address for each in authors))
    for name in ("from", "sender", "reply-to", "to", "cc"):
        for each in mailboxes(message.first(name)):
            fault = _fault(each)
            if fault and ("@" in each.address or name != "from"):
                yield found("header.address_invalid", each.address, field=name.title(), why=fault)
                break
    for each in authors[:1]:
        inside = re.search(r"[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})", each.name[:300], re.IGNORECASE)
        if inside and not _same_house(inside[1].lower(), each.domain):
            yield found("header.name_is_address", each.name, address=each.address)


def _same_house(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def _fault(each: Mailbox) -> str:
    try:
        parse_address(each.address)
    except ParseError as error:
        return str(error)
    return ""


def _date(message: Message, moment: datetime) -> Iterator[Finding]:
    value = message.first("date")
    if not value:
        return
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        yield found("header.date_invalid", value)
        return
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    try:
        apart = date - moment
    except OverflowError:
        yield found("header.date_invalid", value)
        return
    if apart > _AHEAD:
        yield found("header.date_future", value, hours=int(apart.total_seconds() // 3600))
    elif -apart > _BEHIND:
        yield found("header.date_past", value, days=-apart.days)


def _message_id(message: Message) -> Iterator[Finding]:
    value = message.first("message-id")
    if not value:
        return
    if not _MESSAGE_ID.fullmatch(re.sub(r"\([^()]*\)", "", value).strip()):
        yield found("header.message_id_invalid", value)
    elif re.search(r"@(?:localhost(?:\.localdomain)?|\[?127\.)", value, re.IGNORECASE):
        yield found("header.message_id_local", value)


def _subject(message: Message) -> Iterator[Finding]:
    from postmend.evidence.content.words import decoded

    subject = decoded(message.first("subject"))
    if message.all("subject") and not subject.strip():
        yield found("header.subject_empty")
    letters = [c for c in subject if c.isalpha()]
    if len(letters) >= 10 and sum(c.isupper() for c in letters) > 0.8 * len(letters):
        yield found("header.subject_shouts", subject)
    if re.search(r"[!?！？]{3}|[$€£]{3}", subject):
        yield found("header.subject_marks", subject)
    answers = message.first("in-reply-to") or message.first("references")
    carries = any(part.type == "message/rfc822" for part in message.parts)  # forwarded as an attachment
    if _FAKE_REPLY.match(subject) and not answers and not carries:
        yield found("header.fake_reply", subject)


def _octets(message: Message) -> Iterator[Finding]:
    told: set[str] = set()

    def once(ident: str, each: Field, **data: object) -> Iterator[Finding]:
        if ident not in told:
            told.add(ident)
            yield found(ident, each.name, **data)

    for each in message.fields:
        raw = each.raw
        if each.key in _TRACE:
            continue
        if not raw.isascii():
            yield from once("header.raw_8bit", each)
        longest = len(raw) if b"\n" not in raw else max(map(len, raw.split(b"\n")))
        if longest > _LINE_OCTETS:
            yield from once("header.line_too_long", each, octets=longest)
        if b"\n" in raw and any(not line.strip() for line in raw.split(b"\n")[1:]):
            yield from once("header.empty_fold", each)
        if _CONTROL.search(raw):
            yield from once("header.control", each)
        if len(_LOOKS_ENCODED.findall(each.value)) > len(_WORD.findall(each.value)):
            yield from once("header.broken_word", each)
        if re.search(rb":\S", raw[: len(each.name) + 2]) and each.key in {"from", "to", "subject", "date"}:
            yield from once("header.no_space", each)
