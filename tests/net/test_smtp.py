"""The SMTP dialogue against scripted servers on loopback: every outcome is a value, nothing unsafe is ever sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from postmend.model import EnhancedStatus, Stage
from postmend.model.dialogue import Outcome, Timeouts
from postmend.net.smtp import NetDialer, NetSession
from tests.dnslab import free_port
from tests.smtplab import Connection, Host, serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SHORT = Timeouts(connect_s=2, greeting_s=0.3, command_s=0.3, tls_s=1, quit_s=0.3, deadline_s=5)
IP = "127.0.0.2"


def talk(host: Host, use: Callable[[NetSession], Awaitable[None]], timeouts: Timeouts = Timeouts()) -> NetSession:  # noqa: B008
    async def run(port: int) -> NetSession:
        session = await NetDialer().connect(IP, port, timeouts=timeouts)
        await use(session)
        await session.quit()
        return session

    with serve({IP: host}) as port:
        return asyncio.run(run(port))


async def nothing(session: NetSession) -> None:
    pass


async def hello(session: NetSession) -> None:
    await session.ehlo("probe.example.com")


class Says(Host):
    """A host whose greeting is given."""

    def __init__(self, greeting: str | bytes | None) -> None:
        super().__init__()
        self._greeting = greeting

    def greeting(self, connection: Connection) -> str | bytes | None:
        return self._greeting


def test_a_whole_dialogue() -> None:
    host = Host("anna@example.com")

    async def use(session: NetSession) -> None:
        assert session.greeting.code == 220
        assert (await session.ehlo("probe.example.com")).accepted
        assert "PIPELINING" in session.extensions
        assert (await session.mail("")).accepted
        assert (await session.rcpt("anna@example.com")).accepted
        told = await session.rcpt("nobody@example.com")
        assert (told.permanent, told.enhanced) == (True, EnhancedStatus(5, 1, 1))
        assert told.text.startswith("550 5.1.1 <nobody@example.com>: Recipient address rejected")
        assert (await session.rset()).accepted

    session = talk(host, use)
    assert [each.stage for each in session.transcript] == [
        Stage.CONNECT, Stage.HELO, Stage.MAIL, Stage.RCPT, Stage.RCPT, Stage.MAIL, Stage.QUIT,
    ]  # fmt: skip
    assert host.connections[0].lines == [
        "EHLO probe.example.com", "MAIL FROM:<>", "RCPT TO:<anna@example.com>", "RCPT TO:<nobody@example.com>",
        "RSET", "QUIT",
    ]  # fmt: skip
    assert not session.alive


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_a_group_gives_an_answer_each(extensions: tuple[str, ...]) -> None:
    host = Host("b@example.com")
    host.extensions = extensions

    async def use(session: NetSession) -> None:
        await hello(session)
        told = await session.ask(mail_from="p@example.org", rcpts=("a@example.com", "b@example.com"))
        assert [each.code for each in told] == [250, 550, 250]
        assert [each.code for each in await session.ask(rset=True, mail_from="", rcpts=["b@example.com"])] == [250] * 3

    talk(host, use)


@pytest.mark.parametrize(
    ("greeting", "outcome"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.GARBAGE),
        (b"\x16\x03\x01\x00\xff" * 10 + b"\n", Outcome.GARBAGE),
        (b"220 " + b"x" * 10_000_000 + b"\r\n", Outcome.TOO_LONG),
        (b"220-more\r\n" * 1_000_000, Outcome.TOO_LONG),
        (b"220 no end of line", Outcome.TIMEOUT),
        (None, Outcome.DROPPED),
        ("554 5.7.1 No SMTP service here", Outcome.REPLY),
        ("421 4.3.2 Not now", Outcome.REPLY),
    ],
)
def test_every_greeting_becomes_a_value(greeting: str | bytes | None, outcome: Outcome) -> None:
    session = talk(Says(greeting), nothing, SHORT)
    assert session.greeting.outcome is outcome
    assert session.greeting.text


def test_nobody_listens() -> None:
    async def run() -> NetSession:
        session = await NetDialer().connect("127.0.0.1", free_port())
        assert (await session.ehlo("a.example")).outcome is Outcome.NOT_SENT
        return session

    greeting = asyncio.run(run()).greeting
    assert (greeting.outcome, greeting.detail) == (Outcome.REFUSED, "connection refused")


def test_a_source_address_that_is_not_ours() -> None:
    session = asyncio.run(NetDialer().connect("127.0.0.1", 9, source_ip="192.0.2.1"))
    assert session.greeting.outcome is Outcome.UNREACHABLE


def test_tls_without_and_with_verification() -> None:
    class Secure(Host):
        starttls = True

    async def use(session: NetSession) -> None:
        await hello(session)
        assert (await session.starttls("mx.example.com")).accepted
        assert session.tls is not None
        assert session.tls.certificate.startswith(b"0")
        assert not session.extensions
        await hello(session)
        assert "STARTTLS" not in session.extensions
        assert (await session.mail("")).accepted

    assert talk(Secure(), use).tls is not None

    async def verified(session: NetSession) -> None:
        await hello(session)
        told = await session.starttls("mx.example.com", verify=True)
        assert told.outcome is Outcome.TLS_FAILED
        assert "self-signed" in told.detail

    assert talk(Secure(), verified).tls is None


def test_broken_tls_and_what_was_smuggled_before_it() -> None:
    class Broken(Host):
        starttls = "broken"

    async def use(session: NetSession) -> None:
        await hello(session)
        told = await session.starttls("mx.example.com")
        assert told.outcome in {Outcome.TLS_FAILED, Outcome.GARBAGE}
        assert (await session.mail("")).outcome is Outcome.NOT_SENT

    talk(Broken(), use)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com\r\nDATA", "a@example.com>\nRSET", "a@example.com> SIZE=1", "a b@example.com", "<a@example.com>",
        "a@example.com\x00", '"a\r\n"@example.com', "", "a",
    ],
)  # fmt: skip
def test_what_is_no_address_is_never_sent(address: str) -> None:
    host = Host()

    async def use(session: NetSession) -> None:
        await hello(session)
        assert (await session.ehlo("a.example\r\nDATA")).outcome is Outcome.NOT_SENT
        told = await session.ask(mail_from="", rcpts=[address, "b@example.com"])
        assert [each.outcome for each in told] == [Outcome.REPLY, Outcome.NOT_SENT, Outcome.REPLY]
        if address:
            told = await session.ask(mail_from=address, rcpts=["b@example.com"])
            assert {each.outcome for each in told} == {Outcome.NOT_SENT}

    talk(host, use)
    assert host.connections[0].lines == [
        "EHLO probe.example.com", "MAIL FROM:<>", "RCPT TO:<b@example.com>", "QUIT",
    ]  # fmt: skip


def test_internationalised_addresses() -> None:
    host = Host()

    async def use(session: NetSession) -> None:
        await hello(session)
        await session.ask(mail_from="", rcpts=["用户@bücher.example", "a@bücher.example"])

    talk(host, use)
    assert host.connections[0].lines[1:4] == [
        "MAIL FROM:<> SMTPUTF8", "RCPT TO:<用户@xn--bcher-kva.example>", "RCPT TO:<a@xn--bcher-kva.example>",
    ]  # fmt: skip
    plain = Host()
    plain.extensions = ("PIPELINING",)
    talk(plain, use)
    assert plain.connections[0].lines[1:3] == ["MAIL FROM:<>", "RCPT TO:<a@xn--bcher-kva.example>"]


def test_421_in_a_group_ends_it() -> None:
    class Tired(Host):
        def rcpt(self, connection: Connection, path: str) -> str:
            return "421 4.7.0 Too many errors" if len(connection.rcpts) > 1 else "550 5.1.1 unknown"

    async def use(session: NetSession) -> None:
        await hello(session)
        told = await session.ask(mail_from="", rcpts=["a@example.com", "b@example.com", "c@example.com"])
        assert [each.outcome for each in told] == [Outcome.REPLY, Outcome.REPLY, Outcome.REPLY, Outcome.DROPPED]
        assert told[2].code == 421
        assert not session.alive

    talk(Tired(), use)


def test_a_slow_server_costs_no_more_than_the_deadline() -> None:
    class Slow(Host):
        delay_s = 0.2

    async def use(session: NetSession) -> None:
        for _ in range(20):
            await session.rset()

    session = talk(Slow(), use, Timeouts(deadline_s=0.7))
    assert [each.outcome for each in session.transcript].count(Outcome.TIMEOUT) == 1
    assert session.transcript[-1].outcome is Outcome.NOT_SENT
