"""One mail, from bytes to an Intake: take it apart, say what it is, and read who was refused."""

import re

from postmend.intake.complaint import read_complaint
from postmend.intake.dsn import MAX_STATUS, Status, read_status
from postmend.intake.failures import Material, failures_of
from postmend.intake.forwarded import quoted_mail
from postmend.intake.kind import kind_of
from postmend.intake.notice import split_original
from postmend.intake.notification import read_notification
from postmend.intake.original import quoted_headers, read_original
from postmend.intake.scan import Headers, Part, decode_words, part_text, parts, read_headers, split_head
from postmend.model import Failure, Intake, Kind

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status", "text/delivery-status"}
_ORIGINAL_TYPES = {
    "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers",
    "message/partial",
}  # fmt: skip
_NAMES_OF_MAIL = {
    "from", "to", "subject", "received", "return-path", "date", "message-id", "content-type", "mime-version",
}  # fmt: skip
_REFUSALS = {Kind.DSN, Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED}
_MOST_MESSAGE = 1 << 20  # octets of a returned message that are kept for its signatures
_MOST_TEXTS = 4
_MOST_DEEP = 2  # how often a notice may have been passed on
# A whole notice may stand in the text where a report's part should be.
_REPORT_INSIDE = re.compile(
    rb"multipart/report\s*;[^\n]*(?:\n[ \t][^\n]*)*?report-type=\"?delivery-status", re.IGNORECASE
)
_COMPLAINT = re.compile(r"complaint about (?:a )?message|abuse report|spam report", re.IGNORECASE)
_STATUS_IN_TEXT = re.compile(
    r"^Reporting-MTA:.*\n(?:.*\n){0,12}?^(?:Final|Original)-Recipient:", re.MULTILINE | re.IGNORECASE
)


class _Parts:
    """What the parts of a mail are, by their use."""

    def __init__(self, head: dict[str, str], body: bytes) -> None:
        self.status = Status()
        self._texts: list[Part] = []
        self._decoded: dict[int, str] = {}
        self.returned: Headers = []
        self.feedback: dict[str, list[str]] | None = None
        self.types: list[str] = []
        self.inner: bytes | None = None
        for part in parts(head, body):
            self.types.append(part.type)
            self._sort(part)
        self._status_in_text()

    def _sort(self, part: Part) -> None:
        if part.type in _STATUS_TYPES:
            status = read_status(part_text(part, MAX_STATUS))
            if status.recipients or not self.status.recipients:
                self.status = status
        elif part.type == "message/feedback-report":
            self.feedback = {}
            for name, value in read_headers(part_text(part).encode()):
                self.feedback.setdefault(name, []).append(value)
        elif part.type in _ORIGINAL_TYPES:
            if part.type == "message/rfc822" and self.inner is None:
                self.inner = part.body.lstrip(b"\n")
            if not self.returned:
                block, _ = split_head(part.body.lstrip(b"\n"))
                self.returned = read_headers(block)
        elif part.type.startswith("text/") and len(self._texts) < _MOST_TEXTS:
            self._texts.append(part)

    def _status_in_text(self) -> None:
        if self.status.recipients:
            return
        for text in map(self._text, range(len(self._texts))):
            found = _STATUS_IN_TEXT.search(text)
            if found:
                self.status = read_status(text[found.start() :])
                return
            notification = read_notification(text)
            if notification:
                self.status = notification
                return

    def _text(self, number: int) -> str:
        """Decode a text when it is asked for: of two alternatives one is mostly enough."""
        known = self._decoded.get(number)
        if known is None:
            known = self._decoded[number] = part_text(self._texts[number])
        return known

    @property
    def text(self) -> str:
        """The notice: the first text that says more than a line, else the first two."""
        first = self._text(0) if self._texts else ""
        enough = len(first.strip()) > 40 or len(self._texts) < 2
        return first if enough else f"{first}\n\n{self._text(1)}"


def is_mail(head: dict[str, str]) -> bool:
    """Whether a block of headers is that of a mail, not a pasted text with a colon in it."""
    return len(head.keys() & _NAMES_OF_MAIL) >= 2


def _is_complaint(head: dict[str, str], found: _Parts) -> bool:
    """A feedback report, or its forerunners: Hotmail's mail about a message, Apple's unsubscription."""
    if found.feedback is not None or "x-apple-unsubscribe" in head:
        return True
    if "message/rfc822" not in found.types:
        return False
    return _COMPLAINT.search(decode_words(head.get("subject", ""))) is not None


def _passed_on(found: _Parts, source: str, depth: int) -> Intake | None:
    """The notice that a person attached or quoted, asking what it means."""
    for inside in (found.inner, quoted_mail(found.text)):
        intake = read_mail(inside, source, depth) if inside else None
        if intake is not None and intake.kind in _REFUSALS:
            return intake
    return None


def read_mail(raw: bytes, source: str, depth: int = 0) -> Intake | None:
    """Read one mail with LF line ends; None if it has no mail headers. Raises ParseError if nothing is in it."""
    block, at = split_head(raw)
    head = dict(reversed(read_headers(block)))
    if not is_mail(head):
        return None
    found = _Parts(head, raw[at:])
    if (
        depth == 0
        and found.inner is not None
        and not found.status.recipients
        and _REPORT_INSIDE.search(found.inner[:16384])
    ):
        # A gateway or a person passed the whole report on, as an attachment.
        return read_mail(found.inner, source, depth + 1)
    notice, returned = split_original(found.text)
    returned_headers = found.returned
    if not returned_headers and returned:
        returned_headers = quoted_headers(returned)
    fields = dict(reversed(returned_headers))
    kept = found.inner if found.inner is not None and len(found.inner) <= _MOST_MESSAGE else b""
    original = read_original(fields, kept)
    kind = kind_of(
        head, found.status, complaint=_is_complaint(head, found), notice=notice, types=tuple(found.types)
    )  # fmt: skip
    if kind is Kind.ARF:
        return Intake(source, kind, (), original, read_complaint(found.feedback or {}))
    failures: tuple[Failure, ...] = ()
    if kind in _REFUSALS:
        failures = failures_of(Material(kind, head, found.status, notice, original, fields, returned_headers))
    if kind is Kind.NOT_A_BOUNCE or (kind is Kind.BOUNCE and not failures):
        passed_on = _passed_on(found, source, depth + 1) if depth < _MOST_DEEP else None
        return passed_on or Intake(source, Kind.NOT_A_BOUNCE, (), original)
    return Intake(source, kind, failures, original)
