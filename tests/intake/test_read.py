"""Intake of every form, in every line ending, and of what is none."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from postmend.intake import read_any
from postmend.knowledge.read import read_told
from postmend.model import Action, Cause, Intake, Kind, ParseError, Stage
from tests.compound import outlook_message

BARRACUDA = "bounce-barracuda.eml"


def one(raw: bytes) -> Intake:
    (found,) = read_any(raw, "x")
    return found


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_dsn_in_each_line_ending(samples: Path, end: bytes) -> None:
    found = one((samples / BARRACUDA).read_bytes().replace(b"\n", end))
    assert found.kind is Kind.DSN
    (failure,) = found.failures
    assert failure.recipient == "anna@example.net"
    assert failure.mail_from == "billing@example.com"
    assert failure.reply.code == 550
    assert failure.stage is Stage.DATA
    assert failure.remote.host == "d1.ess.barracudanetworks.example"
    assert (failure.local.ip, failure.local.host) == ("192.0.2.7", "shop.example.com")
    assert found.original.dkim_domain == "example.com"
    assert found.original.subject == "Your invoice for November"


def test_exim(samples: Path) -> None:
    found = one((samples / "bounce-exim.eml").read_bytes())
    assert found.kind is Kind.BOUNCE
    (failure,) = found.failures
    assert failure.recipient == "tom@example.net"
    assert str(failure.reply.enhanced) == "5.7.1"
    assert failure.reply.code == 554
    assert "https://www.spamhaus.org/query/ip/192.0.2.44" in failure.reply.text


def test_postfix_log(samples: Path) -> None:
    found = one((samples / "postfix.log").read_bytes())
    assert [(f.recipient, f.action, f.mail_from) for f in found.failures] == [
        ("a@example.net", Action.FAILED, "news@example.com"),
        ("b@example.org", Action.DELAYED, "news@example.com"),
    ]
    assert found.failures[0].remote.ip == "198.51.100.9"


def test_log_delivered_after_all(samples: Path) -> None:
    sent = (
        b"Nov 24 10:00:03 mail postfix/smtp[9]: 4ZQ8AA1kzz1: to=<b@example.org>, relay=mx.example.org[203.0.113.5]:25, "
        b"delay=2, delays=0.1/0/1/0.9, dsn=2.0.0, status=sent (250 ok)\n"
    )
    found = one((samples / "postfix.log").read_bytes() + sent)
    assert [f.recipient for f in found.failures if f.action is not Action.DELIVERED] == ["a@example.net"]


def test_postfix_reject_line() -> None:
    line = (
        b"Nov 24 09:00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service "
        b"unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org; from=<a@example.com> to=<b@example.net> "
        b"proto=ESMTP helo=<mail.example.com>\n"
    )
    (failure,) = one(line).failures
    assert (failure.local.ip, failure.local.helo) == ("192.0.2.7", "mail.example.com")
    assert (failure.recipient, failure.mail_from, failure.stage) == ("b@example.net", "a@example.com", Stage.RCPT)


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("{} does not like recipient.", Stage.RCPT),
        ("Connected to {} but sender was rejected.", Stage.MAIL),
        ("Connected to {} but greeting failed.", Stage.CONNECT),
        ("{} failed after I sent the message.", Stage.DATA),
    ],
)
def test_the_host_that_qmail_names_is_who_refused(said: str, stage: Stage) -> None:
    raw = (
        "From: MAILER-DAEMON@mail.example.com\nTo: mara@example.com\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program at mail.example.com.\nThis is a permanent error; I've given up.\n\n"
        f"<lena@example.net>:\n{said.format('198.51.100.9')}\nRemote host said: 550 5.7.1 Policy\n"
        "Giving up on 198.51.100.9.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <mara@example.com>\n"
    )
    (failure,) = one(raw.encode()).failures
    assert (failure.remote.ip, failure.stage, failure.local.ip) == ("198.51.100.9", stage, "")


@pytest.mark.parametrize(
    ("to", "received", "mail_from"),
    [
        ("bounces@lists.example", "", "bounces@lists.example"),
        ("postmaster@example.com", "", "a@example.com"),
        ("a@example.com", "(Exim 4.96) (envelope-from <news@esp.example>) ", "news@esp.example"),
    ],
)
def test_a_notice_goes_to_the_reverse_path(to: str, received: str, mail_from: str) -> None:
    raw = (
        f"From: MAILER-DAEMON@mail.example.com\nTo: {to}\nSubject: Delivery status notification: error\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nrefused\n--B\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.com\n\n"
        "Final-Recipient: rfc822; lena@example.net\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 Policy\n"
        "\n--B\nContent-Type: text/rfc822-headers\n\nReceived: from pc by mail.example.com with esmtpsa\n"
        f"\t{received}id 1; Mon, 2 Nov 2026 10:00:00 +0000\nFrom: a@example.com\nTo: lena@example.net\n--B--\n"
    )
    (failure,) = one(raw.encode()).failures
    assert failure.mail_from == mail_from


def test_the_form_around_a_reply_is_no_place_to_guess() -> None:
    form = "<mailto:a@example.net> Your message couldn't be delivered. Despite repeated attempts the system refused it."
    known = {"stage": None, "remote_host": "", "code": 550, "enhanced": None}
    assert read_told("550 listed at bl.example: 192.0.2.7", form, **known).extracts.lists == ("bl.example",)
    assert read_told("550 4f7a", f"{form} The mailbox is full.", **known).cause is Cause.MAILBOX_FULL


@pytest.mark.parametrize("mark", ["", "> ", "    "])
def test_folds_of_a_message_quoted_in_the_notice_stay_folds(mark: str) -> None:
    message = (
        "Return-Path: <mara@example.com>\nDKIM-Signature: v=1; d=example.com;\n s=s1; h=from :\n"
        " subject : date;\n b=abc\nFrom: mara@example.com\nTo: lena@example.net\nSubject: hello\n"
        "Message-ID: <7@example.com>\n"
    )
    raw = (
        "From: MAILER-DAEMON@mail.example.com\nTo: mara@example.com\nSubject: failure notice\n\n"
        "<lena@example.net>:\nRemote host said: 550 5.7.1 Policy\n\n--- Below this line is a copy of the message.\n\n"
        + "".join(f"{mark}{line}\n" for line in message.splitlines())
    )
    original = one(raw.encode()).original
    assert (original.subject, original.dkim_domain, original.dkim_selector) == ("hello", "example.com", "s1")


def test_exim_log() -> None:
    log = (
        b"2026-11-24 09:00:00 1tAbCd-000000001Xy-2aBc <= news@example.org H=localhost U=www P=local S=900\n"
        b"2026-11-24 09:00:01 1tAbCd-000000001Xy-2aBc ** tom@example.net R=dnslookup T=remote_smtp H=mx.example.net "
        b"[198.51.100.9]: SMTP error from remote mail server after RCPT TO:<tom@example.net>: 550 5.1.1 No such user\n"
    )
    (failure,) = one(log).failures
    assert (failure.recipient, failure.mail_from) == ("tom@example.net", "news@example.org")
    assert str(failure.reply.enhanced) == "5.1.1"
    assert failure.stage is Stage.RCPT


@pytest.mark.parametrize(
    ("text", "recipient", "code"),
    [
        ("550 5.1.1 <user@example.net>: no such user", "user@example.net", 550),
        ("550 permanent failure for one or more recipients (user@example.net:blocked)", "user@example.net", 550),
        ("> 452 4.2.2 mailbox full", "", 452),
        ("<html><body><p>550 5.7.1 Message rejected</p></body></html>", "", 550),
    ],
)
def test_bare_reply(text: str, recipient: str, code: int) -> None:
    found = one(text.encode())
    assert found.kind is Kind.REPLY
    (failure,) = found.failures
    assert (failure.recipient, failure.reply.code) == (recipient, code)


@pytest.mark.parametrize(
    ("text", "helo"),
    [
        ("504 5.5.2 <mailserver>: Helo command rejected: need fully-qualified hostname", "mailserver"),
        ("550 5.7.1 HELO mail.example.com does not resolve", "mail.example.com"),
        ("554 Access denied (EHLO: mail.example.com)", "mail.example.com"),
        ("550 5.7.1 invalid helo given", ""),
    ],
)
def test_helo_that_the_reply_names(text: str, helo: str) -> None:
    (failure,) = one(text.encode()).failures
    assert failure.local.helo == helo


def test_sending_host_is_told_by_the_reply() -> None:
    import postmend

    (found,) = postmend.explain("550 5.7.1 Client host [192.0.2.7] blocked using zen.spamhaus.org", offline=True)
    assert found.failures[0].local.ip == "192.0.2.7"


def test_several_replies(samples: Path) -> None:
    found = one((samples / "replies.txt").read_bytes())
    assert [f.reply.code for f in found.failures] == [550, 554, 452, 550]


def test_folded_reply_is_one() -> None:
    (failure,) = one(b"550-5.7.1 first line\n550-5.7.1 second\n550 5.7.1 last\n").failures
    assert "first line" in failure.reply.text
    assert "last" in failure.reply.text


def test_mbox(samples: Path) -> None:
    mail = (samples / BARRACUDA).read_bytes()
    raw = b"From MAILER-DAEMON Mon Nov 23 09:14:07 2026\n" + mail + b"\n"
    found = list(read_any(raw * 3, "box"))
    assert [each.source for each in found] == ["box#1", "box#2", "box#3"]
    assert all(each.failures[0].recipient == "anna@example.net" for each in found)


def test_an_eml_that_holds_several_mails_keeps_its_name() -> None:
    one = b"From a@example.org Thu Jan  1 00:00:00 2026\nSubject: failure notice\n\n<x@example.net>: 550 5.1.1 User unknown\n\n"
    assert [each.source for each in read_any(one + one, "two.eml")] == ["two.eml", "two.eml"]


def _mail(subject: str, body: str, *more: str, sender: str = "x@example.com") -> bytes:
    head = [f"From: {sender}", "To: a@example.com", f"Subject: {subject}", "MIME-Version: 1.0", *more]
    return ("\n".join(head) + "\n\n" + body).encode()


def test_auto_reply() -> None:
    assert one(_mail("Out of office: hello", "I am away.", "Auto-Submitted: auto-replied")).kind is Kind.AUTO_REPLY


def test_not_a_bounce() -> None:
    assert one(_mail("Lunch?", "At noon?")).kind is Kind.NOT_A_BOUNCE


def test_arf() -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\nUser-Agent: Test/1.0\nSource-IP: 192.0.2.7\nOriginal-Rcpt-To: <b@example.net>\n"
        "Reported-Domain: example.com\n\n--b\nContent-Type: message/rfc822\n\nFrom: a@example.com\n"
        "Message-ID: <1@example.com>\nSubject: news\n\nhi\n--b--\n"
    )
    found = one(_mail("complaint", body, 'Content-Type: multipart/report; report-type=feedback-report; boundary="b"'))
    assert found.kind is Kind.ARF
    assert found.feedback is not None
    assert (found.feedback.source_ip, found.feedback.original_rcpt_to) == ("192.0.2.7", ("b@example.net",))
    assert found.original.from_domain == "example.com"


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "宛先が見つかりません"),
        ("gb18030", "用户不存在"),
        ("koi8-r", "Пользователь не найден"),
        ("utf-8", "Postfach existiert nicht"),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_charsets(charset: str, text: str, encoding: str) -> None:
    body = f"<user@example.net>:\n550 5.1.1 {text}\n".encode(charset)
    if encoding == "base64":
        body = base64.encodebytes(body)
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
    raw = f"From: MAILER-DAEMON@example.org\nSubject: failure notice\nTo: a@example.com\n{head}\n".encode() + body
    (failure,) = one(raw).failures
    assert failure.recipient == "user@example.net"
    assert text in failure.reply.text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_it(encoding: str) -> None:
    (failure,) = one("550 5.1.1 <user@example.net>: 用户不存在\r\n".encode(encoding)).failures
    assert failure.recipient == "user@example.net"
    assert failure.reply.text == "550 5.1.1 <user@example.net>: 用户不存在"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (bytes(range(256)) * 40, "x:"),
        (b"hello there\n", "no mail"),
        (b"\0" * 500, "x: "),
        (random.Random(1).randbytes(5000) + b" a@example.com", "binary"),
    ],
)
def test_bad_input_is_one_clear_line(raw: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words) as raised:
        list(read_any(raw, "x"))
    assert "\n" not in str(raised.value)


HEADERS, BODY, SUBJECT, SENDER, ADDRESS = 0x007D, 0x1000, 0x0037, 0x0C1A, 0x0C1F
NDR = (
    "Delivery has failed to these recipients or groups:\r\n\r\nuser@example.net\r\nThe mailbox is full.\r\n\r\n"
    "Diagnostic information for administrators:\r\n\r\nGenerating server: ex.example.org\r\n\r\nuser@example.net\r\n"
    "#552 5.2.2 STOREDRV.Deliver; mailbox full ##\r\n"
)


@pytest.mark.parametrize(
    "properties",
    [
        {
            HEADERS: "From: <postmaster@ex.example.org>\r\nTo: <a@example.com>\r\nSubject: Undeliverable: hi\r\n\r\n",
            BODY: NDR,
        },
        {SUBJECT: "Undeliverable: hi", SENDER: "System Administrator", ADDRESS: "postmaster@ex.example.org", BODY: NDR},
    ],
    ids=["received", "without headers"],
)
def test_outlook_message(properties: dict[int, str]) -> None:
    pytest.importorskip("oxmsg")
    found = one(outlook_message(properties))
    assert found.kind is Kind.BOUNCE
    (failure,) = found.failures
    assert (failure.recipient, failure.reply.code, str(failure.reply.enhanced)) == ("user@example.net", 552, "5.2.2")


def test_outlook_message_that_is_none() -> None:
    pytest.importorskip("oxmsg")
    whole = outlook_message({SUBJECT: "x", BODY: NDR})
    for raw in (whole[:600], whole[:8] + b"\0" * 600, whole.replace(b"_\0_\0p", b"_\0_\0q")):
        with pytest.raises(ParseError, match=r"x\.msg: not a readable Outlook message"):
            list(read_any(raw, "x.msg"))
