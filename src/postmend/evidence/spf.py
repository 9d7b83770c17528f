"""SPF (RFC 7208): `check_host()` complete, with a trace of every term, lookup and void lookup.

Lookups are begun ahead, side by side (`spf_ahead`), so that ten includes take the time of the slowest chain; what is
counted, and when it is over the limit, follows the record's own order (section 4.6.4). Evaluation asks nothing but
the Resolver it is given.
"""

import contextlib
import ipaddress

from postmend.evidence.spf_ahead import Ahead
from postmend.evidence.spf_macro import Identity, expand, needs_validated_name, shows_local_part
from postmend.evidence.spf_record import Mechanism, SpfRecord, check_macros, mx_hosts, parse_spf, spf_texts
from postmend.evidence.spf_result import Spf, SpfResult
from postmend.evidence.spf_state import MOST_NAMES, Check, Stop, validated_name, validated_names
from postmend.model import ParseError
from postmend.model.dns import Rcode, Resolver
from postmend.model.idna import a_labels

_QUALIFIED = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def _usable(domain: str) -> bool:
    """Section 4.3: at least two labels, none empty or longer than 63 octets; no address literal."""
    labels = domain.removesuffix(".").split(".")
    return len(labels) > 1 and domain.isascii() and all(0 < len(label) < 64 for label in labels) and domain[0] != "["


async def _read_record(check: Check, domain: str, depth: int) -> SpfRecord | None:
    """Fetch and parse a domain's record (sections 4.4, 4.5); None where it has none."""
    answer = await check.query(domain, "TXT")
    if answer.rcode is Rcode.NOT_A_NAME:
        return None
    if answer.failed:
        check.note(depth, domain, "TXT", f"no answer ({answer.rcode})")
        raise Stop(Spf.TEMPERROR, f"{domain} TXT: {answer.rcode}")
    records = spf_texts(answer)
    if depth == 0:
        check.first_record, check.asked_at = (records[0] if records else ""), answer.asked_at
    if len(records) > 1:
        check.note(depth, domain, "TXT", f"{len(records)} SPF records")
        raise Stop(
            Spf.PERMERROR, f"{domain} has {len(records)} SPF records, and only one may be (RFC 7208 section 4.5)"
        )
    if not records:
        check.note(depth, domain, "TXT", "no SPF record")
        return None
    check.note(depth, domain, "TXT", records[0])
    try:
        return parse_spf(records[0])
    except ParseError as error:
        raise Stop(Spf.PERMERROR, f"{domain}: {error}") from error


async def _evaluate(check: Check, domain: str, depth: int) -> tuple[Spf, SpfRecord | None, str]:
    """`check_host()` for one domain: result, the record that decided, and the domain it stands at."""
    if not _usable(domain):
        return Spf.NONE, None, domain
    record = await _read_record(check, domain, depth)
    if record is None:
        return Spf.NONE, None, domain
    check.resolver.begin(record, domain)
    for mechanism in record.mechanisms:
        matched = await _matches(check, mechanism, domain, depth)
        check.note(depth, domain, mechanism.text, "matches" if matched else "does not match")
        if matched:
            if depth == 0 or not check.matched:
                check.matched = mechanism.text
            return Spf(_QUALIFIED[mechanism.qualifier]), record, domain
    if not record.redirect:
        return Spf.NEUTRAL, record, domain
    return await _redirect(check, record, domain, depth)


async def _redirect(check: Check, record: SpfRecord, domain: str, depth: int) -> tuple[Spf, SpfRecord | None, str]:
    check.count(f"redirect={record.redirect}")
    target = await _target(check, record.redirect, domain)
    check.note(depth, domain, f"redirect={record.redirect}", f"goes on at {target}")
    result, decided, at = await _evaluate(check, target, depth + 1)
    if result is Spf.NONE:
        raise Stop(Spf.PERMERROR, f"redirect={target}: no SPF record there (RFC 7208 section 6.1)")
    return result, decided, at


async def _target(check: Check, spec: str, domain: str) -> str:
    if not spec:
        return domain
    name = "unknown"
    if needs_validated_name(spec):
        name = await validated_name(check, domain)
    made = expand(spec, check.identity, domain, name=name, receiver=check.receiver, now_s=check.now_s)
    return made.removesuffix(".")


async def _matches(check: Check, mechanism: Mechanism, domain: str, depth: int) -> bool:
    if mechanism.name == "all":
        return True
    ip = check.identity.ip
    if mechanism.network is not None:
        return ip.version == mechanism.network.version and ip in mechanism.network
    check.count(mechanism.text)
    if not check.identity.local.isascii() and shows_local_part(mechanism.domain):
        return False  # RFC 8616 section 4: it cannot be put into a name, so the term does not match
    target = await _target(check, mechanism.domain, domain)
    if mechanism.name == "include":
        return await _include(check, target, depth)
    if mechanism.name == "exists":
        return bool((await check.ask(target, "A")).records)
    if mechanism.name == "a":
        return await _any_address(check, target, mechanism)
    if mechanism.name == "mx":
        return await _mx(check, target, mechanism)
    return await _ptr(check, target)


