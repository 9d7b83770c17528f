"""Does a mail server take mail: port 25, banner, EHLO, STARTTLS and its certificate, postmaster and abuse, relaying.

One short dialogue up to RCPT TO with each server, and a second one that only verifies the certificate. What is
refused to us may be refused because of us: only what no stranger can cause is held against the server.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from postmend.evidence.certificate import read_certificate
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dialogue import Dialer, Exchange, Outcome, Session, Timeouts

_SOON_DAYS = 14
_OLD_TLS = {"SSLv3", "TLSv1", "TLSv1.1"}
_BOXES = ("postmaster", "abuse")  # RFC 5321 section 4.5.1, RFC 2142


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how: the EHLO name, the port (25 but in laboratories), the time now in seconds since 1970.

    `relay_probe` is an address of the tester's own at another domain; where given, the server is asked once whether it
    would take mail for it from itself, which only an open relay does.
    """

    helo: str
    port: int = 25
    now_s: int = 0
    relay_probe: str = ""
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(connect_s=4, greeting_s=6, command_s=5, deadline_s=20))


@dataclass(frozen=True, slots=True)
class Received:
    """What one server showed. `chain` are its certificates in DER, its own first; `verified` None where not asked."""

    host: str
    ip: str
    findings: tuple[Finding, ...] = ()
    chain: tuple[bytes, ...] = ()
    verified: bool | None = None
    reached: bool = False


def _finding(host: str, ip: str, ident: str, result: Fact, detail: str, said: Exchange | None = None) -> Finding:
    record = f"{said.sent or 'greeting'}: {said.text}"[:500] if said else ""
    bad = {"tls.none": (Cause.TLS_REQUIRED,), "tls.handshake": (Cause.TLS_REQUIRED,)}.get(ident, ())
    return Finding(
        ident.partition(".")[0], ident, host, result, detail, bad, (), f"{host} [{ip}]", record,
        said.at if said else "", (("ip", ip),),
    )  # fmt: skip


def _unreached(host: str, ip: str, greeting: Exchange) -> Finding:
    where = f"{host} [{ip}]"
    if greeting.outcome is Outcome.REPLY:
        detail = f"{where} refuses this machine: {greeting.text[:200]}; whether it takes other mail is not known"
        return _finding(host, ip, "smtp.refuses_us", Fact.REFUSED, detail, greeting)
    detail = f"{where} could not be reached from here ({greeting.detail or greeting.outcome}): not known"
    return _finding(host, ip, "smtp.unreachable", Fact.TEMPERROR, detail, greeting)


def _banner(host: str, ip: str, greeting: Exchange) -> Iterator[Finding]:
    name = (greeting.lines[0].split() or [""])[0] if greeting.lines else ""
    if "." not in name.strip(".") or name.startswith("["):
        detail = f"{host} [{ip}] greets as {name[:60] or 'nobody'}, where its full name belongs (RFC 5321 section 4.2)"
        yield _finding(host, ip, "smtp.banner", Fact.NONE, detail, greeting)


def _certificate(host: str, ip: str, der: bytes, now_s: int) -> Iterator[Finding]:
    try:
        certificate = read_certificate(der)
    except ParseError as error:
        yield _finding(host, ip, "tls.unreadable", Fact.NONE, f"the certificate of {host} cannot be read: {error}")
        return
    if not certificate.covers(host):
        names = ", ".join(certificate.names[:4]) or "no name at all"
        detail = f"the certificate of {host} [{ip}] is for {names}"
        yield _finding(host, ip, "tls.other_name", Fact.NONE, detail)
    left_days = (certificate.not_after - datetime.fromtimestamp(now_s, UTC)).days
    if now_s and 0 <= left_days < _SOON_DAYS:
        detail = f"the certificate of {host} expires in {left_days} days"
        yield _finding(host, ip, "tls.expires_soon", Fact.NONE, detail)


async def _tls(session: Session, host: str, ip: str, caller: Caller) -> tuple[list[Finding], tuple[bytes, ...]]:
    if "STARTTLS" not in session.extensions:
        detail = f"{host} [{ip}] offers no STARTTLS: mail to it travels unencrypted, and some senders refuse that"
        return [_finding(host, ip, "tls.none", Fact.FAIL, detail, session.transcript[-1])], ()
    said = await session.starttls(host)
    if session.tls is None:
        refused = said.outcome in {Outcome.TLS_FAILED, Outcome.GARBAGE} or said.permanent
        detail = f"{host} [{ip}] offers STARTTLS, but it fails: {said.text[:200]}"
        result = Fact.FAIL if refused else Fact.TEMPERROR
        return [_finding(host, ip, "tls.handshake", result, detail, said)], ()
    made = [_finding(host, ip, "tls.ok", Fact.PASS, f"{host} [{ip}] encrypts ({session.tls.version})", said)]
    if session.tls.version in _OLD_TLS:
        detail = f"{host} [{ip}] knows no TLS newer than {session.tls.version} (RFC 8996 has ended it)"
        made.append(_finding(host, ip, "tls.old_version", Fact.NONE, detail, said))
    made += _certificate(host, ip, session.tls.certificate, caller.now_s)
    return made, session.tls.chain or (session.tls.certificate,)


