"""One mail, from bytes to an Intake: take it apart, say what it is, and read who was refused."""

import re
from dataclasses import replace

from postmend.intake.anatomy import Parts
from postmend.intake.complaint import read_complaint
from postmend.intake.dsn import Recipient, Status
from postmend.intake.failures import Material, complete
from postmend.intake.forwarded import quoted_mail
from postmend.intake.kind import kind_by_form, looks_like_notice
from postmend.intake.original import address_in, first, quoted_headers, read_original, sending_host, split_original
from postmend.intake.scan import Headers, decode_words, read_headers, split_head
from postmend.intake.understood import Understood, understand
from postmend.model import Action, Failure, Host, Intake, Kind, Original, SmtpReply

_NAMES_OF_MAIL = {
    "from", "to", "subject", "received", "return-path", "date", "message-id", "content-type", "mime-version",
}  # fmt: skip
_REFUSALS = {Kind.DSN, Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED}
_ACTIONS = {Kind.DELAY: Action.DELAYED, Kind.DELIVERED: Action.DELIVERED}
_MOST_MESSAGE = 1 << 20  # octets of a returned message that are kept for its signatures
_MOST_DEEP = 2  # how often a notice may have been passed on
# A whole notice may stand in the text where a report's part should be.
_REPORT_INSIDE = re.compile(
    rb"multipart/report\s*;[^\n]*(?:\n[ \t][^\n]*)*?report-type=\"?delivery-status", re.IGNORECASE
)
_COMPLAINT = re.compile(r"complaint about (?:a )?message|abuse report|spam report", re.IGNORECASE)
_ENVELOPE_FROM = re.compile(r"\(envelope-from <([^<>\s]{3,320})>\)")
_POSTMASTER = re.compile(r"(?:post-?master|mailer-daemon|root)@", re.IGNORECASE)
_NO_GROUP = Recipient()


def is_mail(head: dict[str, str]) -> bool:
    """Whether a block of headers is that of a mail, not a pasted text with a colon in it."""
    return len(head.keys() & _NAMES_OF_MAIL) >= 2


def read_mail(raw: bytes, source: str, depth: int = 0) -> Intake | None:
    """Read one mail with LF line ends; None if it has no mail headers. Raises ParseError if nothing is in it."""
    block, at = split_head(raw)
    head = dict(reversed(read_headers(block)))
    if not is_mail(head):
        return None
    found = Parts(head, raw[at:])
    if depth < _MOST_DEEP and not found.status.recipients and _is_passed_on(head, found):
        passed_on = _passed_on(found, source, depth + 1)
        if passed_on is not None:
            return passed_on
    notice, headers = _notice(found)
    fields = dict(reversed(headers))
    kept = found.inner if found.inner is not None and len(found.inner) <= _MOST_MESSAGE else b""
    original = read_original(fields, kept)
    complaint = _is_complaint(head, found)
    if complaint or not found.status.recipients:
        form = kind_by_form(head, complaint=complaint, notice=notice, types=tuple(found.types))
        if form is not None:
            told_by_form = read_complaint(found.feedback or {}) if form is Kind.ARF else None
            return Intake(source, form, (), original, told_by_form)
    material = _material(head, found.status, notice, original, fields, headers)
    understood = understand(material)
    kind = understood.kind
    if kind is Kind.NOT_A_BOUNCE or (kind is Kind.BOUNCE and not understood.told):
        passed_on = _passed_on(found, source, depth + 1) if depth < _MOST_DEEP else None
        return passed_on or Intake(source, Kind.NOT_A_BOUNCE, (), original)
    local = sending_host(headers, found.status.reporting_mta)
    return Intake(source, kind, _failures(understood, found.status, material.mail_from, local), original)


def _notice(found: Parts) -> tuple[str, Headers]:
    """The notice, and the headers of the message that was refused, which may stand below it in the same text."""
    if found.returned and complete(found.status.recipients):
        return found.text, found.returned  # all that is asked of it is what stands with the recipient
    notice, returned = split_original(found.text)
    return notice, found.returned or (quoted_headers(returned) if returned else [])


