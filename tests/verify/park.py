"""A park of mail hosts, each with a behaviour of its own, the zone that leads to them, and the right verdicts.

Every host knows `anna@DOMAIN`, who is alive. Addresses are 127.0.9.N, all on one port; the zone is served by dnslab.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.smtplab import UNKNOWN, Connection, Host

US = "127.0.0.1"


class Full(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        if path.startswith("full@"):
            return "452 4.2.2 The recipient's mailbox is over quota"
        return super().rcpt(connection, path)  # type: ignore[return-value]


class Disabled(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        if path.startswith("off@"):
            return "550 5.2.1 The email account that you tried to reach is disabled"
        return super().rcpt(connection, path)  # type: ignore[return-value]


class CatchAll(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return "250 2.1.5 Ok"


class Blanket(Host):
    """Refuses everybody, in words that some servers use for unknown users."""

    def rcpt(self, connection: Connection, path: str) -> str:
        return "550 Requested action not taken: mailbox unavailable"


class Policy(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return f"550 5.7.1 <{path}>: Recipient address rejected: Access denied by policy"


class Greylist(Host):
    """The second attempt with the same envelope, some time later, is let through to the real answer."""

    wait_s = 1.0

    def __init__(self, *living: str) -> None:
        super().__init__(*living)
        self.seen: dict[tuple[str | None, str], float] = {}

    def rcpt(self, connection: Connection, path: str) -> str:
        first = self.seen.setdefault((connection.mail_from, path), time.monotonic())
        if time.monotonic() - first < self.wait_s:
            return f"450 4.2.0 <{path}>: Recipient address rejected: Greylisted, please try again in 1 seconds"
        return super().rcpt(connection, path)  # type: ignore[return-value]


class Tarpit(Host):
    delay_s = 0.4


class TenAndOut(Host):
    """421 at the eleventh recipient."""

    def rcpt(self, connection: Connection, path: str) -> str:
        if len(connection.rcpts) > 10:
            return "421 4.7.0 Too many recipients in this session, closing connection"
        return super().rcpt(connection, path)  # type: ignore[return-value]


class GreylistCatchAll(Greylist):
    """Greylists without saying for how long, and then takes anybody."""

    def rcpt(self, connection: Connection, path: str) -> str:
        told = super().rcpt(connection, path)
        return "451 4.7.1 Greylisting in action, please come back later" if told.startswith("450") else "250 ok"


class GreylistConnect(Host):
    def greeting(self, connection: Connection) -> str:
        return "451 4.7.1 come back" if len(self.connections) == 1 else "220 hello"


class OneEach(Host):
    """One recipient a transaction."""

    def __init__(
        self, *living: str, per_session: bool = False, words: str = "452 4.5.3 Error: too many recipients"
    ) -> None:
        super().__init__(*living)
        self.per_session, self.words = per_session, words

    def rcpt(self, connection: Connection, path: str) -> str:
        if self.per_session:
            taken = len(connection.rcpts) - 1
        else:
            since = max(i for i, line in enumerate(connection.lines) if line.startswith("MAIL"))
            taken = sum(line.startswith("RCPT") for line in connection.lines[since:]) - 1
        return self.words if taken else super().rcpt(connection, path)  # type: ignore[return-value]


class TlsOnly(Host):
    starttls = True

    def mail(self, connection: Connection, path: str) -> str:
        return "250 2.1.0 Ok" if connection.tls else "530 5.7.0 Must issue a STARTTLS command first"


class BrokenTls(Host):
    starttls = "broken"


class HeloOnly(Host):
    def ehlo(self, connection: Connection) -> str:
        return "502 5.5.1 Command not implemented"


class HangsUpOnEhlo(Host):
    def ehlo(self, connection: Connection) -> None:
        return None


class Listed(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return f"554 5.7.1 Service unavailable; Client host [{US}] blocked using zen.spamhaus.org; Listed by XBL"


class NoPtr(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return f"450 4.7.1 Client host rejected: cannot find your reverse hostname, [{US}]"


class ListedAtConnect(Host):
    def greeting(self, connection: Connection) -> str:
        return f"554 5.7.1 Your IP address {US} is on our block list because of poor reputation"


class MailRefused(Host):
    def mail(self, connection: Connection, path: str) -> str:
        return "550 5.7.1 SPF check failed: your address may not send for this domain"


class NoService(Host):
    def greeting(self, connection: Connection) -> str:
        return "554 5.3.2 No SMTP service here"


class DropsAtRcpt(Host):
    def rcpt(self, connection: Connection, path: str) -> None:
        return None


class DropsAtConnect(Host):
    def greeting(self, connection: Connection) -> None:
        return None


class Garbage(Host):
    def greeting(self, connection: Connection) -> bytes:
        return b"\x15\x03\x01 this is not SMTP\r\n"


class Endless(Host):
    def greeting(self, connection: Connection) -> bytes:
        return b"220-" + b"x" * 3000 + (b"\r\n220-" + b"y" * 3000) * 400


class Busy(Host):
    def greeting(self, connection: Connection) -> str:
        return "421 4.3.2 Too many connections, try again later"


class NoPipelining(Host):
    extensions = ("ENHANCEDSTATUSCODES",)


class Odd(Host):
    """Refuses the absent address in words that nobody knows, and takes the living."""

    def rcpt(self, connection: Connection, path: str) -> str:
        return "250 ok" if path.lower() in self.living else "554 nix"


class Odd354(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return "354 go ahead"


class OutOfStep(Host):
    """Says something before it is asked, so that each reply is taken for the next command's."""

    def greeting(self, connection: Connection) -> str:
        return f"220 {self.name}\r\n250 ready"


