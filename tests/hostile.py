"""Input that wants to do harm: real mails broken at random, and long runs of what patterns are made of."""

from __future__ import annotations

import random
from collections.abc import Iterator

# What a pattern may repeat, look back over, or try again at each place.
TOKENS = [
    "-", "=", " ", "\t", ">", "<", "(", ")", "[", "a", "a ", "1", "1.", "9", "@", "a@", "a@b.c ", "<a@b.c>", "<a@b.c>: ",
    "a.", ".", ":", "::", "a:", ";", ",", "=", "x=", '"', "'", "*", "_", "#", "&", "&amp;", "{", '{"', "/", "\\",
    "5.1.1 ", "550 ", "550-", "#5.1.1", "550 a... ", "http://", "http://a ", "www.a", "=?utf-8?q?=", "=?utf-8?q?a?= ",
    "<<<", "<<< 550 ", ">>> RCPT TO:<a@b.c> ", "said: 550 ", "host a[1.1.1.1] said: 550 ", "host ", "server ",
    "remote mail server after ", "(reason: ", "recipients (", "recipients (a@b:550 ", "returned '550 ", "{LED=550 ",
    "<550 ", "to ", "to: <", "for ", "user ", "mailbox ", "block ", "blocked using ", "listed at ", "spamhaus ",
    "retry ", "again 1", "1 kb ", "sender verify ", "called: ", "while talking ", "in reply to ", "<p", "<p>", "<style>",
    "<!--", "</", "宛先", "：", "é", "\u3042", "不存在", "\x1b$B", "\0", "\r", "original message", "copy of ",
    "message ", "Received: ", "from a (", "by ", "d=", "mail-daemon", "delivery ", "fail", "\ufeff", "\u202e", "%",
    "smtp;", "diagnostic-code: ", "AUP#", "RBL", "1:1:", "(expanded from: <", "-- ", "-> ", "Return-Path: a\n", "\n",
    "\n ", "\n\n", "\n--b", "\n--b\n\n", "From a b\n\n", "550-a\n", "550 a\n", "a@b.c\n", "  a@b.c\n    550 a\n",
    "<<< 550-a\n", "Action: failed\n", "Final-Recipient: rfc822; a@b.c\n", "Final-Recipient: rfc822; a@b.c\n\n",
]  # fmt: skip
_BOUNCE = "From: MAILER-DAEMON@example.org\nTo: a@example.com\nSubject: failure notice\n"
_REPORT = _BOUNCE + 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
_STATUS = (
    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nFinal-Recipient: rfc822; u@example.net\n"
)
# Where the run stands.
PLACES = {
    "header": "From: a@example.com\nTo: b@example.com\nSubject: {}\n\nx\n",
    "type": "From: a@example.com\nTo: b@example.com\nContent-Type: multipart/mixed; {}\n\nx\n",
    "body": _BOUNCE + "\n<u@example.net>:\n550 5.1.1 {}\n",
    "notice": _BOUNCE + "\nSorry.\n{}\n",
    "html": _BOUNCE + "Content-Type: text/html\n\n<html><body>u@example.net 550 {}</body></html>\n",
    "status": _REPORT + _STATUS + "Action: failed\nDiagnostic-Code: smtp; 550 {}\n\n--b--\n",
    "group": _REPORT + _STATUS + "Action: failed\n{}\n--b--\n",
    "original": _REPORT + _STATUS + "Action: failed\n\n--b\nContent-Type: text/rfc822-headers\n\nFrom: {}\n\n--b--\n",
    "received": _REPORT
    + _STATUS
    + "Action: failed\n\n--b\nContent-Type: text/rfc822-headers\n\nReceived: {}\n\n--b--\n",
    "reply": "550 5.1.1 {}\n",
    "pasted": "Dear all,\nthis came back to us:\n{}\n550 5.1.1 no\n",
    "postfix": "Nov 24 10:00:00 mx postfix/smtp[1]: 4ZQ8AA1: to=<a@b.c>, relay=x, dsn=5.0.0, status=bounced ({})\n",
    "noqueue": "Nov 24 09:00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from x[192.0.2.7]: 554 5.7.1 {}\n",
    "exim": "2026-11-24 09:00:01 1tAbCd-000000001Xy-2aBc ** a@b.c R=x T=y H=z [192.0.2.1]: {}\n",
    "mbox": "From a b\n" + _BOUNCE + "\n{}\n\nFrom a b\n" + _BOUNCE + "\nx\n",
}
_SPLICES = [
    b"\n",
    b"\n\n",
    b"\0",
    b"\r",
    b"--",
    b"@",
    b"<",
    b"\x1b$B",
    b"=?x?q?=?=",
    b"From a b\n",
    b"550-",
    b'"',
    b"(",
]


def runs(length: int) -> Iterator[tuple[str, bytes]]:
    """Every token in every place, repeated to `length` characters, with its name."""
    for place, frame in PLACES.items():
        for token in TOKENS:
            run = (token * (length // len(token) + 1))[:length]
            yield f"{place} {token!r}", frame.replace("{}", run).encode("utf-8", "surrogatepass")


def mutations(raw: bytes, rng: random.Random, count: int) -> Iterator[bytes]:
    """Truncated, bit-flipped, cut and spliced copies."""
    for _ in range(count):
        data = bytearray(raw[: rng.randrange(len(raw))] if rng.random() < 0.3 else raw)
        for _ in range(rng.randrange(1, 12)):
            if not data:
                break
            _mutate(data, raw, rng)
        yield bytes(data)


def _mutate(data: bytearray, raw: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    how = rng.randrange(4)
    if how == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif how == 1:
        data[at : at + rng.randrange(1, 60)] = b""
    elif how == 2:
        other = rng.randrange(len(raw))
        data[at:at] = raw[other : other + rng.randrange(1, 200)]
    else:
        data[at:at] = rng.choice(_SPLICES)
