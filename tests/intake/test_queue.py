"""What waits in a queue, as its program lists it, and a sending service's events: read like the log behind them."""

import pytest

from postmend.intake import read_any
from postmend.model import Action, Failure, ParseError

POSTFIX = b"""-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
4XYZabc123*    2048 Tue Nov 24 10:00:00  anna@example.org
                                         sent-now@example.net

4XYZabc124     2048 Tue Nov 24 10:00:00  anna@example.org
(host mx.example.net[198.51.100.4] said: 450 4.7.1 <bob@example.net>: Recipient address rejected: Greylisted (in reply to RCPT TO command))
                                         bob@example.net
                                         ben@example.net
     (connect to mx.example.com[203.0.113.9]:25: Connection timed out)
                                         carl@example.com

-- 4 Kbytes in 2 Requests.
"""
SENDMAIL = b"""\t\t/var/spool/mqueue (1 request)
-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
5AO8AbcD012345     1234 Tue Nov 24 10:00 <anna@example.org>
                 (Deferred: Connection timed out with mx.example.com.)
\t\t\t\t\t <bob@example.com>
\t\tTotal requests: 1
"""
EXIM = b" 2d  2.9K 1rKabc-000000001zX-0123 <anna@example.org>\n          bob@example.net\n\n"
JSON = (
    b'{"queue_name": "deferred", "queue_id": "4XYZabc123", "arrival_time": 1700000000, "message_size": 2048,'
    b' "sender": "anna@example.org", "recipients": [{"address": "bob@example.net", "delay_reason": '
    b'"host mx.example.net[198.51.100.4] said: 450 4.7.1 Client host rejected: cannot find your hostname,'
    b' [192.0.2.7] (in reply to RCPT TO command)"}, {"address": "new@example.net"}]}\n{"queue_name": "broken\n'
)
SES = b"""{
  "notificationType": "Bounce",
  "bounce": {"bounceType": "Permanent", "timestamp": "2026-01-01T00:00:00.000Z", "bouncedRecipients": [
    {"emailAddress": "jane@example.com", "action": "failed", "status": "5.1.1",
     "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]},
  "mail": {"timestamp": "2026-01-01T00:00:00.000Z", "source": "anna@example.org", "messageId": "1"}
}
"""


def failures(raw: bytes) -> tuple[Failure, ...]:
    (intake,) = read_any(raw, "-")
    return intake.failures


def test_postfix_writes_a_reason_before_its_recipients() -> None:
    found = failures(POSTFIX)
    assert [f.recipient for f in found] == ["bob@example.net", "ben@example.net", "carl@example.com"]
    assert {f.mail_from for f in found} == {"anna@example.org"}
    assert {f.action for f in found} == {Action.DELAYED}
    assert [(f.remote.host, f.remote.ip) for f in found] == [
        *[("mx.example.net", "198.51.100.4")] * 2,
        ("mx.example.com", "203.0.113.9"),
    ]
    assert found[0].queue_id == "4XYZabc124"


def test_sendmail_writes_it_for_the_message() -> None:
    (failure,) = failures(SENDMAIL)
    assert (failure.recipient, failure.mail_from) == ("bob@example.com", "anna@example.org")
    assert failure.reply.text == "Deferred: Connection timed out with mx.example.com."


def test_postqueue_as_json() -> None:
    (failure,) = failures(JSON)
    assert (failure.recipient, failure.mail_from, failure.reply.code) == ("bob@example.net", "anna@example.org", 450)


@pytest.mark.parametrize(
    "raw", [SES, SES.replace(b"\n", b""), b"[\n" + SES + b"]"], ids=["over lines", "one line", "in an array"]
)
def test_an_event_of_a_sending_service(raw: bytes) -> None:
    (failure,) = failures(raw)
    assert (failure.recipient, failure.mail_from) == ("jane@example.com", "anna@example.org")
    assert (failure.reply.code, str(failure.reply.enhanced)) == (550, "5.1.1")


@pytest.mark.parametrize("raw", [POSTFIX[:180], b'{"delay_reason": [[', SES.replace(b"Bounce", b"Click")])
def test_nothing_that_was_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        failures(raw)


def test_exims_listing_names_no_reason() -> None:
    with pytest.raises(ParseError, match="names no reasons"):
        failures(EXIM)
