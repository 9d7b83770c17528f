"""Which program's messages are read by whom, and for which host."""

import re

from postmend.intake.logs.exim import IDENT, Exim
from postmend.intake.logs.opensmtpd import PROGRAMS as OPENSMTPD
from postmend.intake.logs.opensmtpd import OpenSmtpd
from postmend.intake.logs.postfix import Postfix
from postmend.intake.logs.sendmail import PROGRAMS as SENDMAIL
from postmend.intake.logs.sendmail import Sendmail
from postmend.intake.logs.sink import Handler, HostSink, Kept, Sink

_EXIM_AFTER = re.compile(
    rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:[+-]\d{4} )?(?:\[\d+\] )?)?(?:(" + IDENT + rb") )?(.*)"
)
_MOST_HOSTS = 1000


class _Host:
    """The readers of one host; some remember what its lines have said before."""

    def __init__(self, sink: HostSink) -> None:
        self.postfix, self.exim = Postfix(sink), Exim(sink)
        self.sendmail, self.opensmtpd = Sendmail(sink), OpenSmtpd(sink)

    def exim_in_syslog(self, at: int, text: bytes) -> Kept:
        """A line of Exim's, which may have its own time before it."""
        found = _EXIM_AFTER.match(text)
        ident, rest = found.groups(b"") if found else (b"", text)
        return self.exim.line(at, ident, rest)


class Programs:
    """Finds the reader of a host's program."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hosts: dict[bytes, _Host] = {}

    def handler(self, host: bytes, program: bytes) -> Handler:
        """Whoever reads the messages of `postfix/smtp` on `mx1`; a program that has nothing to do with mail, too."""
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= _MOST_HOSTS:
                self._hosts.clear()
            known = self._hosts[host] = _Host(self._sink.host(host))
        made = known.postfix.handler(program)
        if made is not None:
            return made
        if program in SENDMAIL:
            return known.sendmail.handler
        if program in OPENSMTPD:
            return known.opensmtpd.handler
        return known.exim_in_syslog if program.lower().startswith(b"exim") else _foreign


def _foreign(at: int, text: bytes) -> Kept:  # noqa: ARG001  a Handler
    return Kept.FOREIGN
