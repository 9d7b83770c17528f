"""Every planted fault is found, in every language and style, and nothing where nothing is planted."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from postmend.diagnosis.spam import weight_of
from postmend.evidence.content.lists import check_lists
from postmend.evidence.content.look_at import look_at
from postmend.intake.message import read_message
from postmend.model import Finding
from tests.score.mails import ALONG, FAULTS, NOW, Mail, good_mails

GOOD = dict(good_mails())
NEEDS_BOTH = {
    "mime.wrong_order",
    "mime.not_closed",
    "mime.boundary_not_found",
    "mime.no_boundary",
    "mime.encoded_multipart",
}


def look(raw: bytes) -> tuple[Finding, ...]:
    message = read_message(raw)
    looked = look_at(message, NOW)
    return looked.findings + check_lists(message, None, bulk=looked.bulk)


def heavy(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.id for finding in findings if weight_of(finding) != "note"}


def fits(ident: str, mail: Mail) -> bool:
    """Whether a fault can be planted in a message: HTML faults need HTML, list faults a newsletter."""
    if ident.startswith(("html.", "link.", "text.")) or ident in NEEDS_BOTH:
        return bool(mail.html) and "</body>" in mail.html.lower()
    if ident.startswith("list."):
        return any(name == "List-Unsubscribe" for name, _ in mail.fields)
    if ident in {"mime.raw_8bit", "mime.wrong_charset", "mime.line_too_long"}:
        return mail.charset == "utf-8" and bool(mail.html)
    return ident != "header.subject_shouts" or mail.charset != "iso-2022-jp"


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_found_in_good_mail(name: str) -> None:
    found = look(GOOD[name].written())
    assert heavy(found) == set(), [finding.detail for finding in found]


@pytest.mark.parametrize(("ident", "way"), [(ident, way) for ident, ways in FAULTS.items() for way in range(len(ways))])
def test_a_planted_fault_is_found_and_nothing_else(ident: str, way: int) -> None:
    fitting = [(name, mail) for name, mail in GOOD.items() if fits(ident, mail)]
    assert fitting
    for name, mail in fitting[:1] if ident == "attachment.bomb" else fitting:
        found = look(FAULTS[ident][way](mail).written())
        assert ident in {finding.id for finding in found}, (name, heavy(found))
        others = heavy(found) - {ident} - ALONG.get(ident, set())
        assert not others, (name, [finding.detail for finding in found])


def _odd_but_good() -> dict[str, EmailMessage]:
    """What mail programs and services send that looks like a fault: a photo, data in a script, an answer, a forward."""
    photo, order, answer, forward = made = [EmailMessage() for _ in range(4)]
    for number, each in enumerate(made):
        each["From"], each["To"] = "Anna Kern <anna@example.com>", "bob@example.net"
        each["Date"], each["Message-ID"] = "Mon, 15 Jun 2026 09:00:00 +0000", f"<{number}@example.com>"
    line = "Here is the photo from Sunday, it was a great day."
    photo["Subject"] = "Photo"
    photo.set_content(line)
    photo.add_alternative(f'<p>{line}</p><img src="cid:p@example.com" alt="the lake">', subtype="html")
    order["Subject"] = "Your table is booked"
    order.set_content("Your table is booked for Friday at eight.")
    order.add_alternative(
        '<p>Your table is booked for Friday at eight.</p><script type="application/ld+json">{"a": 1}</script>',
        subtype="html",
    )
    answer["Subject"] = "Accepted: Planning"
    answer.set_content("BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n", subtype="calendar")
    forward["Subject"] = "Fwd: Question"
    forward.set_content("Can you answer this one please?")
    forward.add_attachment(order)
    return {"photo": photo, "data": order, "calendar": answer, "forward": forward}


@pytest.mark.parametrize(("name", "mail"), _odd_but_good().items())
def test_what_programs_send_rightly_is_no_fault(name: str, mail: EmailMessage) -> None:
    found = look(mail.as_bytes())
    assert heavy(found) == set(), (name, [finding.detail for finding in found])
