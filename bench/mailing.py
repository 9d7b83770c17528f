"""The bounces of one mailing as four programs send them: few wordings, and no recipient, host, address or id twice.

The wordings are the examples of the rule book, 200 of them; all else is drawn from a seed and differs in each mail.
"""

import random
import re
from pathlib import Path

from postmend.knowledge.rules import read_rules

WORDINGS = 200
SEED = 20_000
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w")
_IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_RETURNED = """\
Return-Path: <news@example.com>
Received: from app.example.com (app.example.com [192.0.2.10])
\tby mail.example.com (Postfix) with ESMTP id {id}
\tfor <{rcpt}>; Tue, 24 Nov 2026 09:{mm}:{ss} +0000 (UTC)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=news;
\tt=1795511{mm}{ss}; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\th=From:To:Subject:Date; b={sig}
Message-ID: <{id}.{mm}{ss}@example.com>
Date: Tue, 24 Nov 2026 09:{mm}:{ss} +0000
From: Example News <news@example.com>
To: {rcpt}
Subject: What is new in {word}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello {word}, this is what is new.
"""
_POSTFIX = """\
Return-Path: <>
Date: Tue, 24 Nov 2026 10:{mm}:{ss} +0000 (UTC)
From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: news@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{id}.17/mail.example.com"
Message-Id: <2026.{id}@mail.example.com>

This is a MIME-encapsulated message.

--{id}.17/mail.example.com
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system

<{rcpt}>: host {host}[{ip}] said: {reply}
    (in reply to RCPT TO command)

--{id}.17/mail.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
X-Postfix-Queue-ID: {id}
X-Postfix-Sender: rfc822; news@example.com
Arrival-Date: Tue, 24 Nov 2026 09:{mm}:{ss} +0000 (UTC)

Final-Recipient: rfc822; {rcpt}
Original-Recipient: rfc822;{rcpt}
Action: failed
Status: {status}
Remote-MTA: dns; {host}
Diagnostic-Code: smtp; {reply}

--{id}.17/mail.example.com
Content-Description: Undelivered Message
Content-Type: message/rfc822

{returned}
--{id}.17/mail.example.com--
"""
_EXIM = """\
Return-path: <>
Received: from Debian-exim by mail.example.com with local (Exim 4.98) id 1tA{id}
\tfor news@example.com; Tue, 24 Nov 2026 10:{mm}:{ss} +0000
X-Failed-Recipients: {rcpt}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.com>
To: news@example.com
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tA{id}@mail.example.com>
Date: Tue, 24 Nov 2026 10:{mm}:{ss} +0000

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {rcpt}
    host {host} [{ip}]
    SMTP error from remote mail server after RCPT TO:<{rcpt}>:
    {reply}

------ This is a copy of the message, including all the headers. ------

{returned}
"""
_EXCHANGE = """\
From: <postmaster@mail.example.com>
To: <news@example.com>
Date: Tue, 24 Nov 2026 10:{mm}:{ss} +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="{id}-b1_mail.example.com"
MIME-Version: 1.0
X-MS-Exchange-Message-Is-Ndr:
Message-ID: <{id}@mail.example.com>
Subject: Undeliverable: What is new in {word}

--{id}-b1_mail.example.com
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:

{rcpt}<mailto:{rcpt}>
Your message couldn't be delivered. Despite repeated attempts to contact the r=
ecipient's email system it didn't respond.

Diagnostic information for administrators:

Generating server: mail.example.com

{rcpt}
{host}
Remote Server returned '{reply}'

--{id}-b1_mail.example.com
Content-Type: message/delivery-status

Reporting-MTA: dns;mail.example.com
Received-From-MTA: dns;app.example.com
Arrival-Date: Tue, 24 Nov 2026 09:{mm}:{ss} +0000

Final-Recipient: rfc822;{rcpt}
Action: failed
Status: {status}
Diagnostic-Code: smtp;{reply}
Remote-MTA: dns;{host}

--{id}-b1_mail.example.com
Content-Type: message/rfc822

{returned}
--{id}-b1_mail.example.com--
"""
_GMAIL = """\
Date: Tue, 24 Nov 2026 02:{mm}:{ss} -0800 (PST)
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: news@example.com
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <{id}.{mm}{ss}@example.com>
Message-ID: <{id}.GMR@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; boundary="0000{id}"; report-type=delivery-status

--0000{id}
Content-Type: multipart/alternative; boundary="1111{id}"

--1111{id}
Content-Type: text/plain; charset="UTF-8"

** Message not delivered **

Your message wasn't delivered to {rcpt}. See the technical details below.

The response from the remote server was:
{reply}

--1111{id}
Content-Type: text/html; charset="UTF-8"

<html><body><p>Your message wasn't delivered to <b>{rcpt}</b>.</p>
<p>The response from the remote server was:<br>{reply}</p></body></html>

--1111{id}--
--0000{id}
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Tue, 24 Nov 2026 02:{mm}:{ss} -0800 (PST)
X-Original-Message-ID: <{id}.{mm}{ss}@example.com>

Final-Recipient: rfc822; {rcpt}
Action: failed
Status: {status}
Remote-MTA: dns; {host}. ({ip}, the server for the domain example.net.)
Diagnostic-Code: smtp; {reply}
Last-Attempt-Date: Tue, 24 Nov 2026 02:{mm}:{ss} -0800 (PST)

--0000{id}
Content-Type: message/rfc822

{returned}
--0000{id}--
"""
_PROGRAMS = (_POSTFIX, _EXIM, _EXCHANGE, _GMAIL)


def _wordings() -> list[str]:
    """Examples of the rule book that are whole replies, on one line."""
    every = [" ".join(text.split()) for rule in read_rules() for text in rule.yes]
    replies = [text for text in dict.fromkeys(every) if re.match(r"[45]\d\d[ -]", text) and text.isascii()]
    return replies[:: max(1, len(replies) // WORDINGS)][:WORDINGS]


def _fields(reply: str, rng: random.Random) -> dict[str, str]:
    word = "".join(rng.choices(_LETTERS[:26], k=7))
    rcpt = f"{word}.{rng.randrange(10_000)}@{''.join(rng.choices(_LETTERS[:26], k=6))}.example.net"
    ip = f"198.51.{rng.randrange(100)}.{rng.randrange(1, 255)}"
    reply = _IPV4.sub(f"203.0.113.{rng.randrange(1, 255)}", _ADDRESS.sub(rcpt, reply))
    status = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", reply)
    fields = {
        "rcpt": rcpt, "word": word, "host": f"mx{rng.randrange(90)}.{rcpt.partition('@')[2]}", "ip": ip, "reply": reply,
        "status": status[0] if status else f"{reply[0]}.0.0", "id": "".join(rng.choices(_LETTERS, k=10)).upper(),
        "mm": f"{rng.randrange(60):02}", "ss": f"{rng.randrange(60):02}", "sig": "".join(rng.choices(_LETTERS, k=172)),
    }  # fmt: skip
    return fields | {"returned": _RETURNED.format_map(fields)}


def make_mailing(target: Path, count: int) -> int:
    """Write an mbox of so many bounces; return how many."""
    rng = random.Random(SEED)  # a seed: the same mails each time
    wordings = _wordings()
    with target.open("w", encoding="ascii") as out:
        for number in range(count):
            mail = rng.choice(_PROGRAMS).format_map(_fields(wordings[number % len(wordings)], rng))
            out.write(f"From MAILER-DAEMON Tue Nov 24 10:00:{number % 60:02} 2026\n{mail}\n")
    return count
