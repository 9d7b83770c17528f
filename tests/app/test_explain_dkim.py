"""A bounce that brings back only the header: the key of its signature still tells."""

from __future__ import annotations

import msgspec
import pytest

import postmend
from tests.dnslab import serve
from tests.healthy import base, key

BOUNCE = b"""From: MAILER-DAEMON@mx.example.net
To: a@plain.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.plain.example

Final-Recipient: rfc822; user@example.net
Action: failed
Status: 5.7.20
Diagnostic-Code: smtp; 550 5.7.20 DKIM signature did not verify
Remote-MTA: dns; mx.example.net

--b
Content-Type: text/rfc822-headers

DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=plain.example; s=x9; h=from:to; bh=AAAA; b=AAAA
From: a@plain.example
To: user@example.net
Message-ID: <1@plain.example>

--b--
"""


@pytest.mark.parametrize(
    ("record", "finding", "state"),
    [
        (None, "dkim_key.missing", "confirmed"),
        ("v=DKIM1; p=", "dkim_key.revoked", "confirmed"),
        (key().record[:99], "dkim_key.broken", "confirmed"),
        (key().record, "dkim_key.ok", "likely"),
    ],
    ids=["missing", "revoked", "cut", "in-order"],
)
def test_the_key_of_a_returned_header(record: str | None, finding: str, state: str) -> None:
    zone = base("plain.example") | ({"x9._domainkey.plain.example": [("TXT", record)]} if record else {})
    with serve(zone) as (resolver, _):
        (found,) = postmend.explain(BOUNCE, resolver=resolver, timeout_s=1.0)
    (failure,) = msgspec.to_builtins(found.failures)
    assert finding in {each["id"] for each in failure["evidence"]}
    assert (failure["cause"]["id"], failure["cause"]["state"]) == ("dkim_fail", state)
