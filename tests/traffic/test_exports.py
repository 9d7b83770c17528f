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
