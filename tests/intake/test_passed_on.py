"""Notices that somebody passed on, or put one behind the other, asking what they mean."""

import io
import zipfile
from email.message import EmailMessage

import pytest

from postmend.intake import read_any
from postmend.model import Intake, Kind

POSTFIX = """This is the mail system at host mx.example.org.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<anna@example.net>: host mx.example.net[192.0.2.5] said: 550 5.1.1
    <anna@example.net>: Recipient address rejected: User unknown (in reply
    to RCPT TO command)
"""
EXCHANGE = """Delivery has failed to these recipients or groups:

bert@example.org
The recipient's mailbox is full and can't accept messages now.

Diagnostic information for administrators:

Generating server: ex1.example.org

bert@example.org
Remote Server returned '554 5.2.2 mailbox full'
"""
GMAIL = """** Message blocked **

Your message to carla@example.com has been blocked. See technical details below for more information.

The response was:

550-5.7.26 Your email has been blocked because the sender is unauthenticated.
550 5.7.26 For instructions on setting up authentication, see the page.
"""
OUTLOOK = "Von: Mail System <postmaster@example.org>\nGesendet: Dienstag\nAn: Petra <petra@example.com>\nBetreff: Unzustellbar: Hallo\n\n"
GMAIL_FORWARD = (
    "---------- Forwarded message ---------\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.org>\n"
    "Date: Tue, Nov 24, 2026\nSubject: Undelivered Mail Returned to Sender\nTo: <petra@example.com>\n\n"
)


def one(raw: bytes) -> Intake:
    (found,) = read_any(raw, "x")
    return found


def passed_on(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Petra <petra@example.com>", "it@example.com", subject
    message.set_content(text)
    return message


def notice(text: str, recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "MAILER-DAEMON@mx.example.org", "news@example.com"
    message["Subject"] = f"Undelivered mail for {recipient}"
    message.set_content(text)
    return message


@pytest.mark.parametrize(
    "head", ["", "From: MAILER-DAEMON@mx.example.org\nTo: news@example.com\nSubject: Undelivered\n\n"]
)
def test_several_in_one_text(head: str) -> None:
    found = one(f"{head}{POSTFIX}\n{EXCHANGE}\n{GMAIL}".encode())
    got = [(each.recipient, each.reply.code, str(each.reply.enhanced)) for each in found.failures]
    assert got == [
        ("anna@example.net", 550, "5.1.1"),
        ("bert@example.org", 554, "5.2.2"),
        ("carla@example.com", 550, "5.7.26"),
    ]


@pytest.mark.parametrize("quoted", [OUTLOOK, GMAIL_FORWARD])
@pytest.mark.parametrize("subject", ["Fwd: Undelivered Mail Returned to Sender", "What is this?"])
def test_whom_a_quoted_notice_went_to(quoted: str, subject: str) -> None:
    found = one(bytes(passed_on(subject, f"Please help.\n\n{quoted}{POSTFIX}")))
    (failure,) = found.failures
    assert (failure.recipient, failure.mail_from) == ("anna@example.net", "petra@example.com")


def test_all_that_are_attached() -> None:
    message = passed_on("Two of them", "See the attachments.")
    message.add_attachment(notice(POSTFIX, "anna@example.net"))
    message.add_attachment(notice(EXCHANGE, "bert@example.org"))
    found = one(bytes(message))
    assert found.kind is Kind.BOUNCE
    assert [each.recipient for each in found.failures] == ["anna@example.net", "bert@example.org"]


def test_attached_as_a_file() -> None:
    message = passed_on("Fwd: bounce", "See the attachment.")
    attached = bytes(notice(POSTFIX, "anna@example.net"))
    message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="bounce.eml")
    assert [each.recipient for each in one(bytes(message)).failures] == ["anna@example.net"]


@pytest.mark.parametrize("damaged", [False, True])
def test_an_original_in_a_zip_archive(*, damaged: bool) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "original.eml", "From: mara@example.com\r\nTo: anna@example.net\r\nSubject: Hi\r\n\r\nHello\r\n"
        )
    message = notice(POSTFIX, "anna@example.net")
    data = packed.getvalue()
    message.add_attachment(data[:40] if damaged else data, maintype="application", subtype="zip", filename="o.zip")
    found = one(bytes(message))
    assert [each.recipient for each in found.failures] == ["anna@example.net"]
    assert found.original.from_domain == ("" if damaged else "example.com")
