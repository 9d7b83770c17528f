"""Text that is no mail: a bare SMTP reply, what a mail client or a web page showed, quoted or with its HTML."""

import re
from dataclasses import replace

from postmend.intake.codes import codes_in, helo_in
from postmend.intake.notice import only_mention, read_notice, sender_named
from postmend.intake.original import address_in, quoted_headers, read_original, sending_host, split_original
from postmend.intake.scan import html_to_text, to_text
from postmend.intake.several import notices_in
from postmend.intake.wording import has_codes
from postmend.knowledge.read import NEAR_RULE, read_reply
from postmend.knowledge.unwrap import layers
from postmend.model import Failure, Host, Intake, Kind, ParseError, SmtpReply

_MOST = 1 << 20  # bytes looked at: nobody pastes more
_NOTHING = "no mail, log line or SMTP reply was found in it"
_MOST_REASON = 1000  # characters of a reason without codes: longer texts mention anything
_HTML = re.compile(r"<html|</(?:p|div|td|span)>", re.IGNORECASE)
_NOBODY = Host()
_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")  # not ESC: terminals and ISO-2022-JP use it
_CONTROLS_OF = 20  # characters, of which one may be one of these
_QUOTED = re.compile(r"(?m)^[ \t]*>+ ?")


def read_pasted(raw: bytes, source: str) -> Intake:
    """Read a pasted text; raise ParseError where it holds neither a reply nor a refused recipient."""
    text = to_text(raw[:_MOST])
    if len(_CONTROLS.findall(text[:4096])) * _CONTROLS_OF > len(text[:4096]):
        raise ParseError(
            f"{source or 'input'}: binary data; log lines, an SMTP reply or the text of a notice was expected"
        )
    if _HTML.search(text[:4000]):
        text = html_to_text(text)
    text = _QUOTED.sub("", text)
    notices = notices_in(text)
    if len(notices) == 1:
        return _read_one(text, source)
    read = [intake for notice in notices if (intake := _read_part(notice, source))]
    if not read:
        raise ParseError(f"{source or 'input'}: {_NOTHING}")
    failures = tuple(failure for intake in read for failure in intake.failures)
    return Intake(source, Kind.REPLY, failures, read[0].original)


def _read_part(notice: str, source: str) -> Intake | None:
    try:
        return _read_one(notice, source)
    except ParseError:
        return None


def _read_one(text: str, source: str) -> Intake:
    notice, returned = split_original(text)
    replies = _bare_replies(notice)
    if len(replies) > 1:
        made = {reply: _failure("", reply) for reply in dict.fromkeys(replies)}
        return Intake(source, Kind.REPLY, tuple(made[reply] for reply in replies))
    headers = quoted_headers(returned)
    fields = dict(reversed(headers))
    original = read_original(fields)
    returned_to = address_in(fields.get("return-path", ""))
    whole = " ".join(notice.split())
    mail_from = returned_to or sender_named(notice) or _objected_sender(whole) or original.from_address
    own = frozenset(each.lower() for each in (mail_from, original.from_address) if each)
    lines = notice.strip().split("\n")
    pairs = read_notice(notice, own) if len(lines) > 2 else []
    if not pairs:
        pairs = [(_mentioned(notice, own), whole)]
    sending = sending_host(headers, "")
    failures = tuple(_failure(recipient, reply or whole, mail_from, sending) for recipient, reply in pairs)
    named = any(f.recipient or f.reply.code or f.reply.enhanced for f in failures)
    if not named and not has_codes(notice) and not _is_a_reason(notice):
        raise ParseError(f"{source or 'input'}: {_NOTHING}")
    return Intake(source, Kind.REPLY, failures, original)


def _is_a_reason(text: str) -> bool:
    """Whether a short text without any code says why mail was refused: `Connection refused`, `mailbox is full`."""
    return len(text) <= _MOST_REASON and any(match.rule != NEAR_RULE for match in read_reply(text).matches)


_REPLY_LINE = re.compile(r"\s*[245]\d\d([ -])\S")


def _bare_replies(text: str) -> list[str]:
    """Replies one after the other: `550-` goes on in the next line, `550 ` ends one (RFC 5321 section 4.2.1)."""
    replies: list[str] = []
    open_reply = False
    for line in text.split("\n"):
        found = _REPLY_LINE.match(line)
        if found is None:
            if line.strip() and replies:
                replies[-1] += " " + line.strip()  # a folded line
            elif line.strip():
                return []
            continue
        if open_reply:
            replies[-1] += " " + line.strip()
        else:
            replies.append(line.strip())
        open_reply = found[1] == "-"
    return replies


def _mentioned(notice: str, own: frozenset[str]) -> str:
    """The one address in the words around the reply."""
    return only_mention("\n".join(line for line in notice.split("\n") if not has_codes(line)), own)


def _failure(recipient: str, reply: str, mail_from: str = "", sending: Host = _NOBODY) -> Failure:
    code, enhanced = codes_in(reply, "")
    inner = layers(reply)[-1]
    mail_from = mail_from or _objected_sender(reply)
    return Failure(
        recipient=recipient or _recipient(reply, mail_from),
        mail_from=mail_from,
        stage=inner.stage,
        reply=SmtpReply(code, enhanced, reply[:4000]),
        remote=Host(inner.host, inner.ip),
        local=replace(sending, helo=sending.helo or helo_in(reply)),
    )


_TO = re.compile(
    r"(?:recipients? ?\(|\brcpt to: ?<|\bto=<|(?:^|[\s:])<)([^\s<>():,;\"]{1,64}@[\w.-]{1,253})(?=[>:)])", re.IGNORECASE
)


def _recipient(reply: str, mail_from: str) -> str:
    """The recipient that a bare reply names in the usual places: `<x@y>:`, `recipients (x@y:...)`."""
    named = (found[1] for found in _TO.finditer(reply))
    return next((address for address in named if address.lower() != mail_from.lower()), "")


# `<x@y>: Sender address rejected`, `Sender verify failed <x@y>`, `SPF fail for x@y`: the MAIL FROM, nobody's recipient.
_FROM = re.compile(
    r"(?:\bsender\b|\bmail from\b|\bfrom=|\bverification failed for|\bbadmailfrom\b|\bspf\b)"
    r"(?:(?!\b(?:to|by|group|recipient|user|mailbox)\b)[^@<>]){0,60}?<?"
    r"(?P<after>[^\s<>():,;\"=]{1,64}@[\w.@-]{1,253})"
    r"|<(?P<before>[^\s<>]{1,64}@[^\s<>]{1,253})>(?::|\.\.\.) ?(?:domain of )?sender\b",
    re.IGNORECASE,
)


def _objected_sender(reply: str) -> str:
    """The MAIL FROM that a reply objects to or quotes, or an empty string."""
    found = _FROM.search(reply)
    return (found["after"] or found["before"]).rstrip(".") if found else ""
