"""Events of sending services as JSON, one a line or in one array: SES, SendGrid, Mailgun, Postmark, SparkPost, Brevo."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from postmend.intake.logs.sink import Kept, Origin, Outcome, Sink
from postmend.intake.logs.tables import SENDGRID, Table, form_of, spelt, time_of

_SPARKPOST = {
    "delivery": Outcome.DELIVERED, "bounce": Outcome.BOUNCED, "out_of_band": Outcome.BOUNCED, "delay": Outcome.DEFERRED,
    "policy_rejection": Outcome.BOUNCED,
}  # fmt: skip
_POSTMARK = {"Transient": Outcome.DEFERRED}  # everything else is final
_NO_BOUNCES = {"AutoResponder", "Subscribe", "Unsubscribe", "ChallengeVerification", "AddressChange", "OpenRelayTest"}
# Names that only these services use; in quotes that are escaped where one event is packed in another.
_MARKS = re.compile(
    rb'"(?:eventType|notificationType|sg_message_id|sg_event_id|event-data|RecordType|msys|delivery-status|BouncedAt'
    rb'|raw_rcpt_to|message-headers|Message-Id|ts_event)\\*"\s*:|"Type"\s*:\s*"Notification"'
)
_NAMES = re.compile(rb'"([\w.-]{1,40})\\*"\s*:')
_LOOKS = 8192
_COMPLAINED = {"created", "email", "ip"}  # SendGrid's list of spam reports
_DEEPEST = 6  # a page holds messages of a queue, each a notification that holds an event
Object = dict[str, Any]


def is_events(head: bytes) -> bool:
    """Whether it is JSON with a mark of one of the services, or with the columns of one of the tables."""
    if head.lstrip()[:1] not in {b"{", b"["}:
        return False
    names = {spelt(name.decode()) for name in _NAMES.findall(head[:_LOOKS])}
    return _MARKS.search(head) is not None or form_of(names) != "" or names == _COMPLAINED


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _of(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


class Events:
    """Hands events to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._host = sink.host(b"")
        self._decoder = msgspec.json.Decoder()
        self._tables: dict[str, Table] = {}

    def line(self, raw: bytes) -> Kept:
        """One line: an event, or an array of them."""
        raw = raw.strip().rstrip(b",")
        if raw in {b"", b"[", b"]"}:
            return Kept.KNOWN
        try:
            found = self._decoder.decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return Kept.UNKNOWN
        return self._any(found, 0)

    def _any(self, found: object, depth: int) -> Kept:
        """An event, or whatever holds some: an array, a page of an API's answer, a notification in a queue's message."""
        if isinstance(found, dict):
            kept = self._event(found)
            inner = [] if kept is not Kept.UNKNOWN else [*found.values()]
        else:
            kept, inner = Kept.UNKNOWN, _list(found)
        if depth < _DEEPEST:
            for each in inner:
                if isinstance(each, list | dict):
                    kept = min(kept, self._any(each, depth + 1), key=int)
                elif isinstance(each, str) and each.startswith("{"):
                    kept = min(kept, self._packed(each, depth + 1), key=int)
        return kept

    def _packed(self, text: str, depth: int) -> Kept:
        try:
            return self._any(self._decoder.decode(text), depth)
        except (msgspec.MsgspecError, RecursionError):
            return Kept.UNKNOWN

    def _event(self, event: Object) -> Kept:
        if "mail" in event and ("eventType" in event or "notificationType" in event):
            return self._tell(self._ses(event))
        if "msys" in event:
            return self._tell(self._sparkpost(next(iter(_of(event["msys"]).values()), {})))
        if "event-data" in event or "delivery-status" in event or ("event" in event and "recipient" in event):
            return self._tell(self._mailgun(_of(event.get("event-data", event))))
        if "RecordType" in event or ("BouncedAt" in event and "Email" in event):
            return self._tell(self._postmark(event))
        if "email" in event and "event" in event:
            return self._tell(self._sendgrid(event))
        if "rcpt_to" in event and "type" in event:
            return self._tell(self._sparkpost(event))
        return self._row(event)

    def _row(self, event: Object) -> Kept:
        """A row of one of the tables, as PowerShell's ConvertTo-Json or an API gives it."""
        row = {spelt(name): _text(value) for name, value in event.items() if not isinstance(value, list | dict)}
        if row.keys() == _COMPLAINED and (at := time_of(row["created"])) >= 0:
            self._sink.complaint(at, row["email"].encode(), b"", row["ip"].encode(), b"")
            return Kept.USED
        form = form_of(set(row))
        if not form:
            return Kept.UNKNOWN
        table = self._tables.get(form) or self._tables.setdefault(form, Table(self._sink, form))
        return table.row(row)

    def _tell(self, found: Iterator[tuple[Any, ...]]) -> Kept:
        told = Kept.KNOWN
        for at, ident, mail_from, to, outcome, relay, text, provider in found:
            if at < 0:
                return Kept.UNKNOWN
            told = Kept.USED
            to_bytes, from_bytes = _text(to).encode(), _text(mail_from).encode()
            if outcome is None:
                self._sink.complaint(at, to_bytes, from_bytes, b"", _text(provider).encode())
                continue
            key = _text(ident).encode()
            self._host.begin(key, Origin())
            self._host.sender(key, from_bytes)
            self._host.attempt(at, key, to_bytes, outcome, _text(relay).encode(), _text(text).encode())
        return told

    def _ses(self, event: Object) -> Iterator[tuple[Any, ...]]:
        mail, kind = _of(event["mail"]), _text(event.get("eventType") or event.get("notificationType"))
        ident, mail_from = mail.get("messageId"), mail.get("source")
        about = _of(event.get(kind[:1].lower() + kind[1:]) or event.get("deliveryDelay"))
        at = time_of(about.get("timestamp") or mail.get("timestamp"))
        relay = about.get("reportingMTA", "")
        if kind == "Delivery":
            for to in _list(about.get("recipients")):
                yield at, ident, mail_from, to, Outcome.DELIVERED, relay, about.get("smtpResponse"), ""
        elif kind == "Complaint":
            agent = _text(about.get("userAgent")).lower()
            for each in _list(about.get("complainedRecipients")):
                yield (
                    at,
                    ident,
                    mail_from,
                    _of(each).get("emailAddress"),
                    None,
                    "",
                    "",
                    "yahoo" if "yahoo" in agent else "",
                )
        elif kind == "Reject":
            for to in _list(mail.get("destination")):
                yield (
                    at,
                    ident,
                    mail_from,
                    to,
                    Outcome.BOUNCED,
                    "",
                    f"SES rejected it: {_text(about.get('reason'))}",
                    "",
                )
        elif kind in {"Bounce", "DeliveryDelay"}:
            outcome = Outcome.BOUNCED if kind == "Bounce" else Outcome.DEFERRED
            for each in _list(about.get("bouncedRecipients") or about.get("delayedRecipients")):
                one = _of(each)
                text = _text(one.get("diagnosticCode")).removeprefix("smtp; ") or one.get("status")
                yield at, ident, mail_from, one.get("emailAddress"), outcome, "", text, ""

    def _sendgrid(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind, to = event.get("event"), event.get("email")
        ident = _text(event.get("sg_message_id")).split(".")[0] or event.get("message-id")
        at = time_of(event.get("timestamp") or event.get("ts_event"))
        mail_from = _text(event.get("smtp-id") or event.get("sender_email")).strip("<>").rpartition("@")[2]
        if kind in {"spamreport", "spam"}:
            yield at, ident, f"@{mail_from}", to, None, "", "", ""
        elif kind in SENDGRID:
            yield at, ident, f"@{mail_from}", to, SENDGRID[kind], "", event.get("response") or event.get("reason"), ""

    def _mailgun(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind, status = event.get("event"), _of(event.get("delivery-status"))
        ident = (
            _of(_of(event.get("message")).get("headers")).get("message-id")
            or event.get("Message-Id")
            or event.get("id")
        )
        at, to = time_of(event.get("timestamp")), event.get("recipient")
        mail_from = _of(event.get("envelope")).get("sender")
        said = status.get("message") or status.get("description")
        said = said or event.get("error") or event.get("description") or event.get("reason", "")
        text = f"{(status or event).get('code', '')} {said}".strip()  # webhooks of before 2018 have no status
        relay = _text(status.get("mx-host"))
        if kind == "complained":
            yield at, ident, mail_from, to, None, "", "", ""
        elif kind == "delivered":
            yield at, ident, mail_from, to, Outcome.DELIVERED, relay, text, ""
        elif kind in {"failed", "bounced", "dropped", "rejected"}:
            outcome = Outcome.DEFERRED if event.get("severity") == "temporary" else Outcome.BOUNCED
            yield at, ident, mail_from, to, outcome, relay, text, ""

    def _postmark(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind = _text(event.get("RecordType") or "Bounce")
        kind = _text(event.get("Type")) if kind == "Bounce" else kind
        at = time_of(event.get("DeliveredAt") or event.get("BouncedAt"))
        ident, mail_from = event.get("MessageID"), event.get("From", "")
        to = event.get("Recipient") or event.get("Email")
        text = event.get("Details") or event.get("Description")
        if kind == "Delivery":
            yield at, ident, mail_from, to, Outcome.DELIVERED, "", text, ""
        elif kind == "SpamComplaint":
            yield at, ident, mail_from, to, None, "", "", ""
        elif "BouncedAt" in event and kind not in _NO_BOUNCES:
            yield at, ident, mail_from, to, _POSTMARK.get(kind, Outcome.BOUNCED), "", text, ""

    def _sparkpost(self, event: object) -> Iterator[tuple[Any, ...]]:
        one = _of(event)
        kind, ident, at = _text(one.get("type")), one.get("message_id"), time_of(one.get("timestamp"))
        mail_from, to = one.get("msg_from") or one.get("friendly_from"), one.get("rcpt_to")
        if kind == "spam_complaint":
            yield at, ident, mail_from, to, None, "", "", ""
        elif kind in _SPARKPOST:
            text = one.get("raw_reason") or one.get("reason") or ""
            yield at, ident, mail_from, to, _SPARKPOST[kind], f"[{_text(one.get('ip_address'))}]", text, ""
