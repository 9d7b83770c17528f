"""Delivery logs that are tables (CSV): Exchange message tracking, Microsoft 365 message traces, PowerMTA accounting."""

import csv
import re
from collections.abc import Callable

from postmend.intake.logs.clock import minutes
from postmend.intake.logs.sink import Kept, Origin, Outcome, Sink

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)"
    r"|(\d{1,2})([/.])(\d{1,2})[/.](\d{4})[ ,]+(\d{1,2}):(\d\d)(?::\d\d)?(?:\s([AaPp])\.?[Mm])?"
)
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13})(?:\.\d*)?")  # seconds or milliseconds
_TRACKING = {
    "SEND": Outcome.DELIVERED,
    "SENDEXTERNAL": Outcome.DELIVERED,
    "DELIVER": Outcome.DELIVERED,
    "FAIL": Outcome.BOUNCED,
    "DEFER": Outcome.DEFERRED,
}
_TRACE = {
    "delivered": Outcome.DELIVERED, "send": Outcome.DELIVERED, "deliver": Outcome.DELIVERED, "failed": Outcome.BOUNCED,
    "fail": Outcome.BOUNCED, "pending": Outcome.DEFERRED, "defer": Outcome.DEFERRED, "filteredasspam": Outcome.DELIVERED,
    "quarantined": Outcome.BOUNCED,
}  # fmt: skip
_POWERMTA = {
    "d": Outcome.DELIVERED, "b": Outcome.BOUNCED, "rb": Outcome.BOUNCED, "t": Outcome.DEFERRED, "tq": Outcome.DEFERRED,
}  # fmt: skip
_SPELLING = re.compile(r"[^a-z0-9]+")
_STATUSES = re.compile(r";(?!\{(?:MSG|FQDN|IP|LRT)=)")  # not the semicolons within `[{LED=...};{MSG=};...]`
_BEFORE = ("#", "sep=")  # lines that may stand before the header
_LONGEST = 64 << 10
Row = dict[str, str]


_FORMS = (
    ("powermta", ({"type"}, {"timelogged"}, {"rcpt"})),
    ("tracking", ({"datetime", "datetimeutc", "timestamp"}, {"eventid"}, {"recipientaddress", "recipients"})),
    ("trace", ({"senderaddress"}, {"recipientaddress", "recipientstatus"})),
    ("suppressed", ({"email"}, {"reason"}, {"created"})),
)


def table_form(head: bytes) -> str:
    """`tracking`, `trace`, `powermta` or `suppressed` by the header of a table, empty for anything else."""
    lines = head[:8192].decode("utf-8-sig", "replace").lower().lstrip().split("\n")
    header = next((line for line in lines if line.startswith("#fields:") or not line.startswith(_BEFORE)), "")
    names = set(_names(header.removeprefix("#fields:"))[0])
    return next((form for form, wanted in _FORMS if all(names & each for each in wanted)), "")


def _names(header: str) -> tuple[list[str], str]:
    """The columns in one spelling (`recipientaddress`), and what stands between them."""
    between = max(",;\t", key=header.count)
    return [_SPELLING.sub("", name.lower()) for name in header.split(between)], between


def time_of(value: object) -> int:
    """Minutes since 1970 of an ISO, American or European time or of seconds since 1970, -1 for none."""
    text = str(value or "")
    if epoch := _EPOCH.fullmatch(text):
        return int(epoch[1]) // (60 if len(epoch[1]) < 11 else 60_000)
    found = _TIME.search(text)
    if found is None:
        return -1
    if found[1]:
        at = minutes(*(int(found[i]) for i in range(1, 6)))
    else:
        month, day, hour = int(found[6]), int(found[8]), int(found[10])
        if found[7] == "." or month > 12:  # `24.11.2026`; `24/11/2026` can be no month either
            month, day = day, month
        if found[12]:
            hour = hour % 12 + (12 if found[12] in "Pp" else 0)
        at = minutes(int(found[9]), month, day, hour, int(found[11]))
    return -1 if at is None else at


def _first(row: Row, *names: str) -> str:
    """The value of the first of the columns that has one."""
    return next((value for name in names if (value := row.get(name))), "")