class TwoReplies(Host):
    def rcpt(self, connection: Connection, path: str) -> str:
        return f"{super().rcpt(connection, path)}\r\n250 Ok"  # type: ignore[str-bytes-safe]


class NoRset(OneEach):
    def answer(self, connection: Connection, line: str) -> str | bytes | None:
        return "502 5.5.1 Not implemented" if line == "RSET" else super().answer(connection, line)


class OneTransaction(OneEach):
    def mail(self, connection: Connection, path: str) -> str:
        begun = sum(line.startswith("MAIL") for line in connection.lines)
        return "452 4.7.0 Too many messages in this session" if begun > 1 else "250 2.1.0 Ok"


@dataclass(frozen=True)
class Case:
    """A domain, its host, and the right answer for each local part: verdict and reason."""

    domain: str
    host: Host | None
    right: dict[str, tuple[str, str]]
    mx: tuple[str, ...] = ()
    ipv6: bool = False


ALIVE = ("deliverable", "accepted")
GONE = ("undeliverable", "user_unknown")
OURS = ("unknown", "refused_us")


def cases() -> list[Case]:
    """The park, fresh."""

    def at(name: str, kind: type[Host], **right: tuple[str, str]) -> Case:
        domain = f"{name}.example"
        return Case(domain, kind(f"anna@{domain}", f"full@{domain}"), dict(right))

    per_session = OneEach("anna@onesession.example", per_session=True)
    return [
        at("plain", Host, anna=ALIVE, gone=GONE),
        at("full", Full, anna=ALIVE, full=("risky", "mailbox_full")),
        at("disabled", Disabled, anna=ALIVE, off=("undeliverable", "mailbox_disabled")),
        at("catchall", CatchAll, anna=("risky", "catch_all"), gone=("risky", "catch_all")),
        at("blanket", Blanket, anna=("unknown", "refused")),
        at("policy", Policy, anna=("unknown", "refused")),
        at("greylist", Greylist, anna=ALIVE, gone=GONE),
        at("greycatch", GreylistCatchAll, anna=("risky", "catch_all"), gone=("risky", "catch_all")),
        at("greyconnect", GreylistConnect, anna=ALIVE, gone=GONE),
        at("tarpit", Tarpit, anna=ALIVE, gone=GONE),
        at("ten", TenAndOut, anna=ALIVE, **{f"gone{i}": GONE for i in range(14)}),
        at("oneeach", OneEach, anna=ALIVE, gone=GONE),
        Case("oneold.example", OneEach("anna@oneold.example", words="552 too many recipients"), {"anna": ALIVE, "gone": GONE}),
        Case("onesession.example", per_session, {"anna": ALIVE, "gone": GONE}),
        at("tlsonly", TlsOnly, anna=ALIVE, gone=GONE),
        at("brokentls", BrokenTls, anna=ALIVE, gone=GONE),
        at("helo", HeloOnly, anna=ALIVE, gone=GONE),
        at("hangsup", HangsUpOnEhlo, anna=ALIVE, gone=GONE),
        at("odd354", Odd354, anna=("unknown", "refused")),
        at("outofstep", OutOfStep, anna=("unknown", "no_answer"), gone=("unknown", "no_answer")),
        at("tworeplies", TwoReplies, anna=("unknown", "no_answer"), gone=("unknown", "no_answer")),
        at("norset", NoRset, anna=ALIVE, gone=GONE),
        at("onetransaction", OneTransaction, anna=ALIVE, gone=GONE),
        at("listed", Listed, anna=OURS),
        at("noptr", NoPtr, anna=OURS),
        at("listedconnect", ListedAtConnect, anna=OURS),
        at("mailrefused", MailRefused, anna=OURS),
        at("noservice", NoService, anna=("unknown", "refused")),
        at("drops", DropsAtRcpt, anna=("unknown", "no_answer")),
        at("dropsconnect", DropsAtConnect, anna=("unknown", "no_answer")),
        at("garbage", Garbage, anna=("unknown", "no_answer")),
        at("endless", Endless, anna=("unknown", "no_answer")),
        at("busy", Busy, anna=("unknown", "try_later")),
        at("nopipelining", NoPipelining, anna=ALIVE, gone=GONE),
        at("odd", Odd, anna=ALIVE),
        Case("six.example", Host("anna@six.example"), {"anna": ALIVE, "gone": GONE}, ipv6=True),
        Case("nullmx.example", None, {"anna": ("undeliverable", "null_mx")}, mx=("0 .",)),
        Case("nowhere.example", None, {"anna": ("undeliverable", "domain_not_found")}),
        Case("nobody.example", None, {"anna": ("unknown", "no_answer")}, mx=("10 silent.example.",)),
        Case("second.example", Host("anna@second.example"), {"anna": ALIVE, "gone": GONE},
             mx=("10 silent.example.", "20 mx.second.example.")),
        Case("implicit.example", Host("anna@implicit.example"), {"anna": ALIVE, "gone": GONE}, mx=("implicit",)),
    ]  # fmt: skip


def build(park: list[Case]) -> tuple[dict[str, Host], dict[str, list[tuple[str, str]]]]:
    """Hosts by IP address, and the zone."""
    hosts: dict[str, Host] = {}
    zone: dict[str, list[tuple[str, str]]] = {"silent.example": [("A", "127.0.9.250")]}
    for number, case in enumerate(park, 1):
        ip = "::1" if case.ipv6 else f"127.0.9.{number}"
        name = case.domain if case.mx == ("implicit",) else f"mx.{case.domain}"
        if case.host is not None:
            hosts[ip] = case.host
            zone.setdefault(name, []).append(("AAAA" if case.ipv6 else "A", ip))
        if case.mx != ("implicit",) and (case.host is not None or case.mx):
            zone.setdefault(case.domain, []).extend(("MX", text) for text in case.mx or (f"10 {name}.",))
    return hosts, zone


__all__ = ["UNKNOWN", "Case", "build", "cases"]
