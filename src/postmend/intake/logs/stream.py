"""Chunks of a log's bytes to whole lines, to the format that they are in, to a sink. Bounded whatever comes.

A line longer than LONGEST is cut. Every line is accounted for: used, known, another program's, or not understood.
"""

import re
from collections.abc import Callable

from postmend.intake.logs.clock import Clock
from postmend.intake.logs.events import Events, is_events
from postmend.intake.logs.exim import IDENT, Exim
from postmend.intake.logs.exim import LINE as EXIM_LINE
from postmend.intake.logs.journal import Journal, journal_form
from postmend.intake.logs.opensmtpd import PROGRAMS as OPENSMTPD
from postmend.intake.logs.opensmtpd import OpenSmtpd
from postmend.intake.logs.postfix import Handler, Postfix
from postmend.intake.logs.sendmail import PROGRAMS as SENDMAIL
from postmend.intake.logs.sendmail import Sendmail
from postmend.intake.logs.sink import Kept, Sink
from postmend.intake.logs.syslog import ISO, TRADITIONAL
from postmend.intake.logs.syslog import LINE as SYSLOG_LINE
from postmend.intake.logs.tables import Table, table_form

LONGEST = 256 << 10
_EXIM_AFTER = re.compile(
    rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:[+-]\d{4} )?(?:\[\d+\] )?)?(?:(" + IDENT + rb") )?(.*)"
)
_SAMPLE = 200  # characters of a line that was not understood
_LOOKS = 64 << 10
_MOST_PROGRAMS = 10_000
_DASH, _SPACE = b"- "
_USED, _KNOWN, _UNKNOWN = Kept.USED, Kept.KNOWN, Kept.UNKNOWN


def sniff(head: bytes) -> str:
    """The form by the first lines: `syslog`, `exim`, `journal ...`, `table ...`, `events`; empty where it is none."""
    head = head[:_LOOKS]
    for name, form in (("journal", journal_form(head)), ("table", table_form(head))):
        if form:
            return f"{name} {form}"
    if is_events(head):
        return "events"
    votes = {
        "exim": sum(1 for _ in EXIM_LINE.finditer(head)),
        "syslog": sum(1 for _ in SYSLOG_LINE.finditer(head)),
    }
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] else ""


