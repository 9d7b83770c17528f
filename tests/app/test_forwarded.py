"""Mail that another server handed over and this one passed on: who was refused, and what mends it."""

from __future__ import annotations

import postmend
from tests.dnslab import Zone, serve

BOUNCE = b"""From: MAILER-DAEMON@relay.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: boss@origin.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

<anna@example.net>: host mx.example.net[198.51.100.9] said: 550 5.7.1 Message
    rejected (in reply to RCPT TO command)

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.com
X-Postfix-Sender: rfc822; boss@origin.example

Final-Recipient: rfc822; anna@example.net
Action: failed
Status: 5.7.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.7.1 Message rejected

--B
Content-Type: message/rfc822

Return-Path: <boss@origin.example>
Received: from mail.origin.example (mail.origin.example [203.0.113.77])
\tby relay.example.com (Postfix) with ESMTP id 4ZQ7
\tfor <anna@example.com>; Mon, 23 Nov 2026 09:14:02 +0000 (UTC)
From: boss@origin.example
To: anna@example.com
Subject: figures
Message-ID: <1@origin.example>

Hello

--B--
"""
WORLD: Zone = {
    "relay.example.com": [("A", "192.0.2.5")],
    "5.2.0.192.in-addr.arpa": [("PTR", "relay.example.com.")],
    "mail.origin.example": [("A", "203.0.113.77")],
    "77.113.0.203.in-addr.arpa": [("PTR", "mail.origin.example.")],
    "origin.example": [("TXT", "v=spf1 ip4:203.0.113.77 -all"), ("MX", "10 mail.origin.example.")],
    "example.net": [("MX", "10 mx.example.net.")],
    "mx.example.net": [("A", "198.51.100.9")],
}


def test_forwarding_breaks_spf_and_no_record_is_touched() -> None:
    with serve(WORLD) as (resolver, _):
        (result,) = postmend.explain(BOUNCE, resolver=resolver, smtp=False)
    (failure,) = result.failures
    assert (failure.cause.id, failure.cause.state) == ("spf_fail", "confirmed")
    found = {each.id: each for each in failure.evidence}
    assert "192.0.2.5" in found["spf.fail"].detail
    assert "203.0.113.77" in found["spf.forwarded"].detail
    assert "SRS" in failure.plan[0].do
    assert not [step for step in failure.plan if step.record]


def test_the_relay_is_who_was_refused() -> None:
    world = WORLD | {
        "5.2.0.192.in-addr.arpa": [],
        "origin.example": [("TXT", "v=spf1 ip4:192.0.2.5 -all"), ("MX", "10 mail.origin.example.")],
    }
    with serve(world) as (resolver, _):
        (result,) = postmend.explain(BOUNCE, resolver=resolver, smtp=False)
    (failure,) = result.failures
    assert failure.cause.id == "rdns_missing"
    assert any("192.0.2.5" in step.do for step in failure.plan)
