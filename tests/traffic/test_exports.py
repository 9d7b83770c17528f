"""Exports as clouds give them out: events in any layout of JSON, tables in any charset, separator and form of time."""

from __future__ import annotations

import codecs
import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import postmend
from postmend.intake.exports import as_lines
from tests.traffic.test_formats import MAILGUN, POSTMARK, SENDGRID, SES, SPARKPOST, TRACKING

Events = list[dict[str, Any]]


def in_queue(events: Events) -> str:
    """As an AWS queue gives them: a notification in each message, JSON in JSON in JSON."""
    notices = ({"Type": "Notification", "Message": json.dumps(event)} for event in events)
    return json.dumps({"Messages": [{"MessageId": "1", "Body": json.dumps(notice)} for notice in notices]}, indent=1)


LAYOUTS: dict[str, Callable[[Events], str]] = {
    "lines": lambda events: "\n".join(map(json.dumps, events)),
    "array": json.dumps,
    "pretty array": lambda events: json.dumps(events, indent=4),
    "pretty objects": lambda events: "\r\n".join(json.dumps(event, indent=2) for event in events),
    "one behind the other": lambda events: "".join(map(json.dumps, events)),
    "arrays in lines": lambda events: f"{json.dumps(events[:2])}\n{json.dumps(events[2:])}\n",
    "page": lambda events: json.dumps({"items": events, "paging": {"next": "https://api.example/"}}),
    "page of pages": lambda events: json.dumps([{"results": events[:1], "total_count": 4}, {"results": events[1:]}], indent=1),
    "queue": in_queue,
    "array after a byte order mark": lambda events: "\ufeff" + json.dumps(events),
    "lambda": lambda events: json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(event)}} for event in events]}),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "events",
    [
        pytest.param(SES, id="ses"),
        pytest.param(SENDGRID, id="sendgrid"),
        pytest.param(MAILGUN, id="mailgun"),
        pytest.param([event["event-data"] for event in MAILGUN], id="mailgun-api"),
        pytest.param(POSTMARK, id="postmark"),
        pytest.param(SPARKPOST, id="sparkpost"),
        pytest.param(
            [{**event["msys"]["message_event"], "raw_rcpt_to": ""} for event in SPARKPOST], id="sparkpost-api"
        ),
    ],
)
def test_every_layout(tmp_path: Path, events: Events, layout: str) -> None:
    path = tmp_path / "events.json"
    path.write_text(LAYOUTS[layout](events))
    report = postmend.report(path)
    totals = report.totals
    assert (totals.delivered, totals.bounced, totals.deferred, totals.complaints) == (1, 1, 1, 1)
    assert report.inputs.not_understood == 0, report.inputs.strange


@pytest.mark.parametrize("layout", ["array", "page"])
def test_many_events_on_one_line(tmp_path: Path, layout: str) -> None:
    events = [
        {**event, "sg_message_id": f"m{i}.x", "timestamp": 1772445600 + i}
        for i in range(20_000)
        for event in SENDGRID[:2]
    ]
    path = tmp_path / "events.json"
    path.write_text(LAYOUTS[layout](events))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert postmend.report(path).totals.sent == 40_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # kB


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'[{"eventType":' + b"[" * 3_000_000, id="deep"),
        pytest.param(b'[{"eventType": "' + b"x" * (40 << 20), id="endless-text"),
        pytest.param(b'{"eventType" }\n' * 100_000, id="broken-lines"),
        pytest.param(codecs.BOM_UTF16_LE + b'{\0"\0eventType":\xd8', id="half-a-character"),
    ],
)
def test_broken_events_end(raw: bytes) -> None:
    lines = b"".join(as_lines(iter([raw[: 64 << 10], raw[64 << 10 :]])))
    assert len(lines) <= len(raw) + 2


def test_what_stands_around_broken_events_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    good = [json.dumps(event, indent=1) for event in SENDGRID]
    path.write_text("\n".join([*good[:2], '{"event": "bounce", ', *good[2:]]))
    report = postmend.report(path)
    assert (report.totals.sent, report.totals.complaints, report.inputs.not_understood) == (2, 1, 1)


