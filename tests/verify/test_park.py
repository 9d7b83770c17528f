"""`postmend verify` on the park: right verdicts, no living address called dead, every limit kept as the hosts count."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from postmend.app.settings import Settings, VerifySettings
from postmend.app.verify import Verifier
from tests.dnslab import serve as serve_names
from tests.smtplab import Host
from tests.smtplab import serve as serve_mail
from tests.verify.park import Greylist, build, cases

if TYPE_CHECKING:
    from postmend.model.verified import Verified
    from tests.smtplab import Connection
    from tests.verify.park import Case


def settings(resolver: str, port: int, **changed: object) -> Settings:
    told = {
        "mail_from": "probe@prober.example", "helo": "probe.prober.example", "smtp_port": port, "self_check": False,
        "patience_s": 8.0,
    }  # fmt: skip
    return Settings(resolver=resolver, verify=VerifySettings(**(told | changed)))  # type: ignore[arg-type]


async def _all(told: Settings, addresses: list[str]) -> list[Verified]:
    async with Verifier(told) as verifier:
        return [found async for found in verifier.verify_many(addresses)]


def verify(
    hosts: dict[str, Host], zone: dict[str, list[tuple[str, str]]], addresses: list[str], **changed: object
) -> list[Verified]:
    with serve_names(zone) as (resolver, _), serve_mail(hosts) as port:
        return asyncio.run(_all(settings(resolver, port, **changed), addresses))


@pytest.fixture(scope="module")
def judged() -> tuple[list[Case], dict[str, Verified]]:
    park = cases()
    hosts, zone = build(park)
    addresses = [f"{local}@{case.domain}" for case in park for local in case.right]
    return park, {found.address: found for found in verify(hosts, zone, addresses)}


@pytest.mark.parametrize("number", range(len(cases())), ids=[case.domain.split(".")[0] for case in cases()])
def test_verdicts(judged: tuple[list[Case], dict[str, Verified]], number: int) -> None:
    case = judged[0][number]
    found = {local: judged[1][f"{local}@{case.domain}"] for local in case.right}
    told = {local: (str(each.verdict), str(each.reason)) for local, each in found.items()}
    assert told == case.right, [(e.detail, [f.detail for f in e.evidence]) for e in found.values()]


def test_limits_as_the_hosts_count(judged: tuple[list[Case], dict[str, Verified]]) -> None:
    for case in judged[0]:
        if case.host is None:
            continue
        assert case.host.most_open <= 1, case.domain
        for connection in case.host.connections:
            assert len(connection.rcpts) <= 16, case.domain
            assert connection.refusals <= 8, case.domain
            assert not any(line.upper().startswith("DATA") for line in connection.lines)


def test_whoever_is_refused_stops_asking() -> None:
    park = [case for case in cases() if case.domain in {"listed.example", "noptr.example", "mailrefused.example"}]
    hosts, zone = build(park)
    verify(hosts, zone, [f"user{i}@{case.domain}" for i in range(40) for case in park])
    for case in park:
        assert case.host is not None
        assert len(case.host.connections) == 1
        assert len(case.host.connections[0].rcpts) <= 1


class Backup(Host):
    """A backup MX: takes everything, to pass it on later."""

    def rcpt(self, connection: Connection, path: str) -> str:
        return "250 2.1.5 Ok, queued for the primary"


class InTrouble(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return "451 4.3.0 Temporary lookup failure"


class OnceOnly(Host):
    """Answers one question and goes down."""

    def rcpt(self, connection: Connection, path: str) -> str | None:
        asked = sum(len(each.rcpts) for each in self.connections)
        return super().rcpt(connection, path) if asked == 1 else None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        (InTrouble, Host, {"anna": "accepted", "gone": "user_unknown"}),
        (Host, Backup, {"anna": "accepted", "gone": "user_unknown"}),
        (OnceOnly, Backup, {"anna": "catch_all", "gone": "catch_all"}),
        (InTrouble, Backup, {"anna": "catch_all", "gone": "catch_all"}),
    ],
)
def test_the_second_mx(first: type[Host], second: type[Host], right: dict[str, str]) -> None:
    zone = {
        "example.com": [("MX", "10 mx1.example.com."), ("MX", "20 mx2.example.com.")],
        "mx1.example.com": [("A", "127.0.9.1")], "mx2.example.com": [("A", "127.0.9.2")],
    }  # fmt: skip
    hosts = {"127.0.9.1": first("anna@example.com"), "127.0.9.2": second("anna@example.com")}
    found = verify(hosts, zone, [f"{local}@example.com" for local in right])
    assert {each.address.partition("@")[0]: str(each.reason) for each in found} == right


class VagueGreylist(Greylist):
    """Greylists, and refuses in words that may mean anything."""

    def rcpt(self, connection: Connection, path: str) -> str:
        told = super().rcpt(connection, path)
        return "550 Requested action not taken: mailbox unavailable" if told.startswith("550") else told


@pytest.mark.parametrize(("living", "reason"), [("postmaster", "user_unknown"), ("bob", "refused")])
def test_postmaster_tells_a_blanket_refusal_though_greylisted(living: str, reason: str) -> None:
    zone = {"example.com": [("MX", "10 mx.example.com.")], "mx.example.com": [("A", "127.0.9.1")]}
    host = VagueGreylist(f"{living}@example.com")
    found = verify({"127.0.9.1": host}, zone, ["gone@example.com"], patience_s=30.0)
    assert [str(each.reason) for each in found] == [reason]


@pytest.mark.parametrize(
    "words",
    [
        "450 4.7.1 Error: too much mail from 127.0.0.1",
        "450 4.7.1 Error: too many recipients from 127.0.0.1",
        "421 4.7.0 Error: too many messages in one connection",
    ],
)
def test_a_host_that_has_enough_is_left_alone(words: str) -> None:
    class Enough(Host):
        def rcpt(self, connection: Connection, path: str) -> str:
            asked = sum(len(each.rcpts) for each in self.connections)
            return words if asked > 5 else super().rcpt(connection, path)  # type: ignore[return-value]

    host = Enough()
    zone = {"example.com": [("MX", "10 mx.example.com.")], "mx.example.com": [("A", "127.0.9.1")]}
    found = verify({"127.0.9.1": host}, zone, [f"user{i}@example.com" for i in range(100)], patience_s=1.0)
    assert {str(each.verdict) for each in found} == {"unknown", "undeliverable"}
    assert {str(each.reason) for each in found} == {"try_later", "user_unknown"}
    assert sum(len(each.rcpts) for each in host.connections) <= 5 + 16
    assert len(host.connections) <= 6


class LikePostfix(Host):
    extensions = (
        "PIPELINING", "SIZE 10240000", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "CHUNKING",
    )  # fmt: skip


def test_a_postfix_is_given_no_more_than_its_flow_allows() -> None:
    addresses = [f"user{i}@example.com" for i in range(1600)]
    host = LikePostfix(*addresses)
    zone = {"example.com": [("MX", "10 mx.example.com.")], "mx.example.com": [("A", "127.0.9.1")]}

    async def for_a_while(told: Settings) -> int:
        answered = 0
        with suppress(TimeoutError):
            async with Verifier(told) as verifier, asyncio.timeout(30):
                async for _ in verifier.verify_many(addresses):
                    answered += 1
                    if answered >= 90 * 15:
                        break
                await asyncio.sleep(0.5)
        return answered

    with serve_names(zone) as (resolver, _), serve_mail({"127.0.9.1": host}) as port:
        assert asyncio.run(for_a_while(settings(resolver, port))) >= 90 * 15
    assert sum(any(line.startswith("MAIL") for line in each.lines) for each in host.connections) <= 91


def test_a_host_that_keeps_us_waiting_does_not_keep_us_from_going() -> None:
    class Silent(Host):
        delay_s = 60.0

    zone = {"example.com": [("MX", "10 mx.example.com.")], "mx.example.com": [("A", "127.0.9.1")]}

    async def leave(told: Settings) -> float:
        async with Verifier(told) as verifier:
            asked = asyncio.create_task(verifier.verify("anna@example.com"))
            while not host.connections:  # noqa: ASYNC110  the host counts in a thread of its own
                await asyncio.sleep(0.01)
            asked.cancel()
            start = asyncio.get_running_loop().time()
        return asyncio.get_running_loop().time() - start

    host = Silent()
    with serve_names(zone) as (resolver, _), serve_mail({"127.0.9.1": host}) as port:
        assert asyncio.run(leave(settings(resolver, port))) < 5
