"""The host that handed the refused message over, from its Received lines."""

from __future__ import annotations

import pytest

from postmend.intake.original import sending_host


@pytest.mark.parametrize("inside", ["10.1.2.3", "100.64.0.9", "169.254.1.1", "fe80::1", "IPv6:fd00::1", "999.1.1.1"])
def test_hosts_that_nobody_else_can_have_met_are_passed_over(inside: str) -> None:
    headers = [
        ("received", f"from laptop ([{inside}]) by mail.example.com with ESMTP; Mon, 1 Jun 2026 10:00:01 +0000"),
        ("received", "from out.example.org (out.example.org [192.0.2.7]) by relay.example.com with ESMTP"),
    ]
    host = sending_host(headers, "")
    assert (host.host, host.ip) == ("out.example.org", "192.0.2.7")