async def _verified(dialer: Dialer, host: str, ip: str, caller: Caller) -> tuple[bool | None, list[Finding]]:
    """Whether the certificate would satisfy a sender that insists (RFC 8461 section 4.2)."""
    session = await dialer.connect(ip, caller.port, timeouts=caller.timeouts)
    try:
        if not session.greeting.accepted or not (await session.ehlo(caller.helo)).accepted:
            return None, []
        said = await session.starttls(host, verify=True)
    finally:
        await session.quit()
    if session.tls is not None:
        return True, [_finding(host, ip, "tls.certificate", Fact.PASS, f"the certificate of {host} is valid", said)]
    if "certificate" not in said.detail:
        return None, []
    detail = f"{said.detail} ({host}); it matters to senders that insist, by MTA-STS for one"
    return False, [_finding(host, ip, "tls.certificate_invalid", Fact.NONE, detail, said)]


async def _boxes(session: Session, host: str, ip: str, domain: str) -> list[Finding]:
    """Whether postmaster and abuse are taken; only a reply that names the mailbox as unknown counts."""
    asked = await session.ask(mail_from="", rcpts=[f"{box}@{domain}" for box in _BOXES])
    made: list[Finding] = []
    for box, said in zip(_BOXES, asked[1:], strict=True):
        enhanced = str(said.enhanced or "")
        if said.permanent and enhanced in {"5.1.1", "5.1.10", "5.1.0"}:
            detail = f"{host} does not take mail to {box}@{domain}: {said.text[:120]}"
            made.append(_finding(host, ip, f"smtp.no_{box}", Fact.NONE, detail, said))
        elif said.accepted:
            made.append(_finding(host, ip, f"smtp.{box}", Fact.PASS, f"{host} takes mail to {box}@{domain}", said))
    return made


async def _relay(session: Session, host: str, ip: str, probe: str) -> list[Finding]:
    asked = await session.ask(mail_from=probe, rcpts=[probe], rset=True)
    said = asked[-1]
    if said.accepted:
        detail = f"{host} [{ip}] takes mail from a stranger for a stranger ({probe}): an open relay"
        return [_finding(host, ip, "smtp.open_relay", Fact.FAIL, detail, said)]
    if said.code is None:
        return []
    return [_finding(host, ip, "smtp.no_relay", Fact.PASS, f"{host} [{ip}] does not relay for strangers", said)]


async def _talk(dialer: Dialer, host: str, ip: str, domain: str, caller: Caller) -> Received:
    session = await dialer.connect(ip, caller.port, timeouts=caller.timeouts)
    try:
        if not session.greeting.accepted:
            return Received(host, ip, (_unreached(host, ip, session.greeting),))
        found = list(_banner(host, ip, session.greeting))
        said = await session.ehlo(caller.helo)
        if not said.accepted:
            detail = f"{host} [{ip}] does not answer EHLO as expected: {said.text[:120]}"
            found.append(_finding(host, ip, "smtp.no_ehlo", Fact.REFUSED, detail, said))
            return Received(host, ip, tuple(found), reached=True)
        detail = f"{host} [{ip}] answers: {session.greeting.text[:100]}"
        found.append(_finding(host, ip, "smtp.ok", Fact.PASS, detail, session.greeting))
        tls, chain = await _tls(session, host, ip, caller)
        found += tls
        if session.alive and (not chain or (await session.ehlo(caller.helo)).accepted):
            found += await _boxes(session, host, ip, domain)
            if caller.relay_probe:
                found += await _relay(session, host, ip, caller.relay_probe)
    finally:
        await session.quit()
    return Received(host, ip, tuple(found), chain, None, reached=True)


async def check_receiver(dialer: Dialer, host: str, ip: str, domain: str, caller: Caller) -> Received:
    """Talk to the server at `ip` that takes the mail of `domain` as `host`; findings `smtp.*` and `tls.*`."""
    shown = await _talk(dialer, host, ip, domain, caller)
    if not shown.chain:
        return shown
    verified, more = await _verified(dialer, host, ip, caller)
    return replace(shown, findings=(*shown.findings, *more), verified=verified)