def _is_complaint(head: dict[str, str], found: Parts) -> bool:
    """A feedback report, or its forerunners: Hotmail's mail about a message, Apple's unsubscription."""
    if found.feedback is not None or "x-apple-unsubscribe" in head:
        return True
    if "feedback-report" in head.get("content-type", "").lower():
        return True
    if "message/rfc822" not in found.types:
        return False
    return _COMPLAINT.search(decode_words(head.get("subject", ""))) is not None


def _is_passed_on(head: dict[str, str], found: Parts) -> bool:
    """Whether a gateway or a person passed a notice on: as it came, or quoted below their own words."""
    if found.inner and _REPORT_INSIDE.search(found.inner[:16384]):
        return True
    if looks_like_notice(head.get("from", ""), ""):
        return False
    if found.messages:
        return looks_like_notice(next((value for name, value in found.returned if name == "from"), ""), "")
    return quoted_mail(found.text) is not None


def _passed_on(found: Parts, source: str, depth: int) -> Intake | None:
    """The notices that a person attached, or the one that is quoted, asking what it means."""
    attached = [read_mail(inside, source, depth) for inside in found.messages]
    told = [intake for intake in attached if intake and intake.kind in _REFUSALS]
    if not told and (quoted := quoted_mail(found.text)) is not None:
        intake = read_mail(quoted, source, depth)
        told = [intake] if intake and intake.kind in _REFUSALS else []
    if len(told) < 2:
        return told[0] if told else None
    return replace(told[0], failures=tuple(failure for each in told for failure in each.failures))


def _mail_from(head: dict[str, str], status: Status, original: Original, returned: dict[str, str]) -> str:
    """The reverse-path of what was refused, as far as the mail tells.

    Where nothing names it, a notice went to it (RFC 3461 section 6.1): its To, unless that is a postmaster's copy.
    """
    path = address_in(first(returned, "return-path", "x-envelope-from", "x-original-sender"))
    told = path or status.sender or _envelope_from(original.received)
    if told:
        return told
    back = address_in(head.get("to", ""))
    return ("" if _POSTMASTER.match(back) else back) or original.from_address or back


def _envelope_from(received: str) -> str:
    """The MAIL FROM as Exim and sendmail write it into their Received lines."""
    found = _ENVELOPE_FROM.search(received)
    return found[1] if found else ""


def _material(
    head: dict[str, str], status: Status, notice: str, original: Original, returned: dict[str, str], headers: Headers
) -> Material:
    """`returned` are the first of each of the `headers` of the message that was refused."""
    mail_from = _mail_from(head, status, original, returned)
    posts = address_in(first(returned, "list-post", "x-beenthere").replace("mailto:", "")).lower()
    to_list = bool(posts) and any(name in {"to", "cc"} and posts in value.lower() for name, value in headers)
    return Material(head, status.recipients, notice, mail_from, original.from_address, original.to, to_list)


def _failures(found: Understood, status: Status, mail_from: str, local: Host) -> tuple[Failure, ...]:
    made = []
    for told, reading in zip(found.told, found.readings, strict=True):
        group = status.recipients[told.group] if told.group >= 0 else _NO_GROUP
        made.append(
            Failure(
                recipient=told.recipient,
                original_recipient=told.original,
                mail_from=mail_from,
                action=_ACTIONS.get(found.kind, Action.FAILED),
                stage=told.stage,
                reply=SmtpReply(told.code, told.enhanced, told.reply),
                notice=told.notice,
                remote=Host(told.host.lower(), group.remote_ip or told.ip),
                local=Host(local.host, local.ip, told.helo) if told.helo and not local.helo else local,
                reporting_mta=status.reporting_mta,
                queue_id=status.queue_id,
                when=group.last_attempt or status.arrival,
                reading=reading,
            )
        )
    return tuple(made)
