"""Whose address stands in a reply: that of the server asked, or that of the client it refused."""

import pytest

from postmend.knowledge.unwrap import layers
from postmend.model import Stage


@pytest.mark.parametrize(
    "text",
    [
        "connect to mx.example.com[203.0.113.9]:25: Connection timed out",
        "lost connection with mx.example.com[203.0.113.9] while receiving the initial server greeting",
        "conversation with mx.example.com[203.0.113.9] timed out while sending RCPT TO",
        "450 4.4.316 Connection refused [LastAttemptedServerName=mx.example.com] [LastAttemptedIP=203.0.113.9:25]",
        '451 4.4.0 DNS query failed; {LED=441 4.4.1 "Failed to connect"};{FQDN=mx.example.com};{IP=203.0.113.9}',
        "host mx.example.com [203.0.113.9] Connection timed out",
        "TLS is required, but was not offered by host mx.example.com[203.0.113.9]",
        "421 4.4.0 mx.example.com[203.0.113.9]:25 unreachable",
        "Connected to 203.0.113.9 but greeting failed.",
        "203.0.113.9 does not like recipient.",
        "The last endpoint attempted was 203.0.113.9:25",
        "The remote server 203.0.113.9 is not responding",
    ],
)
def test_the_server_that_was_asked(text: str) -> None:
    found = layers(text)[-1]
    assert found.ip == "203.0.113.9"
    assert found.host in {"", "mx.example.com"}
    assert bool(found.host) == ("mx.example.com" in text)


@pytest.mark.parametrize(
    "text",
    [
        "550 5.7.1 Client host [192.0.2.7] blocked using bl.example",
        "550-5.7.26 SPF [example.org] with ip: [192.0.2.7] = did not pass",
        "421 connection from server 192.0.2.7 refused",
        "554 Connection denied 192.0.2.7",
        "550 your host 192.0.2.7 is listed",
        "421 Too many connections from host [192.0.2.7]",
        "550 Mail server [192.0.2.7] rejected",
        "192.0.2.7 is listed at bl.example",
        "550 delivery from 192.0.2.7 denied",
    ],
)
def test_the_client_that_was_refused(text: str) -> None:
    assert layers(text)[-1].ip == ""


def test_a_quoted_reply_wins() -> None:
    found = layers("host mx.example.com[203.0.113.9] said: 550 5.7.1 Client host [192.0.2.7] blocked")[-1]
    assert (found.host, found.ip) == ("mx.example.com", "203.0.113.9")


@pytest.mark.parametrize(
    "text",
    [
        "smtplib.SMTPDataError: (554, b'5.7.1 message refused')",
        "SMTPRecipientsRefused: {'bob@example.com': (554, '5.7.1 message refused')}",
        "org.eclipse.angus.mail.smtp.SMTPSendFailedException: 554 5.7.1 message refused",
        "Error: Message failed: 554 5.7.1 message refused",
        "Can't send mail - all recipients were rejected: 554 5.7.1 message refused",
        "Mailbox unavailable. The server response was: 5.7.1 message refused",
        "Invalid login: 554 5.7.1 message refused",
        'Expected response code 250 but got code "554", with message "554 5.7.1 message refused"',
    ],
)
def test_the_reply_in_what_a_mail_library_raises(text: str) -> None:
    assert layers(text)[-1].text.removeprefix("554 ").startswith("5.7.1 message refused")


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Invalid login: 550 User has no permission", Stage.AUTH),
        ("Error: Mail command failed: 550 refused", Stage.MAIL),
        ("Data command failed: 554 refused", Stage.DATA),
    ],
)
def test_the_command_that_a_mail_library_names(text: str, stage: Stage) -> None:
    assert layers(text)[-1].stage is stage
