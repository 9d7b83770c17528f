"""What the parts of a mail are, by their use: the notice, the delivery status, and what came back."""

import itertools
import re
from collections.abc import Iterator

from postmend.intake.dsn import MAX_STATUS, Status, read_status
from postmend.intake.notification import read_complaint_notification, read_notification
from postmend.intake.scan import Headers, Part, normalise, part_bytes, part_text, parts, read_headers, split_head
from postmend.intake.wording import has_codes
from postmend.model import ParseError

_STATUS_TYPES = {
    "message/delivery-status",
    "message/global-delivery-status",
    "text/delivery-status",
    "message/xdelivery-status",
}
_ORIGINAL_TYPES = {
    "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers",
    "message/partial",
}  # fmt: skip
_FILE_TYPES = {
    "application/octet-stream", "application/zip", "application/x-zip", "application/x-zip-compressed",
}  # fmt: skip
_ZIP = b"PK\x03\x04"
_A_LINE = 40  # characters: a text that says no more than a heading
_MOST_TEXTS, _MOST_MESSAGES = 4, 64
_MOST_MESSAGE = 1 << 20  # octets of a message that was encoded against RFC 2046 section 5.2.1
_MOST_PIECES = 16  # of a file in an archive, of 64 KiB each
_MOST_ATTACHED = 64 << 10  # octets of a file, which may be a status or the message under another type
_STATUS_IN_TEXT = re.compile(
    r"^Reporting-MTA:.*\n(?:.*\n){0,12}?^(?:Final|Original)-Recipient:", re.MULTILINE | re.IGNORECASE
)

_MESSAGE = re.compile(r"\s*(?:Return-Path|Received|Delivered-To|From|To|Date|Message-ID|MIME-Version): ", re.IGNORECASE)


class Parts:
    """The parts of a mail, sorted."""

    def __init__(self, head: dict[str, str], body: bytes) -> None:
        self.status = Status()
        self._texts: list[Part] = []
        self._files: list[Part] = []
        self._decoded: dict[int, str] = {}
        self.returned: Headers = []
        self.feedback: dict[str, list[str]] | None = None
        self.types: list[str] = []
        self.messages: list[bytes] = []
        for part in parts(head, body):
            self.types.append(part.type)
            self._sort(part)
        self._status_in_text()
        self._read_files()

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
            self._take_message(part)
        elif part.type.startswith("text/") and len(self._texts) < _MOST_TEXTS:
            self._texts.append(part)
        elif part.type in _FILE_TYPES and len(self._files) < _MOST_TEXTS:
            self._files.append(part)

    def _take_message(self, part: Part) -> None:
        """The message that came back, or its headers."""
        body = part_bytes(part, _MOST_MESSAGE).lstrip(b"\n")
        if part.type == "message/rfc822" and len(self.messages) < _MOST_MESSAGES:
            self.messages.append(body)
        if not self.returned:
            block, _ = split_head(body)
            self.returned = read_headers(block)

    def _status_in_text(self) -> None:
        if self.status.recipients:
            return
        for number in range(len(self._texts)):
            text = self._text(number)
            found = _STATUS_IN_TEXT.search(text) if "-recipient:" in text.lower() else None
            if found:
                self.status = read_status(text[found.start() :])
                self._decoded[number] = text[: found.start()]  # its fields are no words of the notice
                return
            notification = read_notification(text)
            if notification:
                self.status = notification
                return
            self.feedback = self.feedback or read_complaint_notification(text)

    def _read_files(self) -> None:
        """A status or a message that was attached as a mere file, packed or not."""
        if self.status.recipients and self.returned:
            return
        for part in itertools.chain.from_iterable(map(_unpacked, self._files)):
            text = part_text(part, _MOST_ATTACHED)
            if _MESSAGE.match(text) and not self.returned:
                self._take_message(Part("message/rfc822", part.headers, part.body))
            elif not self.status.recipients and _STATUS_IN_TEXT.search(text):
                self.status = read_status(text)

    @property
    def inner(self) -> bytes | None:
        """The first message that came back or was attached."""
        return self.messages[0] if self.messages else None

    def _text(self, number: int) -> str:
        """Decode a text when it is asked for: of two alternatives one is mostly enough."""
        known = self._decoded.get(number)
        if known is None:
            known = self._decoded[number] = part_text(self._texts[number])
        return known

    @property
    def text(self) -> str:
        """The notice: the first text if it says more than a line, else two; with a file where it names nobody."""
        first = self._text(0) if self._texts else ""
        if len(self._texts) < 2:
            return first
        names_nobody = self._is_file(1) and not has_codes(first) and "@" not in first
        return f"{first}\n\n{self._text(1)}" if names_nobody or len(first.strip()) <= _A_LINE else first

    def _is_file(self, number: int) -> bool:
        return "attachment" in self._texts[number].headers.get("content-disposition", "").lower()


def _unpacked(part: Part) -> Iterator[Part]:
    """The files in a zip archive, else the part itself; what is damaged or too large is left out."""
    raw = part_bytes(part, _MOST_MESSAGE)
    if not raw.startswith(_ZIP):
        yield part
        return
    from postmend.intake.reports.archive import members

    files = members(raw)
    try:
        for pieces in itertools.islice(files, _MOST_TEXTS):
            data = b"".join(itertools.islice(pieces, _MOST_PIECES))
            yield Part("application/octet-stream", {}, normalise(data))
    except ParseError:
        return