class LogReader:
    """Reads one log. `feed` it chunks in order, then `close` it. `tally` counts lines by `Kept`."""

    def __init__(self, sink: Sink, year: int, form: str = "", host: bytes = b"") -> None:
        self.tally = [0, 0, 0, 0]
        self.strange: list[bytes] = []
        self.clock = Clock(year)
        self._sink = sink
        self._form = form
        self._host = host  # for logs that name none
        self._rest = b""
        self._skipping = False
        self._exim = Exim(sink)
        self._postfix = Postfix(sink)
        self._sendmail, self._opensmtpd = Sendmail(sink), OpenSmtpd(sink)
        self._journal: Journal | None = None
        self._read: Callable[[bytes], Kept] | None = None
        self._handlers: dict[bytes, Handler] = {}

    def feed(self, chunk: bytes) -> None:
        """Read the whole lines of what has come so far; the rest waits for the next chunk."""
        if self._skipping:
            end = chunk.find(b"\n")
            if end < 0:
                return
            chunk, self._skipping = chunk[end + 1 :], False
        chunk = self._rest + chunk
        end = chunk.rfind(b"\n") + 1
        self._rest = chunk[end:]
        if len(self._rest) > LONGEST:
            end, chunk = len(chunk) + 1, chunk[: end + LONGEST] + b"\n"
            self._rest, self._skipping = b"", True
        if end:
            self._lines(chunk if end >= len(chunk) else chunk[:end])

    def close(self) -> None:
        """Read a last line that has no line end."""
        rest, self._rest = self._rest, b""
        if rest.strip():
            self._lines(rest + b"\n")
        if self._journal is not None:
            self.tally[self._journal.close()] += 1

    def _lines(self, block: bytes) -> None:
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        self._form = self._form or sniff(block) or "syslog"
        lines = block.split(b"\n")
        if self._form == "exim":
            self._exim_lines(lines)
        elif self._form == "syslog":
            self._syslog_lines(lines)
        else:
            self._other_lines(lines)

    def _other_lines(self, lines: list[bytes]) -> None:
        """Forms that bring a reader of single lines."""
        self._read = self._read or self._reader()
        lines.pop()  # behind the last line end
        for line in lines:
            kept = self._read(line)
            if kept is _UNKNOWN:
                self._strange(line)
            else:
                self.tally[kept] += 1

    def _reader(self) -> Callable[[bytes], Kept]:
        name, _, form = self._form.partition(" ")
        if name == "journal":
            self._journal = Journal(self._entry, form)
            return self._journal.line
        return Table(self._sink, form).line if name == "table" else Events(self._sink).line

    def _entry(self, at: int, host: bytes, program: bytes, message: bytes) -> Kept:
        word, _, rest = message.partition(b" ")
        return self._handler(program)(at, host, word, rest)

    def _strange(self, line: bytes) -> None:
        self.tally[Kept.UNKNOWN] += 1
        if len(self.strange) < 5:
            self.strange.append(line[:_SAMPLE])

    def _exim_lines(self, lines: list[bytes]) -> None:
        """The loop that everything of Exim's main log goes through."""
        tally, minute, read, host = self.tally, self.clock.minute, self._exim.marked, self._host
        used = 0
        last, at = b"", -1
        for line in lines:
            try:  # `2026-11-24 20:21:05 1vNabc-0000000AbCd-1xYz <= `, or the shorter id of before 4.97
                end = 36 if line[33] == _DASH else 43
                common = line[end] == _SPACE == line[19] and line[26] == _DASH == line[33 if end == 36 else 38]
            except IndexError:
                common = False
            if not common:
                self._uncommon_exim(line)
                continue
            stamp = line[:ISO]
            if stamp != last:
                last, at = stamp, minute(stamp)
            if at < 0:
                self._strange(line)
                continue
            kept = read(at, host, line[20:end], line[end + 1 : end + 3], line, end + 4)
            if kept is _USED:
                used += 1
            elif kept is _UNKNOWN:
                self._strange(line)
            else:
                tally[kept] += 1
        tally[_USED] += used

    def _uncommon_exim(self, line: bytes) -> None:
        """A line with a zone or a process id before the message id, without an id, or of another form."""
        found = EXIM_LINE.match(line)
        if found is None:
            if line.strip():
                self._strange(line)
            return
        stamp, ident, rest = found.groups(b"")
        at = self.clock.minute(stamp)
        kept = self._exim.line(at, self._host, ident, rest) if at >= 0 else _UNKNOWN
        if kept is _UNKNOWN:
            self._strange(line)
        else:
            self.tally[kept] += 1

    def _syslog_lines(self, lines: list[bytes]) -> None:
        """The loop that everything of a syslog goes through: as little as can be for a line of no interest."""
        tally, minute, handlers = self.tally, self.clock.minute, self._handlers
        known = used = 0
        last, at = b"", -1
        for line in lines:
            try:
                if line[4:5] == b"-":
                    _, host, program, word, rest = line.split(None, 4)
                    stamp = line[:ISO]
                else:
                    _, _, _, host, program, word, rest = line.split(None, 6)
                    stamp = line[:TRADITIONAL]
            except ValueError:
                self._uncommon(line)
                continue
            if stamp != last:
                last, at = stamp, minute(stamp)
            handler = handlers.get(program.partition(b"[")[0]) or self._met(program)
            if handler is None or at < 0:
                self._uncommon(line)
                continue
            kept = handler(at, host, word, rest)
            if kept is _KNOWN:
                known += 1
            elif kept is _USED:
                used += 1
            elif kept is _UNKNOWN:
                self._strange(line)
            else:
                tally[kept] += 1
        tally[_KNOWN] += known
        tally[_USED] += used

    def _uncommon(self, line: bytes) -> None:
        """A line in another frame, or in none at all."""
        found = SYSLOG_LINE.match(line)
        if found is None:
            if line.strip():
                self._strange(line)
            return
        stamp, host, program, message = found.groups(b"")
        at = self.clock.minute(stamp)
        word, _, rest = message.partition(b" ")
        kept = self._handler(program)(at, host, word, rest) if at >= 0 else _UNKNOWN
        if kept is _UNKNOWN:
            self._strange(line)
        else:
            self.tally[kept] += 1

    def _met(self, token: bytes) -> Handler | None:
        """The handler of `postfix/smtp[123]:`, met for the first time; None where it is no program's name."""
        name, bracket, pid = token.partition(b"[")
        if not token.endswith(b":") or (bracket and not pid.endswith(b"]:")):
            return None
        if len(self._handlers) > _MOST_PROGRAMS:
            self._handlers.clear()
        handler = self._handlers[name] = self._handler(name.rstrip(b":"))
        return handler

    def _handler(self, program: bytes) -> Handler:
        made = self._postfix.handler(program)
        if made is not None:
            return made
        if program in SENDMAIL:
            return self._sendmail.handler
        if program in OPENSMTPD:
            return self._opensmtpd.handler
        return self._exim_in_syslog if program.lower().startswith(b"exim") else _foreign

    def _exim_in_syslog(self, at: int, host: bytes, word: bytes, rest: bytes) -> Kept:
        found = _EXIM_AFTER.match(b"%s %s" % (word, rest))
        ident, behind = found.groups(b"") if found else (b"", b"")
        return self._exim.line(at, host, ident, behind)


def _foreign(at: int, host: bytes, word: bytes, rest: bytes) -> Kept:  # noqa: ARG001  a Handler
    return Kept.FOREIGN
