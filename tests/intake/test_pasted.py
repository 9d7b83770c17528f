"""What a person copies from a mail client: who was refused, by whom, and the side that sent it."""

import pytest

from postmend.intake.pasted import read_pasted
from postmend.model import ParseError

EXCHANGE = """
{greeting}

{sender}anna@example.org
{recipient}max@example.com

550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient max@example.com not found by SMTP address lookup
"""
COPIED = b"""Delivery has failed to these recipients or groups:

Max (max@example.net)
Generating server: mail.example.org

max@example.net
Remote server returned '554 5.7.1 <max@example.net>: Access denied'

Original message headers:

Received: from ex1.example.org (10.0.0.5) by mail.example.org (192.0.2.7) with SMTP id 15.2
Received: from out.example.org (out.example.org [192.0.2.9]) by mx.example.net (Postfix) with ESMTP id 1
From: Anna Example <anna@example.org>
To: "max@example.net" <max@example.net>
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=sel1; h=from; bh=x; b=y
Message-ID: <abc@example.org>
"""


@pytest.mark.parametrize(
    ("greeting", "sender", "recipient"),
    [
        ("Delivery has failed to these recipients.", "Sender Address:  ", "Recipient Address:  "),
        ("Ihre Nachricht wurde nicht zugestellt.", "Absenderadresse:\t", "Empfängeradresse:\t"),
        ("Votre message n'a pas pu être remis.", "Adresse de l'expéditeur : ", "Adresse du destinataire : "),
        ("Il messaggio non è stato recapitato.", "Indirizzo mittente: ", "Indirizzo destinatario: "),
        ("No se pudo entregar el mensaje.", "Dirección del remitente: ", "Dirección del destinatario: "),
        ("Nie można dostarczyć wiadomości.", "Adres nadawcy: ", "Adres odbiorcy: "),
        ("Сообщение не доставлено.", "Адрес отправителя: ", "Адрес получателя: "),
        ("メッセージを配信できませんでした。", "送信者のアドレス：", "受信者のアドレス："),
    ],
)
def test_who_sent_it_is_not_who_was_refused(greeting: str, sender: str, recipient: str) -> None:
    text = EXCHANGE.format(greeting=greeting, sender=sender, recipient=recipient)
    intake = read_pasted(text.encode(), "-")
    assert [(f.recipient, f.mail_from) for f in intake.failures] == [("max@example.com", "anna@example.org")]


def test_the_headers_copied_with_it_tell_the_sending_side() -> None:
    intake = read_pasted(COPIED, "-")
    (failure,) = intake.failures
    assert failure.recipient == "max@example.net"
    assert failure.mail_from == "anna@example.org"
    assert (failure.local.ip, failure.local.helo) == ("192.0.2.9", "out.example.org")
    assert (intake.original.from_domain, intake.original.dkim_domain) == ("example.org", "example.org")


def test_the_host_that_refused_stands_before_the_reason() -> None:
    raw = (
        b"Die folgende E-Mail konnte nicht zugestellt werden:\n\nbernd@example.de:\nSMTP error from remote server for "
        b"TEXT command, host: mx00.example.de (192.0.2.99) reason: 554 Transaction failed\nReject due to policy\n"
    )
    (failure,) = read_pasted(raw, "-").failures
    assert (failure.recipient, failure.remote.host, failure.remote.ip) == (
        "bernd@example.de",
        "mx00.example.de",
        "192.0.2.99",
    )


@pytest.mark.parametrize("text", ["connect to mx.example.com[203.0.113.9]:25: Connection refused", "mailbox is full"])
def test_a_reason_without_codes(text: str) -> None:
    (failure,) = read_pasted(text.encode(), "-").failures
    assert failure.reply.text == text


@pytest.mark.parametrize("text", ["Hello, how are you?", "import os", "x" * 5000 + " mailbox is full"])
def test_text_that_gives_no_reason(text: str) -> None:
    with pytest.raises(ParseError, match="no mail, log line or SMTP reply"):
        read_pasted(text.encode(), "-")


@pytest.mark.parametrize(
    "text",
    [
        "smtplib.SMTPRecipientsRefused: {'bob@example.com': (550, b'5.1.1 <bob@example.com>: User unknown')}",
        'SMTP-Fehler (550): Fehler beim Hinzufuegen des Empfaengers "bob@example.com" (5.1.1 <bob@example.com>: User unknown)',
    ],
)
def test_what_a_mail_library_makes_of_a_reply(text: str) -> None:
    (failure,) = read_pasted(text.encode(), "-").failures
    assert (failure.recipient, failure.reply.code, str(failure.reply.enhanced)) == ("bob@example.com", 550, "5.1.1")


@pytest.mark.parametrize(
    "text",
    [
        "450 4.1.8 <anna@example.org>: Sender address rejected: Domain not found",
        "553 5.1.8 <anna@example.org>... Domain of sender address anna@example.org does not exist",
        "550-Verification failed for <anna@example.org>",
        "550 5.7.1 SPF fail for anna@example.org",
        "550 MAIL FROM:<anna@example.org> refused",
        "553 sorry, your envelope sender is in my badmailfrom list <anna@example.org> (#5.7.1)",
    ],
)
def test_a_reply_about_the_mail_from_names_no_recipient(text: str) -> None:
    (failure,) = read_pasted(text.encode(), "-").failures
    assert (failure.recipient, failure.mail_from) == ("", "anna@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "550 5.7.1 The sender is not allowed to write to <bob@example.net>",
        "550 5.7.133 sender not authenticated for group <bob@example.net>",
        "Il messaggio non è stato recapitato a bob@example.net.\nLa risposta:\n452 4.2.2 inbox is out of storage space",
    ],
)
def test_a_reply_about_the_recipient_names_it(text: str) -> None:
    (failure,) = read_pasted(text.encode(), "-").failures
    assert (failure.recipient, failure.mail_from) == ("bob@example.net", "")
