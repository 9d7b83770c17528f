"""One sentence is enough: who was refused, in whatever words and language a notice names them."""

from __future__ import annotations

import pytest

from postmend.intake import read_any

SENTENCES = [
    "Your message to lena@example.net was rejected. Reason: mailbox unavailable.",
    'The e-mail address "lena@example.net" could not be found.',
    "Could not deliver the message to lena@example.net: user does not exist",
    "Delivery to lena@example.net failed: 550 no such user",
    "Sorry, your mail to <lena@example.net> could not be delivered.",
    "Recipient lena@example.net does not exist here.",
    "lena@example.net does not have an account here",
    "User lena@example.net is not known on this server",
    "There is no such user: lena@example.net",
    "The account lena@example.net has been disabled.",
    "Mailbox lena@example.net is full",
    "This address is no longer valid: lena@example.net",
    "[lena@example.net]: unknown recipient",
    "* lena@example.net: The mailbox is over quota",
    "Failed recipient: lena@example.net",
    "Final-Recipient: lena@example.net",
    "'lena@example.net' on 24/11/2026 09:00: The e-mail system was unable to deliver the message",
    "Error: undeliverable to lena@example.net",
    "Undeliverable to: lena@example.net",
    "The following recipient(s) could not be reached:\nlena@example.net on 11/24/2026 9:00 AM\n550 5.1.1 unknown",
    "Message to lena@example.net deferred for 4 hours",
    "Invalid recipient: <lena@example.net>",
    "No account by this name here: lena@example.net",
    "The user you are trying to reach, lena@example.net, has left the company.",
    "We could not deliver your email addressed to lena@example.net because the recipient's mailbox is full.",
    "Mail for lena@example.net was refused by the server mx.example.net with: 550 denied",
    "(lena@example.net) User unknown",
    "rcpt to lena@example.net: 550 No such user",
    "RCPT TO:<lena@example.net> 550 No such user",
    "554 lena@example.net: delivery error: This user doesn't have an account",
    "550 5.1.1 <lena@example.net> unknown user",
    "Diagnostic: lena@example.net ... unknown",
    "Address: lena@example.net\nReason: mailbox full",
    "Recipient Address: lena@example.net\nError: 550 unknown",
    "To: lena@example.net\nStatus: 550 unknown user",
    "An die Adresse lena@example.net konnte nicht zugestellt werden.",
    "L'adresse lena@example.net est inconnue.",
    "La dirección lena@example.net no existe.",
    "Il destinatario lena@example.net non esiste.",
    "O destinatário lena@example.net não existe.",
    "Адрес lena@example.net не существует.",
    "Het adres lena@example.net bestaat niet.",
    "lena@example.net adresi bulunamadı.",
    "lena@example.net 不存在",
    "メールアドレス lena@example.net は存在しません。",
]
HEAD = (
    "From: MAILER-DAEMON@mx.example.org\nTo: mara@example.com\nSubject: Undeliverable mail\n"
    "Content-Type: text/plain; charset=utf-8\n\n"
)
FRAMES = ["{}\n", "Dear user,\n\n{}\n\nPlease contact postmaster@example.org or call support@example.org for help.\n"]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("frame", FRAMES, ids=["alone", "in a letter"])
def test_recipient_of_a_sentence(frame: str, sentence: str) -> None:
    (found,) = read_any((HEAD + frame.format(sentence)).encode(), "x")
    assert [failure.recipient for failure in found.failures] == ["lena@example.net"]
