"""Delivery logs that are tables, as CSV or as rows in JSON.

Exchange message tracking, Microsoft 365 message traces, PowerMTA accounting, SendGrid's activity, and the lists of
addresses that services no longer write to.
"""

import csv
import re
from collections.abc import Callable

from postmend.intake.logs.clock import MONTHS, minutes
from postmend.intake.logs.sink import Kept, Origin, Outcome, Sink

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)"
    r"|(\d{1,2})([/.])(\d{1,2})[/.](\d{4})[ ,]+(\d{1,2}):(\d\d)(?::\d\d)?(?:\s([AaPp])\.?[Mm])?"
)
_EPOCH = re.compile(r"(?:/Date\()?(\d{9,10}|\d{12,13})(?:\.\d*)?(?:\)/)?")  # seconds or milliseconds
_MAIL_TIME = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)")  # RFC 5322
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
# SendGrid's events, and Brevo's.
SENDGRID = {
    "delivered": Outcome.DELIVERED, "deferred": Outcome.DEFERRED,
    **dict.fromkeys(("bounce", "dropped", "hard_bounce", "soft_bounce", "blocked", "invalid_email"), Outcome.BOUNCED),
}  # fmt: skip
_SPELLING = re.compile(r"[^a-z0-9]+")
_STATUSES = re.compile(r";(?!\{(?:MSG|FQDN|IP|LRT)=)")  # not the semicolons within `[{LED=...};{MSG=};...]`
_BEFORE = ("#", "sep=")  # lines that may stand before the header
_LONGEST = 64 << 10
Row = dict[str, str]


# Columns of each form, one of each set.
_FORMS = (
    ("powermta", ({"type"}, {"timelogged", "timequeued"}, {"rcpt"})),
    ("tracking", ({"datetime", "datetimeutc", "timestamp"}, {"eventid"}, {"recipientaddress", "recipients"})),
    ("trace", ({"senderaddress"}, {"recipientaddress", "recipientstatus"})),
    ("trace", ({"sender"}, {"recipient"}, {"status"}, {"date", "dateutc", "received"})),
    ("activity", ({"processed"}, {"messageid"}, {"event"}, {"email"})),
    ("suppressed", ({"email"}, {"reason"}, {"created"})),
    ("suppressed", ({"address"}, {"error"}, {"createdat"})),
    ("suppressed", ({"recipient"}, {"source"}, {"type"}, {"created"})),
)


def table_form(head: bytes) -> str:
    """The form of a table by its header, empty for anything else."""
    lines = head[:8192].decode("utf-8-sig", "replace").lower().lstrip().split("\n")
    header = next((line for line in lines if line.startswith("#fields:") or not line.startswith(_BEFORE)), "")
    return form_of(set(_names(header.removeprefix("#fields:"))[0]))


def form_of(names: set[str]) -> str:
    """The form that has these columns: `tracking`, `trace`, `powermta`, `activity`, `suppressed`, or empty."""
    return next((form for form, wanted in _FORMS if all(names & each for each in wanted)), "")


def spelt(name: str) -> str:
    """A column's name in one spelling: `recipientaddress`."""
    return _SPELLING.sub("", name.lower())


def _names(header: str) -> tuple[list[str], str]:
    """The columns, and what stands between them."""
    between = max(",;\t", key=header.count)
    return [spelt(name) for name in header.split(between)], between


def time_of(value: object) -> int:
    """Minutes since 1970 of an ISO, American, European or mail's time or of seconds since 1970, -1 for none."""
    text = str(value or "")
    if epoch := _EPOCH.fullmatch(text):
        return int(epoch[1]) // (60 if len(epoch[1]) < 11 else 60_000)
    found = _TIME.search(text)
    if found is None:
        return _mail_time(text)
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


def _mail_time(text: str) -> int:
    found = _MAIL_TIME.search(text)
    if found is None:
        return -1
    at = minutes(int(found[3]), MONTHS.get(found[2].encode(), 0), int(found[1]), int(found[4]), int(found[5]))
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
        readers = {
            "tracking": self._tracking, "trace": self._trace, "activity": self._activity, "suppressed": self._suppressed,
        }  # fmt: skip
        self.row: Callable[[Row], Kept] = readers.get(form, self._powermta)  # by names in one spelling

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
        return self.row(dict(zip(self._names, values, strict=False)))

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
        mail_from = _first(row, "senderaddress", "sender")
        at = time_of(_first(row, "received", "receiveddatetime", "origintimestamputc", "date", "dateutc"))
        pairs = [(_first(row, "recipientaddress", "recipient"), row.get("status", ""))]
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
        at = time_of(_first(row, "timelogged", "timequeued"))
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

    def _activity(self, row: Row) -> Kept:
        """SendGrid's email activity: a row an event."""
        outcome, at = SENDGRID.get(row.get("event", "")), time_of(row.get("processed"))
        ident, mail_from, to = row["messageid"], row.get("from", ""), row.get("email", "")
        if row.get("event") == "spamreport" and at >= 0:
            self._sink.complaint(at, to.encode(), mail_from.encode(), row.get("outboundip", "").encode(), b"")
            return Kept.USED
        if outcome is None:
            return Kept.KNOWN
        return self._tell(at, ident, mail_from, to, outcome, row.get("mx", ""), row.get("reason", ""))

    def _suppressed(self, row: Row) -> Kept:
        """A list of addresses that a service no longer writes to (SendGrid, Mailgun, SparkPost), without who wrote."""
        created, to = _first(row, "created", "createdat"), _first(row, "email", "address", "recipient")
        at, text = time_of(created), _first(row, "reason", "error", "description")
        source = row.get("source", "Bounce")
        if source.startswith("Spam") and at >= 0:
            self._sink.complaint(at, to.encode(), b"", b"", b"")
            return Kept.USED
        if not source.startswith("Bounce"):
            return Kept.KNOWN  # who unsubscribed, or was taken out by hand
        code = row.get("code", "")
        said = text if text.startswith(code) else f"{code} {text}"
        return self._tell(at, f"{created} {to}", "", to, Outcome.BOUNCED, "", said)
