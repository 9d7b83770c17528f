"""Delivery logs that are tables (CSV): Exchange message tracking, Microsoft 365 message traces, PowerMTA accounting."""

import csv
import re
from collections.abc import Callable

from postmend.intake.logs.clock import minutes
from postmend.intake.logs.sink import Kept, Outcome, Sink

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)|(\d{1,2})/(\d{1,2})/(\d{4})[ ,]+(\d{1,2}):(\d\d)(?::\d\d)?(?: ([AP])M)?"
)
_TRACKING = {
    "SEND": Outcome.DELIVERED,
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
_LONGEST = 64 << 10
Row = dict[str, str]


def table_form(head: bytes) -> str:
    """`tracking`, `trace` or `powermta` by the header of a table, empty for anything else."""
    text = head[:8192].decode("utf-8-sig", "replace").lower()
    if "#fields:" in text and "event-id" in text and "recipient-address" in text:
        return "tracking"
    first = text.lstrip().split("\n", 1)[0].replace('"', "")
    names = {name.strip() for name in first.split(",")}
    if {"type", "timelogged", "rcpt"} <= names:
        return "powermta"
    if {"date-time", "event-id", "recipient-address"} <= names or {
        "date_time_utc",
        "event_id",
        "recipient_address",
    } <= names:
        return "tracking"
    if names & {"senderaddress", "sender_address"} and names & {
        "recipientaddress",
        "recipient_address",
        "recipient_status",
    }:
        return "trace"
    return ""


def time_of(text: str) -> int:
    """Minutes since 1970 of an ISO or American time, -1 for none."""
    found = _TIME.search(text)
    if found is None:
        return -1
    if found[1]:
        at = minutes(*(int(found[i]) for i in range(1, 6)))
    else:
        hour = int(found[9]) % 12 + (12 if found[11] == "P" else 0) if found[11] else int(found[9])
        at = minutes(int(found[8]), int(found[6]), int(found[7]), hour, int(found[10]))
    return -1 if at is None else at


class Table:
    """Reads the lines of one table; a line is a row, unless a quoted value goes on in the next."""

    def __init__(self, sink: Sink, form: str) -> None:
        self._sink = sink
        self._host = sink.host(b"")
        self._names: list[str] = []
        self._open = ""
        self._read: Callable[[Row], Kept] = {"tracking": self._tracking, "trace": self._trace}.get(form, self._powermta)

    def line(self, raw: bytes) -> Kept:
        """Take one line."""
        text = self._open + raw.decode("utf-8-sig", "replace")
        if text.count('"') % 2 and len(text) < _LONGEST:
            self._open = text + "\n"
            return Kept.KNOWN
        self._open = ""
        if text.lower().startswith("#fields:"):
            self._names = [name.strip().lower() for name in text[8:].split(",")]
            return Kept.KNOWN
        if text.startswith("#") or not text.strip():
            return Kept.KNOWN
        try:
            values = next(csv.reader([text]))
        except (csv.Error, StopIteration):
            return Kept.UNKNOWN
        if not self._names:
            self._names = [name.strip().lower().replace("_", "-") for name in values]
            return Kept.KNOWN
        if len(values) < len(self._names) // 2:
            return Kept.UNKNOWN
        return self._read(dict(zip(self._names, values, strict=False)))

    def _tell(self, at: int, ident: str, mail_from: str, to: str, outcome: Outcome, relay: str, text: str) -> Kept:
        if at < 0:
            return Kept.UNKNOWN
        key, host = ident.encode(), self._host
        host.client(key, b"", b"")
        host.sender(key, mail_from.strip("<>").encode())
        host.attempt(at, key, to.strip().encode(), outcome, relay.encode(), text.encode())
        return Kept.USED

    def _tracking(self, row: Row) -> Kept:
        """Exchange: one row an event, recipients and their statuses with semicolons."""
        outcome = _TRACKING.get(row.get("event-id", "").upper())
        if outcome is None:
            return Kept.KNOWN
        if row.get("event-id", "").upper() == "SEND" and row.get("source", "").upper() != "SMTP":
            return Kept.KNOWN
        at, statuses = (
            time_of(row.get("date-time", row.get("date-time-utc", ""))),
            row.get("recipient-status", "").split(";"),
        )
        host = row.get("server-hostname", "") if outcome is Outcome.DELIVERED else ""
        relay = f"{host}[{row.get('server-ip', '')}]" if row.get("event-id", "").upper() == "SEND" else "local"
        kept = Kept.KNOWN
        for i, to in enumerate(each for each in row.get("recipient-address", "").split(";") if each.strip()):
            text = statuses[min(i, len(statuses) - 1)] or row.get("source-context", "")
            kept = self._tell(at, row.get("message-id", ""), row.get("sender-address", ""), to, outcome, relay, text)
        return kept

    def _trace(self, row: Row) -> Kept:
        """Microsoft 365: one row a message or recipient; `a@b##Receive, Send` in the newer form."""
        ident = (
            row.get("messagetraceid")
            or row.get("network-message-id")
            or row.get("messageid")
            or row.get("message-id")
            or ""
        )
        mail_from = row.get("senderaddress") or row.get("sender-address") or ""
        at = time_of(row.get("received") or row.get("origin-timestamp-utc") or row.get("date") or "")
        pairs = [(row.get("recipientaddress") or row.get("recipient-address") or "", row.get("status", ""))]
        if row.get("recipient-status"):
            pairs = [
                (to, events.split(",")[-1])
                for to, _, events in (p.partition("##") for p in row["recipient-status"].split(";"))
            ]
        kept = Kept.KNOWN
        for to, status in pairs:
            outcome = _TRACE.get(status.strip().lower())
            if outcome is not None and to.strip():
                kept = self._tell(at, ident, mail_from, to, outcome, "", row.get("detail", ""))
        return kept

    def _powermta(self, row: Row) -> Kept:
        """PowerMTA's accounting file: a row a delivery, bounce, transient error or complaint."""
        kind = row.get("type", "").lower()
        at = time_of(row.get("timelogged", ""))
        if kind == "f":
            client = row.get("sourceip", row.get("dlvsourceip", ""))
            self._sink.complaint(at, row.get("rcpt", "").encode(), row.get("orig", "").encode(), client.encode(), b"")
            return Kept.USED
        outcome = _POWERMTA.get(kind)
        if outcome is None:
            return Kept.KNOWN
        host = re.sub(r" \(.*", "", row.get("dsnmta", ""))
        text = row.get("dsndiag", "") or row.get("dsnstatus", "")
        ident = row.get("envid") or f"{row.get('timequeued', '')} {row.get('orig', '')} {row.get('rcpt', '')}"
        relay = f"{host}[{row.get('dlvdestinationip', '')}]"
        return self._tell(
            at, ident, row.get("orig", ""), row.get("rcpt", ""), outcome, relay, text.removeprefix("smtp;")
        )
