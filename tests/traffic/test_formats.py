"""Each form of log, in the words of the program that writes it: what was delivered, refused, put off, and by whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import postmend
from postmend.traffic.report import Report

SENDMAIL = """\
Mar  2 10:00:00 mx1 sm-mta[100]: 62290aAA000100: from=<anna@example.com>, size=900, class=0, nrcpts=2, msgid=<a@example.com>, proto=ESMTPSA, daemon=MTA-v4, relay=pc.example.com [203.0.113.9], authid=anna, mech=PLAIN
Mar  2 10:00:01 mx1 sm-mta[101]: 62290aAA000100: to=<one@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120900, relay=mx.example.net. [198.51.100.5], dsn=2.0.0, stat=Sent (Ok: queued as 4ABC)
Mar  2 10:00:02 mx1 sm-mta[101]: 62290aAA000100: to=<two@example.net>, delay=00:00:02, mailer=esmtp, relay=mx.example.net. [198.51.100.5], dsn=5.1.1, reply=550 5.1.1 <two@example.net>: Recipient address rejected: User unknown, stat=User unknown
Mar  2 10:00:03 mx1 sendmail[102]: 62290bBB000102: from=www-data, size=300, class=0, nrcpts=1, msgid=<b@example.com>, relay=www-data@localhost
Mar  2 10:00:04 mx1 sendmail[102]: 62290bBB000102: to=three@example.org, ctladdr=www-data (33/33), delay=00:00:01, mailer=relay, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (62290cCC000103 Message accepted for delivery)
Mar  2 10:00:04 mx1 sm-mta[103]: 62290cCC000103: from=<www-data@mx1.example.com>, size=400, class=0, nrcpts=1, msgid=<b@example.com>, proto=ESMTP, daemon=MTA-v4, relay=localhost [127.0.0.1]
Mar  2 10:00:05 mx1 sm-mta[104]: 62290cCC000103: to=<three@example.org>, ctladdr=<www-data@mx1.example.com> (33/33), delay=00:00:01, mailer=esmtp, relay=mx.example.org. [198.51.100.6], dsn=4.7.1, stat=Deferred: 451 4.7.1 Greylisted, try again in 5 minutes
Mar  2 10:00:06 mx1 sm-mta[105]: 62290dDD000105: ruleset=check_rcpt, arg1=<x@example.org>, relay=[192.0.2.99], reject=550 5.7.1 <x@example.org>... Relaying denied
"""
OPENSMTPD = """\
2026-03-02T10:00:00.000000+00:00 mx1 smtpd[7]: 5a1f00aa smtp connected address=203.0.113.9 host=pc.example.com
2026-03-02T10:00:00.100000+00:00 mx1 smtpd[7]: 5a1f00aa smtp authentication user=anna result=ok
2026-03-02T10:00:00.200000+00:00 mx1 smtpd[7]: 5a1f00aa smtp message msgid=1234abcd size=900 nrcpt=2 proto=ESMTP
2026-03-02T10:00:00.300000+00:00 mx1 smtpd[7]: 5a1f00aa smtp envelope evpid=1234abcd00000001 from=<anna@example.com> to=<one@example.net>
2026-03-02T10:00:01.000000+00:00 mx1 smtpd[7]: 5a1f00ab mta delivery evpid=1234abcd00000001 from=<anna@example.com> to=<one@example.net> rcpt=<-> source="203.0.113.1" relay="198.51.100.5 (mx.example.net)" delay=1s result="Ok" stat="250 2.0.0 Ok: queued as 4ABC"
2026-03-02T10:00:02.000000+00:00 mx1 smtpd[7]: 5a1f00ab mta delivery evpid=1234abcd00000002 from=<anna@example.com> to=<two@example.net> rcpt=<-> source="203.0.113.1" relay="198.51.100.5 (mx.example.net)" delay=2s result="PermFail" stat="550 5.1.1 User unknown"
2026-03-02T10:00:03.000000+00:00 mx1 smtpd[7]: 5a1f00ac mta delivery evpid=1234abcd00000003 from=<anna@example.com> to=<three@example.org> rcpt=<-> source="203.0.113.1" relay="198.51.100.6 (mx.example.org)" delay=3s result="TempFail" stat="451 4.7.1 Greylisted, try again in 5 minutes"
2026-03-02T10:00:04.000000+00:00 mx1 smtpd[7]: 5a1f00aa smtp failed-command command="RCPT TO:<x@example.org>" result="550 5.7.1 Relaying denied"
2026-03-02T10:00:05.000000+00:00 mx1 smtpd[7]: 5a1f00aa smtp disconnected reason=quit
"""
POSTFIX = (
    "A1B2C3: client=pc.example.com[203.0.113.9], sasl_method=PLAIN, sasl_username=anna", "A1B2C3: from=<anna@example.com>, size=9, nrcpt=3 (queue active)",
    "A1B2C3: to=<one@example.net>, relay=mx.example.net[198.51.100.5]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    "A1B2C3: to=<two@example.net>, relay=mx.example.net[198.51.100.5]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.net[198.51.100.5] said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
    "A1B2C3: to=<three@example.org>, relay=mx.example.org[198.51.100.6]:25, delay=1, delays=0/0/0/1, dsn=4.7.1, status=deferred (host mx.example.org[198.51.100.6] said: 451 4.7.1 Greylisted, try again in 5 minutes (in reply to RCPT TO command))",
    "NOQUEUE: reject: RCPT from unknown[192.0.2.99]: 554 5.7.1 <x@example.org>: Relay access denied; from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<\x1b[31mred>",
)  # fmt: skip
_PROGRAMS = ("smtpd", "qmgr", "smtp", "smtp", "smtp", "smtpd")
_STAMP = 1_772_445_600_000_000  # 2026-03-02 10:00 UTC


def journal_export() -> str:
    entries = [
        f"__CURSOR=s={i}\n__REALTIME_TIMESTAMP={_STAMP + i * 1_000_000}\n_HOSTNAME=mx1\nSYSLOG_IDENTIFIER=postfix/{program}\nMESSAGE={message}\n"
        for i, (program, message) in enumerate(zip(_PROGRAMS, POSTFIX, strict=True))
    ]
    return "\n".join(entries)


def journal_json() -> str:
    return "".join(
        json.dumps({
            "__REALTIME_TIMESTAMP": str(_STAMP + i * 1_000_000), "_HOSTNAME": "mx1",
            "SYSLOG_IDENTIFIER": f"postfix/{program}", "MESSAGE": message,
        }) + "\n"
        for i, (program, message) in enumerate(zip(_PROGRAMS, POSTFIX, strict=True))
    )  # fmt: skip


TRACKING = """\
#Software: Microsoft Exchange Server
#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path
2026-03-02T10:00:00.000Z,203.0.113.9,pc,203.0.113.1,ex1,,,SMTP,RECEIVE,1,<a@example.com>,n1,one@example.net;two@example.net;three@example.org,,900,3,,,"=cmd|' /C calc'!A1, \"\"x\"\"",anna@example.com,anna@example.com
2026-03-02T10:00:01.000Z,203.0.113.1,ex1,198.51.100.5,mx.example.net,,out,SMTP,SEND,1,<a@example.com>,n1,one@example.net,250 2.0.0 Ok,900,1,,,hello,anna@example.com,anna@example.com
2026-03-02T10:00:02.000Z,203.0.113.1,ex1,198.51.100.5,mx.example.net,,out,SMTP,FAIL,1,<a@example.com>,n1,two@example.net,550 5.1.1 User unknown,900,1,,,hello,anna@example.com,anna@example.com
2026-03-02T10:00:03.000Z,203.0.113.1,ex1,198.51.100.6,mx.example.org,,out,SMTP,DEFER,1,<a@example.com>,n1,three@example.org,"451 4.7.1 Greylisted, try again in 5 minutes",900,1,,,hello,anna@example.com,anna@example.com
"""
POWERMTA = """\
type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvSize,vmta,jobId,envId
d,2026-03-02 10:00:01+0000,2026-03-02 10:00:00+0000,anna@example.com,one@example.net,,relayed,2.0.0 (success),smtp;250 2.0.0 Ok,mx.example.net (198.51.100.5),,smtp,pc,smtp,203.0.113.1,198.51.100.5,900,vmta1,job1,e1
b,2026-03-02 10:00:02+0000,2026-03-02 10:00:00+0000,anna@example.com,two@example.net,,failed,5.1.1 (bad destination),smtp;550 5.1.1 User unknown,mx.example.net (198.51.100.5),bad-mailbox,smtp,pc,smtp,203.0.113.1,198.51.100.5,900,vmta1,job1,e1
t,2026-03-02 10:00:03+0000,2026-03-02 10:00:00+0000,anna@example.com,three@example.org,,delayed,4.7.1 (other),"smtp;451 4.7.1 Greylisted, try again in 5 minutes",mx.example.org (198.51.100.6),other,smtp,pc,smtp,203.0.113.1,198.51.100.6,900,vmta1,job1,e1
"""
_SES_MAIL = {"timestamp": "2026-03-02T10:00:00.000Z", "source": "anna@example.com", "messageId": "m1"}
SES = [
    {"eventType": "Delivery", "mail": _SES_MAIL, "delivery": {"timestamp": "2026-03-02T10:00:01.000Z", "recipients": ["one@example.net"], "smtpResponse": "250 2.0.0 Ok"}},
    {"Type": "Notification", "Message": json.dumps({"notificationType": "Bounce", "mail": _SES_MAIL, "bounce": {"bounceType": "Permanent", "timestamp": "2026-03-02T10:00:02.000Z", "bouncedRecipients": [{"emailAddress": "two@example.net", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 User unknown"}]}})},
    {"eventType": "DeliveryDelay", "mail": _SES_MAIL, "deliveryDelay": {"timestamp": "2026-03-02T10:00:03.000Z", "delayedRecipients": [{"emailAddress": "three@example.org", "status": "4.7.1", "diagnosticCode": "smtp; 451 4.7.1 Greylisted, try again in 5 minutes"}]}},
    {"eventType": "Complaint", "mail": _SES_MAIL, "complaint": {"timestamp": "2026-03-02T10:00:03.000Z", "complainedRecipients": [{"emailAddress": "one@example.net"}]}},
]  # fmt: skip
SENDGRID = [
    {"email": "one@example.net", "timestamp": 1772445601, "event": "delivered", "sg_message_id": "m1.x", "smtp-id": "<a@example.com>", "response": "250 OK"},
    {"email": "two@example.net", "timestamp": 1772445602, "event": "bounce", "sg_message_id": "m1.x", "smtp-id": "<a@example.com>", "reason": "550 5.1.1 User unknown", "status": "5.1.1"},
    {"email": "three@example.org", "timestamp": 1772445603, "event": "deferred", "sg_message_id": "m1.x", "smtp-id": "<a@example.com>", "response": "451 4.7.1 Greylisted, try again in 5 minutes"},
    {"email": "one@example.net", "timestamp": 1772445604, "event": "spamreport", "sg_message_id": "m1.x"},
]  # fmt: skip
_MAILGUN = {"envelope": {"sender": "anna@example.com"}, "message": {"headers": {"message-id": "a@example.com"}}}
MAILGUN = [
    {"event-data": {**_MAILGUN, "event": "delivered", "timestamp": 1772445601.1, "recipient": "one@example.net", "delivery-status": {"code": 250, "message": "OK", "mx-host": "mx.example.net"}}},
    {"event-data": {**_MAILGUN, "event": "failed", "severity": "permanent", "timestamp": 1772445602.1, "recipient": "two@example.net", "delivery-status": {"code": 550, "message": "5.1.1 User unknown"}}},
    {"event-data": {**_MAILGUN, "event": "failed", "severity": "temporary", "timestamp": 1772445603.1, "recipient": "three@example.org", "delivery-status": {"code": 451, "message": "4.7.1 Greylisted, try again in 5 minutes"}}},
    {"event-data": {**_MAILGUN, "event": "complained", "timestamp": 1772445604.1, "recipient": "one@example.net"}},
]  # fmt: skip
POSTMARK = [
    {"RecordType": "Delivery", "MessageID": "m1", "Recipient": "one@example.net", "DeliveredAt": "2026-03-02T10:00:01Z", "Details": "250 OK"},
    {"RecordType": "Bounce", "MessageID": "m1", "Type": "HardBounce", "Email": "two@example.net", "From": "anna@example.com", "BouncedAt": "2026-03-02T10:00:02Z", "Details": "smtp;550 5.1.1 User unknown"},
    {"RecordType": "Bounce", "MessageID": "m1", "Type": "Transient", "Email": "three@example.org", "From": "anna@example.com", "BouncedAt": "2026-03-02T10:00:03Z", "Details": "smtp;451 4.7.1 Greylisted, try again in 5 minutes"},
    {"RecordType": "SpamComplaint", "MessageID": "m1", "Email": "one@example.net", "From": "anna@example.com", "BouncedAt": "2026-03-02T10:00:04Z"},
]  # fmt: skip
_SPARK = {"message_id": "m1", "msg_from": "anna@example.com"}
SPARKPOST = [
    {"msys": {"message_event": {**_SPARK, "type": "delivery", "rcpt_to": "one@example.net", "timestamp": "1772445601"}}},
    {"msys": {"message_event": {**_SPARK, "type": "bounce", "rcpt_to": "two@example.net", "timestamp": "1772445602", "raw_reason": "550 5.1.1 User unknown"}}},
    {"msys": {"message_event": {**_SPARK, "type": "delay", "rcpt_to": "three@example.org", "timestamp": "1772445603", "raw_reason": "451 4.7.1 Greylisted, try again in 5 minutes"}}},
    {"msys": {"message_event": {**_SPARK, "type": "spam_complaint", "rcpt_to": "one@example.net", "timestamp": "1772445604"}}},
]  # fmt: skip


def report_of(tmp_path: Path, text: str) -> Report:
    path = tmp_path / "input"
    path.write_text(text)
    return postmend.report(path)


@pytest.mark.parametrize(
    ("text", "who", "refused", "complaints"),
    [
        pytest.param(SENDMAIL, {"anna": 2, "33": 0}, 1, 0, id="sendmail"),
        pytest.param(OPENSMTPD, {"anna": 2}, 1, 0, id="opensmtpd"),
        pytest.param(journal_export(), {"anna": 2}, 1, 0, id="journal-export"),
        pytest.param(journal_json(), {"anna": 2}, 1, 0, id="journal-json"),
        pytest.param(TRACKING, {"example.com": 2}, 0, 0, id="exchange"),
        pytest.param(POWERMTA, {"example.com": 2}, 0, 0, id="powermta"),
        pytest.param("\n".join(map(json.dumps, SES)), {"example.com": 2}, 0, 1, id="ses"),
        pytest.param(json.dumps(SENDGRID), {"example.com": 2}, 0, 1, id="sendgrid"),
        pytest.param("\n".join(map(json.dumps, MAILGUN)), {"example.com": 2}, 0, 1, id="mailgun"),
        pytest.param("\n".join(map(json.dumps, POSTMARK)), None, 0, 1, id="postmark"),
        pytest.param(json.dumps(SPARKPOST), {"example.com": 2}, 0, 1, id="sparkpost"),
    ],
)
def test_each_form(tmp_path: Path, text: str, who: dict[str, int] | None, refused: int, complaints: int) -> None:
    report = report_of(tmp_path, text)
    totals = report.totals
    assert (totals.delivered, totals.bounced, totals.deferred, totals.deferrals) == (1, 1, 1, 1)
    assert (totals.refused, totals.complaints, totals.dead) == (refused, complaints, 1)
    assert report.inputs.not_understood == 0, report.inputs.strange
    assert {cause.id for cause in report.causes} == {"user_unknown", "greylisted"}
    assert [each.address for each in report.suppress] == ["two@example.net"]
    assert (report.first or "")[:10] == "2026-03-02"
    if who is not None:
        assert {group.name.split()[0]: group.counts.sent for group in report.by["account"]} == who


def test_microsoft_trace(tmp_path: Path) -> None:
    old = (
        '"Received","SenderAddress","RecipientAddress","Subject","Status","FromIP","ToIP","Size","MessageId","MessageTraceId"\n'
        '"3/2/2026 10:00:01 AM","anna@example.com","one@example.net","a, b","Delivered","203.0.113.1","",900,"<a@example.com>","t1"\n'
        '"3/2/2026 10:00:02 AM","anna@example.com","two@example.net","a\nb","Failed","203.0.113.1","",900,"<b@example.com>","t2"\n'
    )
    new = (
        "origin_timestamp_utc,sender_address,recipient_status,message_subject,message_id,network_message_id\n"
        '2026-03-02T10:00:01Z,anna@example.com,"one@example.net##Receive, Send;two@example.net##Receive, Fail",hi,<a@example.com>,n1\n'
    )
    for text in (old, new):
        totals = report_of(tmp_path, text).totals
        assert (totals.delivered, totals.bounced) == (1, 1)
