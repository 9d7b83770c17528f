"""Events of sending services as JSON, one a line or in one array: SES, SendGrid, Mailgun, Postmark, SparkPost."""

from collections.abc import Iterator
from typing import Any

import msgspec

from postmend.intake.logs.sink import Kept, Outcome, Sink
from postmend.intake.logs.tables import time_of

_SENDGRID = {
    "delivered": Outcome.DELIVERED,
    "bounce": Outcome.BOUNCED,
    "dropped": Outcome.BOUNCED,
    "deferred": Outcome.DEFERRED,
}
_SPARKPOST = {
    "delivery": Outcome.DELIVERED, "bounce": Outcome.BOUNCED, "out_of_band": Outcome.BOUNCED, "delay": Outcome.DEFERRED,
    "policy_rejection": Outcome.BOUNCED,
}  # fmt: skip
_MARKS = (b'"eventType"', b'"notificationType"', b'"sg_message_id"', b'"sg_event_id"', b'"event-data"', b'"RecordType"', b'"msys"',
          b'"delivery-status"')  # fmt: skip
Object = dict[str, Any]


def is_events(head: bytes) -> bool:
    """Whether it is JSON with a mark of one of the services."""
    return head.lstrip()[:1] in {b"{", b"["} and any(mark in head for mark in (*_MARKS, b'"Type" : "Notification"'))


def _at(value: object) -> int:
    if isinstance(value, int | float) or (isinstance(value, str) and value.replace(".", "", 1).isdigit()):
        seconds = float(value)
        return int(seconds // 60) if 0 < seconds < 1e11 else int(seconds // 60000)
    return time_of(str(value or ""))


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

    def line(self, raw: bytes) -> Kept:
        """One line: an event, or an array of them."""
        raw = raw.strip().rstrip(b",")
        if raw in {b"", b"[", b"]"}:
            return Kept.KNOWN
        try:
            found = self._decoder.decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return Kept.UNKNOWN
        kept = Kept.UNKNOWN
        for event in found if isinstance(found, list) else [found]:
            if isinstance(event, dict):
                kept = min(kept, self._event(event), key=int)
        return kept

    def _event(self, event: Object) -> Kept:
        if event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
            return self.line(event["Message"].encode())
        if "mail" in event and ("eventType" in event or "notificationType" in event):
            return self._tell(self._ses(event))
        if "msys" in event:
            return self._tell(self._sparkpost(next(iter(_of(event["msys"]).values()), {})))
        if "event-data" in event or "delivery-status" in event or ("event" in event and "recipient" in event):
            return self._tell(self._mailgun(_of(event.get("event-data", event))))
        if "RecordType" in event:
            return self._tell(self._postmark(event))
        if "event" in event and "email" in event:
            return self._tell(self._sendgrid(event))
        return Kept.UNKNOWN

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
            self._host.client(key, b"", b"")
            self._host.sender(key, from_bytes)
            self._host.attempt(at, key, to_bytes, outcome, _text(relay).encode(), _text(text).encode())
        return told

    def _ses(self, event: Object) -> Iterator[tuple[Any, ...]]:
        mail, kind = _of(event["mail"]), _text(event.get("eventType") or event.get("notificationType"))
        ident, mail_from = mail.get("messageId"), mail.get("source")
        about = _of(event.get(kind[:1].lower() + kind[1:]) or event.get("deliveryDelay"))
        at = _at(about.get("timestamp") or mail.get("timestamp"))
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
        elif kind in {"Bounce", "DeliveryDelay"}:
            outcome = Outcome.BOUNCED if kind == "Bounce" else Outcome.DEFERRED
            for each in _list(about.get("bouncedRecipients") or about.get("delayedRecipients")):
                one = _of(each)
                text = _text(one.get("diagnosticCode")).removeprefix("smtp; ") or one.get("status")
                yield at, ident, mail_from, one.get("emailAddress"), outcome, "", text, ""

    def _sendgrid(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind, ident = event.get("event"), _text(event.get("sg_message_id")).split(".")[0]
        at, to = _at(event.get("timestamp")), event.get("email")
        mail_from = _text(event.get("smtp-id")).strip("<>").rpartition("@")[2]
        if kind == "spamreport":
            yield at, ident, f"@{mail_from}", to, None, "", "", ""
        elif kind in _SENDGRID:
            yield at, ident, f"@{mail_from}", to, _SENDGRID[kind], "", event.get("response") or event.get("reason"), ""

    def _mailgun(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind, status = event.get("event"), _of(event.get("delivery-status"))
        ident = _of(_of(event.get("message")).get("headers")).get("message-id") or event.get("id")
        at, to = _at(event.get("timestamp")), event.get("recipient")
        mail_from = _of(event.get("envelope")).get("sender")
        text = f"{status.get('code', '')} {status.get('message') or status.get('description') or event.get('reason', '')}".strip()
        relay = _text(status.get("mx-host"))
        if kind == "complained":
            yield at, ident, mail_from, to, None, "", "", ""
        elif kind == "delivered":
            yield at, ident, mail_from, to, Outcome.DELIVERED, relay, text, ""
        elif kind in {"failed", "bounced", "rejected"}:
            outcome = Outcome.DEFERRED if event.get("severity") == "temporary" else Outcome.BOUNCED
            yield at, ident, mail_from, to, outcome, relay, text, ""

    def _postmark(self, event: Object) -> Iterator[tuple[Any, ...]]:
        kind, ident = event.get("RecordType"), event.get("MessageID")
        if kind == "Delivery":
            at = _at(event.get("DeliveredAt"))
            yield (
                at,
                ident,
                event.get("From", ""),
                event.get("Recipient"),
                Outcome.DELIVERED,
                "",
                event.get("Details"),
                "",
            )
        elif kind == "SpamComplaint":
            yield _at(event.get("BouncedAt")), ident, event.get("From"), event.get("Email"), None, "", "", ""
        elif kind == "Bounce":
            outcome = (
                Outcome.DEFERRED if event.get("Type") in {"Transient", "SoftBounce", "DnsError"} else Outcome.BOUNCED
            )
            text = event.get("Details") or event.get("Description")
            yield _at(event.get("BouncedAt")), ident, event.get("From"), event.get("Email"), outcome, "", text, ""

    def _sparkpost(self, event: object) -> Iterator[tuple[Any, ...]]:
        one = _of(event)
        kind, ident, at = _text(one.get("type")), one.get("message_id"), _at(one.get("timestamp"))
        mail_from, to = one.get("msg_from") or one.get("friendly_from"), one.get("rcpt_to")
        if kind == "spam_complaint":
            yield at, ident, mail_from, to, None, "", "", ""
        elif kind in _SPARKPOST:
            text = one.get("raw_reason") or one.get("reason") or ""
            yield at, ident, mail_from, to, _SPARKPOST[kind], f"[{_text(one.get('ip_address'))}]", text, ""