async def _include(check: Check, target: str, depth: int) -> bool:
    """Section 5.2: only a pass matches; no record there is a permerror."""
    kept = check.matched
    result, _, _ = await _evaluate(check, target, depth + 1)
    check.matched = kept
    if result is Spf.NONE:
        raise Stop(Spf.PERMERROR, f"include:{target}: no SPF record there (RFC 7208 section 5.2)")
    return result is Spf.PASS


async def _any_address(check: Check, name: str, mechanism: Mechanism, *, counted_void: bool = True) -> bool:
    ip = check.identity.ip
    rdtype, prefix = ("A", mechanism.cidr4) if ip.version == 4 else ("AAAA", mechanism.cidr6)
    answer = await check.ask(name, rdtype, counted_void=counted_void)
    return any(ip in ipaddress.ip_network((each, prefix), strict=False) for each in answer.records)


async def _mx(check: Check, target: str, mechanism: Mechanism) -> bool:
    hosts = mx_hosts(await check.ask(target, "MX"))
    if len(hosts) > MOST_NAMES:
        raise Stop(Spf.PERMERROR, f"mx:{target}: more than {MOST_NAMES} MX hosts (RFC 7208 section 4.6.4)")
    for host in hosts:
        if await _any_address(check, host, mechanism):
            return True
    return False


async def _ptr(check: Check, target: str) -> bool:
    wanted = target.lower()
    names = [name.lower() for name in await validated_names(check)]
    return any(name == wanted or name.endswith("." + wanted) for name in names)


async def _explanation(check: Check, record: SpfRecord | None, domain: str) -> str:
    """Section 6.2: the explanation of a fail, or nothing where there is any doubt about it."""
    if record is None or not record.exp:
        return ""
    name = await validated_name(check, domain) if needs_validated_name(record.exp) else "unknown"
    where = expand(record.exp, check.identity, domain, name=name, receiver=check.receiver, now_s=check.now_s)
    answer = await check.query(where.removesuffix("."), "TXT")
    if len(answer.records) != 1 or not answer.records[0].isascii():
        return ""
    text = answer.records[0]
    try:
        check_macros(text, explaining=True)
    except ParseError:
        return ""
    if needs_validated_name(text) and name == "unknown":
        name = await validated_name(check, domain)
    return expand(
        text, check.identity, domain, name=name, receiver=check.receiver, now_s=check.now_s, explaining=True
    )  # fmt: skip


def _identity(ip_text: str, mail_from: str, helo: str) -> Identity:
    try:
        ip: Ip = ipaddress.ip_address(ip_text.strip())
    except ValueError as error:
        raise ParseError(f"not an IP address: {ip_text[:60]!r}") from error
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped  # section 5: an IPv4 client on an IPv6 socket
    local, at, domain = mail_from.strip("<>").rpartition("@")
    if not at:
        domain = mail_from.strip("<>") or helo
    return Identity(local or "postmaster", _in_ascii(domain), _in_ascii(helo), ip)


def _in_ascii(domain: str) -> str:
    """Section 4.3: U-labels become A-labels; what is no name stays as it is, and gives `none`."""
    with contextlib.suppress(ParseError):
        return domain if domain.isascii() else a_labels(domain)
    return domain


async def check_host(
    resolver: Resolver, ip: str, *, mail_from: str = "", helo: str = "", receiver: str = "unknown", now_s: int = 0
) -> SpfResult:
    """Evaluate SPF for a client (RFC 7208 section 4).

    `ip` is the client's address, `mail_from` the MAIL FROM (empty: null reverse-path, then `postmaster@helo` is
    checked, section 2.4), `helo` the HELO name. `receiver` and `now_s` (seconds since the epoch) only show in
    explanations. Raises ParseError for an `ip` that is none; everything else is a result.
    """
    identity = _identity(ip, mail_from, helo)
    check = Check(Ahead(resolver, identity), identity, receiver, now_s)
    domain = identity.sender_domain.removesuffix(".")
    explanation, problem = "", ""
    try:
        result, record, at = await _evaluate(check, domain, 0)
        if result is Spf.FAIL:
            explanation = await _explanation(check, record, at)
    except Stop as stop:
        result, problem = stop.result, stop.problem
        check.matched = ""
    finally:
        check.resolver.stop()
    return SpfResult(
        result, explanation, tuple(check.trace), check.lookups, check.void, domain, check.first_record,
        check.matched, problem, check.asked_at, f"{identity.local}@{identity.sender_domain}", identity.helo,
    )  # fmt: skip
