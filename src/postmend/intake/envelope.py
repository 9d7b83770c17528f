"""The envelope of a message: what was told of it, else what its Received chain and trace fields say."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from postmend.intake.original import address_in, sending_host
from postmend.model.message import Message
from postmend.model.spam import Envelope

_MOST_RCPT = 100
_DRAFT_KEEPS = timedelta(days=365)


def envelope_of(
    message: Message, *, ip: str = "", helo: str = "", mail_from: str | None = None, rcpt: tuple[str, ...] = (),
    told_by: str = "option",
) -> Envelope:  # fmt: skip
    """The envelope, each field from what was told, the trace fields, or the header; `origin` says which.

    `told_by` names where the arguments come from: an option, or the SMTP dialogue.

    The hand-over is the newest Received line that names a public address (RFC 5321 section 4.4).
    """
    origin: dict[str, str] = {}
    pairs = [(each.key, each.value) for each in message.fields]
    host = sending_host(pairs, "")
    ip, origin["ip"] = _first((ip, "option"), (host.ip, "Received"))
    helo, origin["helo"] = _first((helo, told_by), (host.helo if origin["ip"] != "option" else "", "Received"))
    if mail_from is not None:
        origin["mail_from"] = told_by
    elif message.all("return-path"):
        mail_from, origin["mail_from"] = address_in(message.first("return-path")), "Return-Path"
    else:
        mail_from, origin["mail_from"] = _first((address_in(message.first("from")), "From"))
    if rcpt:
        origin["rcpt"] = told_by
    else:
        rcpt, origin["rcpt"] = _recipients(message)
    return Envelope(ip, helo, mail_from, rcpt, {name: where for name, where in origin.items() if where})


def _first(*choices: tuple[str, str]) -> tuple[str, str]:
    return next((choice for choice in choices if choice[0]), ("", ""))


def _recipients(message: Message) -> tuple[tuple[str, ...], str]:
    for name, shown in (("delivered-to", "Delivered-To"), ("x-original-to", "X-Original-To"), ("to", "To")):
        found = [address_in(piece) for each in message.all(name) for piece in each.value.split(",")]
        found = [address for address in found if address]
        if found:
            return tuple(dict.fromkeys(found))[: 1 if name != "to" else _MOST_RCPT], shown
    return (), ""


def moment_of(message: Message, now: datetime) -> datetime:
    """When the receiver gets the message: the newest Received line's time, else its Date if that is of the last year.

    A draft or a saved message is judged as if it had been sent when it was written.
    """
    for each in message.all("received")[:1]:
        made = _time(each.value.rpartition(";")[2])
        if made is not None:
            return made
    written = _time(message.first("date"))
    return written if written and now - _DRAFT_KEEPS < written <= now else now


def _time(value: str) -> datetime | None:
    try:
        made = parsedate_to_datetime(value.strip())
        return (made if made.tzinfo else made.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def with_trace(message: Message, envelope: Envelope, moment: datetime) -> bytes:
    """The message as the receiving server would write it down: for a filter that reads the envelope from it.

    Where the hand-over comes from the message's own Received lines it stays as it is.
    """
    lines = []
    if envelope.ip and envelope.origin.get("ip") == "option":
        helo = envelope.helo or f"[{envelope.ip}]"
        rcpt = f"\r\n\tfor <{envelope.rcpt[0]}>" if envelope.rcpt else ""
        lines.append(
            f"Received: from {helo} ({helo} [{envelope.ip}])\r\n\tby mx.receiver.invalid (Postfix) with ESMTPS id 0"
            f"{rcpt}; {format_datetime(moment)}\r\n"
        )  # fmt: skip
    if not message.all("return-path") and envelope.mail_from is not None:
        lines.insert(0, f"Return-Path: <{envelope.mail_from}>\r\n")
    clean = "".join(lines)
    crlf = b"\r\n" in message.raw[:4096]
    return (clean if crlf else clean.replace("\r\n", "\n")).encode("utf-8", "replace") + message.raw
