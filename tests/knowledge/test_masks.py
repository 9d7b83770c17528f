"""What is masked in a reply, that reading sees the same through it, and that all of it is put back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from postmend.knowledge.book import default_book
from postmend.knowledge.masks import Masked
from postmend.knowledge.read import read_reply
from postmend.knowledge.remembered import read_for
from postmend.model import Reading

REPLIES = [
    "550 5.1.1 <lena@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    "host mx.example.net[192.0.2.7] said: 554 5.7.1 Service unavailable; Client host [198.51.100.9] blocked using "
    "zen.spamhaus.org; https://www.spamhaus.org/query/ip/198.51.100.9 (in reply to RCPT TO command)",
    "host example-net.mail.protection.outlook.com[192.0.2.7] said: 550 5.7.606 Access denied, banned sending "
    "IP [198.51.100.9]. To request removal visit https://sender.office.com/ (in reply to MAIL FROM command)",
    "421 4.7.0 [198.51.100.9 15] Our system has detected an unusual rate of mail from lena@example.net.",
    "550 lena@example.net...User account is overquota",
    "452 4.2.2 /home/lena/.quota/lena@example.net: over quota, 999.1.1.1 and 10.0.0.1:25",
    "554 listed at bl.example.org (127.0.0.2), host 192.0.2.22 [192.0.2.22] of mara@example.com",
    "550 Verification failed for <mara@example.com> 550 no mail to mara@example.com. It is unknown.",
    "550 240.0.0.1 user1@recipient.masked 192.0.2.1",
]


def _read_for(text: str, remote_host: str = "") -> Reading:
    return read_for(text, stage=None, remote_host=remote_host, code=None, enhanced=None)


@pytest.mark.parametrize("text", REPLIES)
def test_a_masked_reply_reads_as_the_reply(text: str) -> None:
    assert _read_for(text) == read_reply(text)


@pytest.mark.parametrize("text", REPLIES)
def test_all_is_put_back(text: str) -> None:
    masked = Masked(text)
    assert masked.back(masked.text) == text


def test_mails_of_one_mailing_are_alike() -> None:
    def masked(user: str, host: str, ip: str) -> str:
        return Masked(f"host {host}[{ip}] said: 550 5.1.1 <{user}>: unknown (for {user} from {ip})").text

    assert masked("lena@example.net", "mx.example.net", "192.0.2.7") == masked(
        "mara@example.com", "mx3.example.org", "198.51.100.44"
    )


def test_a_provider_stays_known_by_its_host() -> None:
    assert ".outlook.com[" in Masked("host a-b.mail.protection.outlook.com[192.0.2.7] said: 550 no").text
    reading = _read_for("550 5.1.1 no such user", "a-b.mail.protection.outlook.com")
    assert reading == replace(
        read_reply("550 5.1.1 no such user", remote_host="x.mail.protection.outlook.com"),
        remote_host="a-b.mail.protection.outlook.com",
    )


def test_a_blocklist_is_no_host_to_mask() -> None:
    assert "zen.spamhaus.org" in Masked("550 listed by zen.spamhaus.org (127.0.0.4)").text


def test_what_is_long_is_left_alone() -> None:
    text = "550 lena@example.net " + "x" * 5000
    assert Masked(text).text == text


def test_no_mask_speaks() -> None:
    text = "host mx.example.net[192.0.2.7] said: 550 5.1.1 user or mailbox"
    words = {
        word for rule in default_book().rules for phrase in rule.patterns for word in re.findall(r"[a-z]{3,}", phrase)
    }
    assert not {"masked", "host1", "user1"} & words
    assert _read_for(text).matches == read_reply(text).matches
