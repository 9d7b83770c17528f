"""`correct`: what a program can mend is mended, the rest stays, and doing it twice changes nothing more."""

from __future__ import annotations

import email
from dataclasses import replace
from email import policy

import pytest

from postmend.intake.message import read_message
from postmend.remedy.message import correct
from tests.score.mails import FAULTS, NOW
from tests.score.test_content import GOOD, fits, heavy, look

MENDED = [
    "header.date_missing", "header.message_id_missing", "header.message_id_invalid", "header.duplicate",
    "header.raw_8bit", "header.empty_fold", "header.control", "mime.no_version", "mime.not_closed",
    "mime.unknown_charset", "mime.wrong_charset", "mime.raw_8bit", "mime.broken_quoted_printable",
    "mime.line_too_long", "mime.bare_line_end", "mime.wrong_order", "text.missing", "text.blank",
]  # fmt: skip


@pytest.mark.parametrize(("ident", "way"), [(i, way) for i in MENDED for way in range(len(FAULTS[i]))])
def test_what_can_be_mended_is(ident: str, way: int) -> None:
    for name, mail in GOOD.items():
        if not fits(ident, mail):
            continue
        raw = FAULTS[ident][way](mail).written()
        made, done = correct(read_message(raw), NOW, "unique")
        assert done or ident == "mime.bare_line_end", name
        left = heavy(look(made)) - ({"text.unlike_html"} if ident.startswith("mime.") else set())
        assert not left, (name, done)
        again, nothing = correct(read_message(made), NOW, "unique")
        assert (again, nothing) == (made, ()), name


@pytest.mark.parametrize("name", GOOD)
def test_good_mail_keeps_its_words(name: str) -> None:
    raw = GOOD[name].written()
    made, done = correct(read_message(raw), NOW, "unique")
    assert done == ()
    before, after = (email.message_from_bytes(each, policy=policy.default) for each in (raw, made))
    assert sorted(before.items()) == sorted(after.items())
    one, other = ([p.get_content() for p in m.walk() if not p.is_multipart()] for m in (before, after))
    assert [text.replace("\r\n", "\n") for text in one] == [text.replace("\r\n", "\n") for text in other]


def test_attachments_survive_a_new_text_part() -> None:
    mail = replace(GOOD["en-newsletter-divs"], text="").attaching(
        "plan.pdf", "application/pdf", b"%PDF-1.4 \x00\xff" * 50
    )
    made, done = correct(read_message(mail.written()), NOW, "unique")
    assert done == ("text/plain part made from the HTML",)
    parsed = email.message_from_bytes(made, policy=policy.default)
    assert [part.get_content() for part in parsed.iter_attachments()] == [b"%PDF-1.4 \x00\xff" * 50]
    assert parsed.get_body(("plain",)) is not None


def test_a_signature_that_no_longer_holds_is_left_out() -> None:
    mail = (
        GOOD["en-plain"]
        .without("date")
        .also("DKIM-Signature", "v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=; b=")
    )
    made, done = correct(read_message(mail.written()), NOW, "unique")
    assert b"DKIM-Signature" not in made
    assert any("DKIM" in line for line in done)