TRACE = (
    '"Received","SenderAddress","RecipientAddress","Subject","Status","FromIP","ToIP","Size","MessageId","MessageTraceId"\n'
    '"{one}","anna@example.com","one@example.net","x","Delivered","203.0.113.1","",900,"<a@example.com>","t1"\n'
    '"{two}","anna@example.com","two@example.net","two\r\nlines","Failed","203.0.113.1","",900,"<b@example.com>","t2"\n'
)
AMERICAN = TRACE.format(one="3/2/2026 10:00:01 AM", two="3/2/2026 1:00:02 PM")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(AMERICAN.encode(), id="plain"),
        pytest.param(AMERICAN.encode("utf-16"), id="utf-16"),
        pytest.param(codecs.BOM_UTF16_BE + AMERICAN.encode("utf-16-be"), id="utf-16-be"),
        pytest.param(AMERICAN.replace(",", ";").encode("utf-8-sig"), id="semicolons"),
        pytest.param(AMERICAN.replace(",", "\t").encode("utf-16"), id="tabs"),
        pytest.param(
            b"#TYPE System.Management.Automation.PSCustomObject\r\n" + AMERICAN.encode(), id="powershell-type"
        ),
        pytest.param(b"sep=;\n" + AMERICAN.replace(",", ";").encode(), id="excel"),
        pytest.param(
            AMERICAN.replace(" AM", "\N{NARROW NO-BREAK SPACE}AM")
            .replace(" PM", "\N{NARROW NO-BREAK SPACE}PM")
            .encode(),
            id="new-windows",
        ),
        pytest.param(TRACE.format(one="02.03.2026 10:00:01", two="02.03.2026 13:00:02").encode(), id="german"),
        pytest.param(TRACE.format(one="2026-03-02T10:00:01Z", two="1772456402").encode(), id="iso-and-epoch"),
    ],
)
def test_message_traces(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(raw)
    report = postmend.report(path)
    assert (report.totals.delivered, report.totals.bounced, report.inputs.not_understood) == (1, 1, 0)
    assert [period.at for period in report.hours if period.counts.sent] == ["2026-03-02 10:00", "2026-03-02 13:00"]


def test_tracking_log_through_powershell(tmp_path: Path) -> None:
    path = tmp_path / "tracking.csv"
    path.write_bytes(
        (
            '#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent\n"Timestamp","EventId","Source","Sender","Recipients","RecipientStatus","MessageId"\n'
            '"3/2/2026 10:00:01 AM","SENDEXTERNAL","SMTP","anna@example.com","one@example.net","250 2.1.5 Recipient OK","<a@example.com>"\n'
            '"3/2/2026 10:00:02 AM","FAIL","SMTP","anna@example.com","two@example.net;three@example.org",'
            '"[{LED=550 5.1.1 User unknown};{MSG=};{FQDN=mx.example.net}];[{LED=552 5.2.2 Mailbox full};{MSG=}]","<a@example.com>"\n'
        ).encode("utf-16")
    )
    report = postmend.report(path)
    assert (report.totals.delivered, report.totals.bounced) == (1, 2)
    assert {cause.id for cause in report.causes} == {"user_unknown", "mailbox_full"}


def test_tables_by_seconds_since_1970(tmp_path: Path) -> None:
    (tmp_path / "acct.csv").write_text(
        "type,timeLogged,orig,rcpt,dlvSourceIp,bounceCat\nd,1772445601,anna@example.com,one@example.net,203.0.113.1,\n"
        "b,1772445602,anna@example.com,two@example.net,,bad-mailbox\n"
    )
    (tmp_path / "bounces.csv").write_text(
        'status,reason,email,created\n5.2.2,"552 5.2.2 Mailbox\nfull",three@example.org,1772445603\n'
    )
    report = postmend.report(tmp_path)
    assert (report.totals.delivered, report.totals.bounced, report.first) == (1, 2, "2026-03-02 10:00")
    assert {cause.id for cause in report.causes} == {"user_unknown", "mailbox_full"}


def test_lines_pass_as_they_are() -> None:
    for raw in (
        TRACKING.encode(),
        b'{"MESSAGE": "x"}\n{"MESSAGE": "y"}\n',
        "\n".join(map(json.dumps, SES)).encode(),
        b"",
        b"\xff",
    ):
        assert b"".join(as_lines(iter([raw]))) == raw


_TRACED = [
    {"MessageId": f"<{i}@example.com>", "Received": "/Date(1772445601000)/", "SenderAddress": "anna@example.com", "Size": 9,
     "RecipientAddress": f"r{i}@example.net", "Status": status, "FromIP": "203.0.113.1", "ToIP": None, "MessageTraceId": f"t{i}"}
    for i, status in enumerate(("Delivered", "Failed", "Pending"))
]  # fmt: skip
_AWS = {
    "timestamp": "2026-03-02T10:00:00Z",
    "source": "anna@example.com",
    "messageId": "m1",
    "destination": ["r@example.net"],
}


@pytest.mark.parametrize(
    ("text", "counts", "causes"),
    [
        pytest.param(json.dumps(_TRACED, indent=4), (1, 1, 1, 0), None, id="trace-powershell"),
        pytest.param(json.dumps({"d": {"results": _TRACED}}), (1, 1, 1, 0), None, id="trace-odata"),
        pytest.param(
            json.dumps({"value": [{"senderAddress": "anna@example.com", "recipientAddress": "r@example.net", "id": "t1",
                                   "receivedDateTime": "2026-03-02T10:00:01Z", "status": "failed", "toIP": None}]}, indent=1),
            (0, 1, 0, 0), None, id="trace-graph",
        ),
        pytest.param(
            "Date (UTC),Sender,Recipient,Subject,Status\n2026-03-02T10:00:01Z,anna@example.com,r@example.net,x,Delivered\n",
            (1, 0, 0, 0), None, id="trace-admin-center",
        ),
        pytest.param(
            json.dumps({"detail-type": "Email Rejected", "source": "aws.ses", "detail": {
                "eventType": "Reject", "mail": _AWS, "reject": {"reason": "Bad content"}}}),
            (0, 1, 0, 0), None, id="ses-eventbridge",
        ),
        pytest.param(
            "\n".join(json.dumps({"recipient": "r@example.net", "domain": "example.com", "timestamp": "1772445601", **more}) for more in (
                {"event": "delivered", "Message-Id": "<1@example.com>"},
                {"event": "bounced", "Message-Id": "<2@example.com>", "code": "550", "error": "5.1.1 User unknown"},
                {"event": "dropped", "Message-Id": "<3@example.com>", "code": "552", "description": "5.2.2 Mailbox full"},
                {"event": "complained", "Message-Id": "<4@example.com>"})),
            (1, 2, 0, 1), {"user_unknown", "mailbox_full"}, id="mailgun-old-webhooks",
        ),
        pytest.param(
            json.dumps({"items": [{"address": "r@example.net", "code": "550", "error": "User unknown",
                                   "created_at": "Mon, 02 Mar 2026 10:00:01 UTC"}], "paging": {"next": ""}}, indent=1),
            (0, 1, 0, 0), {"user_unknown"}, id="mailgun-bounces",
        ),
        pytest.param(
            'address,code,error,created_at\nr@example.net,552,5.2.2 Mailbox full,"Mon, 02 Mar 2026 10:00:01 UTC"\n',
            (0, 1, 0, 0), {"mailbox_full"}, id="mailgun-bounces-csv",
        ),
        pytest.param(
            "processed,message_id,event,from,email,reason,outbound_ip,mx\n"
            "2026-03-02 10:00:00,m1,processed,anna@example.com,one@example.net,,,\n"
            "2026-03-02 10:00:01,m1,delivered,anna@example.com,one@example.net,250 Ok,203.0.113.1,mx.example.net\n"
            "2026-03-02 10:00:02,m2,bounce,anna@example.com,two@example.net,550 5.1.1 User unknown,203.0.113.1,mx.example.net\n"
            "2026-03-02 10:00:03,m1,spamreport,anna@example.com,one@example.net,,203.0.113.1,\n",
            (1, 1, 0, 1), {"user_unknown"}, id="sendgrid-activity",
        ),
        pytest.param(json.dumps([{"created": 1772445601, "email": "r@example.net", "ip": "203.0.113.1"}]), (0, 0, 0, 1), set(), id="sendgrid-spam-reports"),
        pytest.param(
            json.dumps({"results": [
                {"recipient": f"r{i}@example.net", "type": "transactional", "source": source, "description": said,
                 "created": "2026-03-02T10:00:01+00:00"}
                for i, (source, said) in enumerate((("Bounce Rule", "550 5.1.1 User unknown"), ("Spam Complaint", ""), ("Manually Added", "")))]}),
            (0, 1, 0, 1), {"user_unknown"}, id="sparkpost-suppression",
        ),
        pytest.param(
            "\n".join(json.dumps({"event": event, "email": f"{event}@example.net", "ts_event": 1772445601, "message-id": f"<{event}@example.com>", "reason": said})
                      for event, said in (("delivered", ""), ("hard_bounce", "550 5.1.1 User unknown"), ("spam", ""), ("opened", ""))),
            (1, 1, 0, 1), {"user_unknown"}, id="brevo",
        ),
        pytest.param(
            "type,timeQueued,rcpt,dsnStatus,dsnDiag\nb,2026-03-02 10:00:01,r@example.net,5.1.1,smtp;550 5.1.1 User unknown\n",
            (0, 1, 0, 0), {"user_unknown"}, id="powermta-few-columns",
        ),
    ],
)  # fmt: skip
def test_more_that_services_give_out(
    tmp_path: Path, text: str, counts: tuple[int, int, int, int], causes: set[str] | None
) -> None:
    (tmp_path / "export").write_text(text)
    report = postmend.report(tmp_path / "export")
    totals = report.totals
    assert (totals.delivered, totals.bounced, totals.deferred, totals.complaints) == counts
    assert report.inputs.not_understood == 0, report.inputs.strange
    assert report.first == (None if counts == (0, 0, 0, 1) else "2026-03-02 10:00")
    assert causes is None or {cause.id for cause in report.causes} == causes
