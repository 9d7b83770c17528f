"""Mails and reports as the input of `postmend report`: bounces, complaints, DMARC and TLS reports, packed or not."""

import mmap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path

from postmend.app.inputs import Source, open_bytes
from postmend.intake import read_any
from postmend.intake.logs import Origin, Outcome
from postmend.intake.logs.clock import minutes
from postmend.intake.logs.tables import time_of
from postmend.intake.mbox import is_mbox, split_mbox
from postmend.intake.reports import DmarcReader, members, read_tls
from postmend.intake.reports.archive import PIECE, is_packed
from postmend.intake.reports.attached import attached
from postmend.intake.scan import normalise, read_headers, split_head
from postmend.model import Action, Failure, Intake, Kind, ParseError
from postmend.traffic.received import Received
from postmend.traffic.stitch import Stitcher

_OUTCOMES = {Action.FAILED: Outcome.BOUNCED, Action.DELAYED: Outcome.DEFERRED}
_BLANK = b"\xef\xbb\xbf \t\r\n"  # and a byte order mark
_TOLD = 20  # faults of one file
_PASTED = 50  # lines that somebody pastes
_AROUND = 20  # lines that somebody pastes around a reply
_MAIL = 64 << 20  # bytes of one mail that are looked at for a report
_LARGE = 1 << 20  # bytes of a report that is not held in memory


def is_report(head: bytes) -> bool:
    """Whether a file is a DMARC or TLS report by itself (`head` is unpacked as far as gzip goes)."""
    start = head.lstrip(_BLANK)[:600]
    if is_packed(start):
        return True
    if start.startswith(b"<"):
        return b"<feedback" in start or start.startswith(b"<?xml") or b"<!DOCTYPE" in start
    return start.startswith(b"{") and b'"organization-name"' in head and b'"policies"' in head


class Mails:
    """Takes mails and reports; what they say goes to `stitcher` and `received`."""

    def __init__(self, stitcher: Stitcher, received: Received) -> None:
        self.mails = 0
        self.bounces = 0
        self._stitcher = stitcher
        self._received = received
        self._dmarc = DmarcReader()
        self._path: Path | None = None  # what is being read

    def take(self, source: Source, problem: Callable[[str], None]) -> None:
        """Read one file; what cannot be read is told."""
        try:
            self._path = source.path
            if source.path is not None and source.path.stat().st_size > _LARGE and _is_xml(source.path):
                self._received.dmarc(self._dmarc.read(_pieces(source.path)))
                return
            with open_bytes(source) as raw:
                if is_mbox(raw):
                    for number, mail in enumerate(split_mbox(raw), 1):
                        self._one(mail, f"{source.name}#{number}", problem)
                elif is_report(bytes(raw[: 64 << 10])):
                    self._reports(raw, source.name, problem)
                else:
                    self._one(bytes(raw[:_MAIL]), source.name, problem)
        except (ParseError, OSError) as error:
            problem(f"{source.name}: {str(error).removeprefix(source.name + ': ')}")

    def _report(self, raw: bytes | mmap.mmap) -> Iterator[ParseError | None]:
        """Read a report, or an archive of some; what was wrong with each, None for nothing."""
        for pieces in members(raw):
            try:
                first = next(pieces, b"")
                if first.lstrip(_BLANK)[:1] == b"{":
                    self._received.tls(read_tls(chain((first,), pieces)))
                else:
                    self._received.dmarc(self._dmarc.read(chain((first,), pieces)))
                yield None
            except ParseError as error:
                yield error

    def _reports(self, raw: bytes | mmap.mmap, name: str, problem: Callable[[str], None]) -> bool:
        """Whether there was a report that could be read; what could not is told."""
        outcomes = list[ParseError | None]()
        try:
            outcomes += self._report(raw)
        except ParseError as error:
            outcomes.append(error)
        for wrong in [each for each in outcomes if each][:_TOLD]:
            problem(f"{name}: {wrong}")
        return None in outcomes

    def _one(self, mail: bytes, name: str, problem: Callable[[str], None]) -> None:
        self.mails += 1
        reported = False
        for blob in attached(mail):
            if is_report(blob[: 64 << 10]):
                reported |= self._reports(blob, name, problem)
        if reported:
            return
        try:
            for intake in read_any(mail, name):
                if _strewn(intake, mail):
                    lines, found = mail.count(b"\n"), len(intake.failures)
                    raise ParseError(
                        f"{name}: no log, mail or report; {found:,} of its {lines:,} lines looks like a reply"
                    )
                self._intake(intake, mail)
        except ParseError as error:
            problem(str(error))

    def _intake(self, intake: Intake, mail: bytes) -> None:
        at = _date(mail)
        at = at if at >= 0 or self._path is None else _written(self._path)
        if intake.kind is Kind.ARF and intake.feedback is not None:
            feedback = intake.feedback
            to = feedback.original_rcpt_to[0] if feedback.original_rcpt_to else ""
            mail_from = intake.original.from_address or feedback.original_mail_from
            when = _minute(feedback.arrival_date)
            self._stitcher.complaint(
                when if when >= 0 else at, to.encode(), mail_from.encode(), feedback.source_ip.encode(),
                feedback.user_agent.partition("/")[0].lower().encode("utf-8", "replace"),
            )  # fmt: skip
        for failure in intake.failures:
            outcome = _OUTCOMES.get(failure.action)
            if outcome is not None:
                self.bounces += 1
                self._bounce(failure, outcome, at)

    def _bounce(self, failure: Failure, outcome: Outcome, at: int) -> None:
        when, key = _minute(failure.when), f"mail {self.bounces}".encode()
        at = when if when >= 0 else at
        relay = f"{failure.remote.host}[{failure.remote.ip}]" if failure.remote.host or failure.remote.ip else ""
        status = str(failure.reply.enhanced or "").encode()
        book = self._stitcher.host(b"")
        book.begin(key, Origin())
        book.sender(key, failure.mail_from.encode("utf-8", "replace"))
        book.attempt(
            at, key, failure.recipient.encode("utf-8", "replace"), outcome, relay.encode("utf-8", "replace"),
            failure.reply.text.encode("utf-8", "replace"), status,
        )  # fmt: skip
        book.removed(key)


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return is_report(head := file.read(1 << 16)) and head.lstrip(_BLANK).startswith(b"<")


def _pieces(path: Path) -> Iterator[bytes]:
    """A report by itself may be large: it is not mapped, so that it does not lie in memory."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _minute(text: str) -> int:
    """Minutes since 1970 by the clock that wrote `text`, -1 for none."""
    if not text:
        return -1
    try:
        return _of(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return time_of(text)


def _of(when: datetime) -> int:
    at = minutes(when.year, when.month, when.day, when.hour, when.minute)
    return -1 if at is None else at


def _strewn(intake: Intake, raw: bytes) -> bool:
    """Whether a long text holds so few replies that it is a program or a manual rather than what somebody pasted."""
    lines = raw.count(b"\n")
    pasted = intake.kind is Kind.REPLY and not intake.family
    return pasted and lines > _PASTED and len(intake.failures) * _AROUND < lines


def _written(path: Path) -> int:
    """When a file was written: the minute of a mail in it that names none."""
    return _of(datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone())


def _date(mail: bytes) -> int:
    block, _ = split_head(normalise(mail[: 256 << 10]))
    return _minute(dict(reversed(read_headers(block))).get("date", ""))
