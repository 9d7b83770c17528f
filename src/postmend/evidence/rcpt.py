"""Does the recipient's server take the address now? The SMTP dialogue up to RCPT TO, with the null reverse-path.

Polite by construction: one connection, one envelope, three recipients (the address, one that surely is absent, and
postmaster, which RFC 5321 section 4.5.1 obliges every server to take), never DATA. The absent one shows a server that
takes everything; postmaster one that takes nothing from us. A server that is slow, mute or gone tells nothing.
"""

import asyncio
from dataclasses import dataclass

from postmend.evidence.spf_record import mx_hosts
from postmend.knowledge.address import DEAD
from postmend.knowledge.read import read_reply
from postmend.model import Cause, Fact, Finding, Stage
from postmend.model.dialogue import Dialer, Exchange, Outcome, Session, Timeouts
from postmend.model.dns import Resolver

_MOST_HOSTS = 2
# Far less than a mail server waits: somebody sits before the screen, and what is not known costs nothing.
_PATIENCE = Timeouts(connect_s=2.5, greeting_s=4.0, command_s=4.0, quit_s=0.5, deadline_s=8.0)
_ABOUT_ADDRESS = (Cause.USER_UNKNOWN, Cause.MAILBOX_DISABLED, Cause.RECIPIENT_MOVED)


@dataclass(frozen=True, slots=True)
class Probe:
    """How to ask: our own HELO name, a local part that is surely absent, the host that refused, and when."""

    helo: str
    absent: str
    prefer_ip: str = ""
    refused_at: str = ""
    timeouts: Timeouts = _PATIENCE
    port: int = 25


async def check_rcpt(resolver: Resolver, dialer: Dialer, address: str, probe: Probe) -> tuple[Finding, ...]:
    """Ask the servers of an address's domain whether they would take it; one Finding `rcpt.*`."""
    domain = address.rpartition("@")[2]
    hosts = await _hosts(resolver, domain, probe.prefer_ip)
    if not hosts:
        return (_finding(address, "rcpt.no_host", Fact.NOT_ASKED, f"no server to ask about {address} was found"),)
    told: tuple[Finding, ...] = ()
    for host, ip in hosts[:_MOST_HOSTS]:
        session = await dialer.connect(ip, probe.port, timeouts=probe.timeouts)
        try:
            told = (await _ask(session, address, f"{host} [{ip}]", probe),)
        except BaseException:  # the time is up: no farewell
            session.abort()
            raise
        await session.quit()
        if told[0].result is not Fact.TEMPERROR:
            break
    return told


async def _hosts(resolver: Resolver, domain: str, prefer_ip: str) -> list[tuple[str, str]]:
    """Servers of a domain with an address of each, best preference first; the one that refused before all others."""
    answer = await resolver.query(domain, "MX")
    names = mx_hosts(answer) if answer.records else [domain]
    both = [(name, kind) for name in names[:4] for kind in ("A", "AAAA")]
    found = await asyncio.gather(*(resolver.query(name, kind) for name, kind in both))
    hosts = [(name, ip) for (name, _), each in zip(both, found, strict=True) for ip in each.records]
    return sorted(hosts, key=lambda each: each[1] != prefer_ip)


async def _ask(session: Session, address: str, where: str, probe: Probe) -> Finding:
    if not session.greeting.accepted:
        return _no_talk(address, where, session.greeting)
    hello = await session.ehlo(probe.helo)
    if not hello.accepted and hello.outcome is Outcome.REPLY:
        hello = await session.helo(probe.helo)
    if not hello.accepted:
        return _no_talk(address, where, hello)
    domain = address.rpartition("@")[2]
    wanted = (address, f"{probe.absent}@{domain}", f"postmaster@{domain}")
    answers = await session.ask(mail_from="", rcpts=wanted)
    if not answers[0].accepted:
        return _no_talk(address, where, answers[0])
    told = [each for each in answers if each.stage is Stage.RCPT]
    return _judge(address, where, probe, *told) if len(told) == 3 else _no_talk(address, where, answers[-1])


def _no_talk(address: str, where: str, exchange: Exchange) -> Finding:
    """It did not come to RCPT TO: the server refuses us (or our HELO, or the null reverse-path), or is not there."""
    unknown = f"of {address} nothing is known"
    if exchange.code is not None:
        detail = (
            f"{where} refuses to talk to us at {exchange.stage} ({exchange.text[:200]}): of {address} nothing is known"
        )
        return _finding(address, "rcpt.refuses_us", Fact.REFUSED, detail, exchange, where)
    why = exchange.detail or exchange.outcome
    detail = f"{where} did not answer at {exchange.stage} ({why}): {unknown}"
    return _finding(address, "rcpt.temperror", Fact.TEMPERROR, detail, exchange, where)


def _judge(address: str, where: str, probe: Probe, told: Exchange, absent: Exchange, postmaster: Exchange) -> Finding:
    said = f"({told.text[:200]})"
    if told.code is None:
        return _no_talk(address, where, told)
    if told.accepted:
        if absent.permanent:
            detail = (
                f"{where} takes {address} now {said} and refuses an address that does not exist: the mailbox is there"
            )
            return _finding(address, "rcpt.accepted", Fact.PASS, detail, told, where, against=_ABOUT_ADDRESS)
        detail = f"{where} takes {address} now {said}, but also one that does not exist: it decides later"
        return _finding(address, "rcpt.accepts_all", Fact.NONE, detail, told, where, standing=probe.refused_at)
    if told.transient:
        return _finding(address, "rcpt.deferred", Fact.NONE, f"{where} puts {address} off for now {said}", told, where)
    if not absent.accepted and not postmaster.accepted:
        detail = f"{where} refuses {address} {said}, and postmaster too: it takes nothing from us"
        return _finding(address, "rcpt.refuses_us", Fact.REFUSED, detail, told, where)
    if read_reply(told.text, stage=Stage.RCPT, code=told.code, enhanced=told.enhanced).cause in DEAD:
        detail = f"{where} says that {address} does not exist {said}, and takes postmaster"
        return _finding(address, "rcpt.unknown", Fact.FAIL, detail, told, where, supports=(Cause.USER_UNKNOWN,))
    detail = f"{where} refuses {address} {said}, though it takes others from us"
    return _finding(address, "rcpt.only_this", Fact.FAIL, detail, told, where, supports=(Cause.RECIPIENT_FILTER,))


def _finding(
    address: str, ident: str, result: Fact, detail: str, exchange: Exchange | None = None, where: str = "", *,
    supports: tuple[Cause, ...] = (), against: tuple[Cause, ...] = (), standing: str = "",
) -> Finding:  # fmt: skip
    record = f"{exchange.sent or 'connect'}: {exchange.text[:300]}" if exchange else ""
    return Finding(
        "rcpt",
        ident,
        address,
        result,
        detail,
        supports,
        against,
        where or "MX",
        record,
        exchange.at if exchange else "",
        (("standing", standing),) if standing else (),
    )
