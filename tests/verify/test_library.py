"""`postmend.verify` and `postmend.verify_many`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

import postmend
from tests.cli.test_verify import HOST, ZONE
from tests.dnslab import serve as serve_names
from tests.smtplab import Host
from tests.smtplab import serve as serve_mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def test_one_and_many() -> None:
    with serve_names(ZONE) as (resolver, _), serve_mail({HOST: Host("anna@example.com")}) as port:
        who = {"mail_from": "p@prober.example", "helo": "p.prober.example", "resolver": resolver}
        found = postmend.verify("anna@example.com", self_check=False, smtp_port=port, **who)
        assert (found.verdict, found.reason) == ("deliverable", "accepted")

        async def many() -> dict[str, str]:
            stream = postmend.verify_many(
                (f"{name}@example.com" for name in ("anna", "gone", "no one")), self_check=False, smtp_port=port, **who
            )
            return {found.address: found.verdict async for found in stream}

        assert asyncio.run(many()) == {
            "anna@example.com": "deliverable", "gone@example.com": "undeliverable",
            "no one@example.com": "undeliverable",
        }  # fmt: skip

        async def rows() -> AsyncIterator[str]:
            for name in ("anna", "gone"):
                await asyncio.sleep(0)
                yield f"{name}@example.com"

        async def from_rows() -> list[str]:
            stream = postmend.verify_many(rows(), self_check=False, smtp_port=port, **who)
            return sorted([found.verdict async for found in stream])

        assert asyncio.run(from_rows()) == ["deliverable", "undeliverable"]


def test_who_asks_must_be_fit() -> None:
    with serve_names({"prober.example": [("MX", "0 .")]}) as (resolver, _):
        who = {"mail_from": "p@prober.example", "helo": "p.prober.example", "resolver": resolver}
        with pytest.raises(postmend.UnfitError) as raised:
            postmend.verify("anna@example.com", source_ip="127.0.0.1", **who)
        assert {each.id for each in raised.value.findings} >= {"rdns.no_ptr", "mail_from.no_host"}
        with pytest.raises(postmend.ParseError):
            postmend.verify("anna@example.com", resolver=resolver)
        with pytest.raises(postmend.ParseError):
            postmend.verify("anna@example.com", source_ip="nowhere", **who)
