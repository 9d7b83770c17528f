"""A mail queue as its program lists it: Postfix's `mailq` (also `postqueue -j`) and Sendmail's.

The listing says why each message waits, so it is as good as the log lines of its last attempts.
"""

import re

import msgspec

from postmend.intake.logs.sink import HostSink, Outcome

# `4XYZ*  2048 Tue Nov 24 10:00:00  anna@example.org`: `*` is being sent now, `!` is on hold, `#` will be given up.
_MESSAGE = re.compile(
    rb"(?P<id>[A-Za-z0-9]{6,30})[*!#-]?\s+\d+ +\w{3} \w{3} +\d+ \d\d:\d\d(?::\d\d)?\s+<?(?P<sender>[^\s<>]+)>?$"
)
_REASON = re.compile(rb"\s*\((?P<reason>.+)\)$")
_RECIPIENT = re.compile(rb"\s+<?(?P<recipient>[^\s<>()]+@[^\s<>()]+)>?$")
_HEADS = (b"-Queue ID-", b"-----Q-ID-----")
_JSON = b'"delay_reason"'
# ` 2d  2.9K 1rKabc-000000001zX-0123 <anna@example.org>`: `exim -bp`
_EXIM = re.compile(rb"^ *\d+[smhdw] +[\d.]+[KMG]? +\w{6}-\w{6,11}-\w{2,4} <", re.MULTILINE)


def is_queue(head: bytes) -> bool:
    """Whether it is the listing of a queue that says why mail waits."""
    return any(mark in head for mark in _HEADS) or (head.lstrip()[:1] == b"{" and _JSON in head)


def is_queue_without_reasons(head: bytes) -> bool:
    """Whether it is Exim's listing: who waits, and not why."""
    return _EXIM.search(head) is not None


class Queue:
    """Hands a listing to a sink: each recipient that waits is an attempt put off, with the reason that stands there.

    Postfix writes the reason before its recipients, Sendmail the message's own before all of them.
    """

    def __init__(self, sink: HostSink) -> None:
        self._sink = sink
        self._ident = b""
        self._reason = b""

    def line(self, raw: bytes) -> None:
        """One line of the listing; what is none of its lines is passed over."""
        raw = raw.rstrip()
        if raw.startswith(b"{"):
            self._entry(raw)
        elif found := _MESSAGE.match(raw):
            self._ident, self._reason = found["id"], b""
            self._sink.sender(self._ident, found["sender"])
        elif found := _REASON.match(raw):
            self._reason = found["reason"]
        elif self._ident and self._reason and (found := _RECIPIENT.match(raw)):
            self._wait(self._ident, found["recipient"], self._reason)

    def _entry(self, raw: bytes) -> None:
        """One message of `postqueue -j` (postqueue(1), JSON OBJECT FORMAT)."""
        try:
            entry = msgspec.json.decode(raw, type=_Entry)
        except (msgspec.MsgspecError, RecursionError):
            return
        ident = entry.queue_id.encode()
        self._sink.sender(ident, entry.sender.encode())
        for waiting in entry.recipients:
            if waiting.delay_reason:
                self._wait(ident, waiting.address.encode(), waiting.delay_reason.encode())

    def _wait(self, ident: bytes, recipient: bytes, reason: bytes) -> None:
        self._sink.attempt(0, ident, recipient, Outcome.DEFERRED, b"none", reason)


class _Waiting(msgspec.Struct):
    address: str = ""
    delay_reason: str = ""


class _Entry(msgspec.Struct):
    queue_id: str = ""
    sender: str = ""
    recipients: list[_Waiting] = []