class Table:
    """Reads the lines of one table; a line is a row, unless a quoted value goes on in the next."""

    def __init__(self, sink: Sink, form: str) -> None:
        self._sink = sink
        self._host = sink.host(b"")
        self._names: list[str] = []
        self._open = ""
        self._between = ","
        readers = {"tracking": self._tracking, "trace": self._trace, "suppressed": self._suppressed}
        self._read: Callable[[Row], Kept] = readers.get(form, self._powermta)

    def line(self, raw: bytes) -> Kept:
        """Take one line."""
        text = self._open + raw.decode("utf-8-sig", "replace")
        if text.count('"') % 2 and len(text) < _LONGEST:
            self._open = text + "\n"
            return Kept.KNOWN
        self._open = ""
        if text.lower().startswith("#fields:") or not (self._names or text.startswith(_BEFORE)):
            self._names, self._between = _names(text.lower().removeprefix("#fields:"))
            return Kept.KNOWN
        if text.startswith(_BEFORE) or not text.strip():
            return Kept.KNOWN
        try:
            values = next(csv.reader([text], delimiter=self._between))
        except (csv.Error, StopIteration):
            return Kept.UNKNOWN
        if len(values) < len(self._names) // 2:
            return Kept.UNKNOWN
        return self._read(dict(zip(self._names, values, strict=False)))

    def _tell(self, at: int, ident: str, mail_from: str, to: str, outcome: Outcome, relay: str, text: str) -> Kept:
        if at < 0:
            return Kept.UNKNOWN
        key, host = ident.encode(), self._host
        host.begin(key, Origin())
        host.sender(key, mail_from.strip("<>").encode())
        host.attempt(at, key, to.strip().encode(), outcome, relay.encode(), text.encode())
        return Kept.USED

    def _tracking(self, row: Row) -> Kept:
        """Exchange: one row an event, recipients and their statuses with semicolons."""
        event, source = row.get("eventid", "").upper(), row.get("source", "").upper()
        outcome = _TRACKING.get(event)
        if outcome is None or (event == "SEND" and source != "SMTP"):
            return Kept.KNOWN
        at = time_of(_first(row, "datetime", "datetimeutc", "timestamp"))
        statuses = _STATUSES.split(row.get("recipientstatus", ""))
        host = row.get("serverhostname", "") if outcome is Outcome.DELIVERED else ""
        relay = f"{host}[{row.get('serverip', '')}]" if event.startswith("SEND") else "local"
        ident, mail_from = row.get("messageid", ""), _first(row, "senderaddress", "sender")
        kept = Kept.KNOWN
        recipients = [each for each in _first(row, "recipientaddress", "recipients").split(";") if each.strip()]
        for i, to in enumerate(recipients):
            text = statuses[min(i, len(statuses) - 1)] or row.get("sourcecontext", "")
            kept = self._tell(at, ident, mail_from, to, outcome, relay, text)
        return kept

    def _trace(self, row: Row) -> Kept:
        """Microsoft 365: one row a message or recipient; `a@b##Receive, Send` in the newer form."""
        ident = _first(row, "messagetraceid", "networkmessageid", "messageid")
        mail_from, at = row.get("senderaddress", ""), time_of(_first(row, "received", "origintimestamputc", "date"))
        pairs = [(row.get("recipientaddress", ""), row.get("status", ""))]
        if row.get("recipientstatus"):
            parts = (part.partition("##") for part in row["recipientstatus"].split(";"))
            pairs = [(to, events.split(",")[-1]) for to, _, events in parts]
        kept = Kept.KNOWN
        for to, status in pairs:
            outcome = _TRACE.get(status.strip().lower())
            if outcome is not None and to.strip():
                kept = self._tell(at, ident, mail_from, to, outcome, "", row.get("detail", ""))
        return kept

    def _powermta(self, row: Row) -> Kept:
        """PowerMTA's accounting file: a row a delivery, bounce, transient error or complaint."""
        kind, mail_from, to = row.get("type", "").lower(), row.get("orig", ""), row.get("rcpt", "")
        at = time_of(row.get("timelogged"))
        if kind == "f":
            client = _first(row, "sourceip", "dlvsourceip")
            self._sink.complaint(at, to.encode(), mail_from.encode(), client.encode(), b"")
            return Kept.USED
        outcome = _POWERMTA.get(kind)
        if outcome is None:
            return Kept.KNOWN
        host = re.sub(r" \(.*", "", row.get("dsnmta", ""))
        text = _first(row, "dsndiag", "dsnstatus") or row.get("bouncecat", "").replace("-", " ")
        ident = row.get("envid") or f"{_first(row, 'timequeued', 'timelogged')} {mail_from} {to}"
        relay = f"{host}[{row.get('dlvdestinationip', '')}]"
        return self._tell(at, ident, mail_from, to, outcome, relay, text.removeprefix("smtp;"))

    def _suppressed(self, row: Row) -> Kept:
        """SendGrid's list of bounces: a row an address, without who wrote."""
        at, to = time_of(row.get("created")), row.get("email", "")
        return self._tell(at, f"{row.get('created')} {to}", "", to, Outcome.BOUNCED, "", row.get("reason", ""))
