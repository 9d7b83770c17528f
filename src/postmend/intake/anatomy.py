"""What the parts of a mail are, by their use: the notice, the delivery status, and what came back."""

import re

from postmend.intake.dsn import MAX_STATUS, Status, read_status
from postmend.intake.notification import read_notification
from postmend.intake.scan import Headers, Part, part_text, parts, read_headers, split_head

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status", "text/delivery-status"}
_ORIGINAL_TYPES = {
    "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers",
    "message/partial",
}  # fmt: skip
_MOST_TEXTS = 4
_STATUS_IN_TEXT = re.compile(
    r"^Reporting-MTA:.*\n(?:.*\n){0,12}?^(?:Final|Original)-Recipient:", re.MULTILINE | re.IGNORECASE
)


class Parts:
    """The parts of a mail, sorted."""

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
        for number in range(len(self._texts)):
            text = self._text(number)
            found = _STATUS_IN_TEXT.search(text)
            if found:
                self.status = read_status(text[found.start() :])
                self._decoded[number] = text[: found.start()]  # its fields are no words of the notice
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
