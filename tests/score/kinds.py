"""Good mail as programs and services write it, one kind a file in `good/`; and how such mail is made for a test.

Where a good mail of some kind raises an alarm, put one like it into `good/` (example.com, 192.0.2.x).
"""

from __future__ import annotations

import zlib
from email.message import EmailMessage
from pathlib import Path

GOOD = sorted(Path(__file__).with_name("good").glob("*.eml"))
DATE = "Mon, 15 Jun 2026 09:00:00 +0000"


def mail(
    sub: str,
    text: str = "",
    html: str = "",
    frm: str = "Example <hello@example.com>",
    to: str = "Anna Kern <anna@example.net>",
    **head: str,
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = frm, to, sub, DATE
    made["Message-ID"] = f"<{zlib.crc32(sub.encode())}.9f3c@{frm.rpartition('@')[2].strip('>')}>"
    for name, value in head.items():
        made[name.replace("_", "-")] = value
    if text:
        made.set_content(text)
    if html:
        (made.add_alternative if text else made.set_content)(html, subtype="html")
    return made


def bulk(sub: str, text: str, html: str, frm: str = "Example News <news@example.com>") -> EmailMessage:
    return mail(
        sub,
        text,
        html,
        frm,
        List_Unsubscribe="<https://click.example.com/u/9f3c>, <mailto:u-9f3c@example.com>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        List_Id="<news.example.com>",
        Feedback_ID="77:12:campaign:esp",
    )
