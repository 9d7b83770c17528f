"""DANE for SMTP (RFC 7672): TLSA records of an MX host, usable only where DNSSEC vouches for them, against its key."""

import hashlib
from dataclasses import dataclass

from postmend.evidence.certificate import read_certificate
from postmend.model import Cause, Fact, Finding, ParseError
from postmend.model.dns import Answer, Resolver

_HASHES = {1: "sha256", 2: "sha512"}
_TA, _EE = 2, 3  # certificate usages that mail uses (section 3.1)


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One TLSA record (RFC 6698 section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def usable(self) -> bool:
        """Whether mail servers use it: usages 2 and 3, and a selector and matching type that are known."""
        return self.usage in {_TA, _EE} and self.selector in {0, 1} and self.matching in {0, 1, 2}

    def fits(self, certificate: bytes) -> bool:
        """Whether a certificate in DER is the one that is pinned; raises ParseError where it is none."""
        held = certificate if self.selector == 0 else read_certificate(certificate).public_key
        made = held if self.matching == 0 else hashlib.new(_HASHES[self.matching], held).digest()
        return made == self.data


def _parse_tlsa(text: str) -> Tlsa | None:
    """Read TLSA rdata in hexadecimal; None where it is too short to be any."""
    raw = bytes.fromhex(text)
    return Tlsa(raw[0], raw[1], raw[2], raw[3:]) if len(raw) > 3 else None


async def find_tlsa(resolver: Resolver, host: str, port: int = 25) -> tuple[tuple[Tlsa, ...], Answer]:
    """The usable TLSA records of a host, and the answer they came in."""
    answer = await resolver.query(f"_{port}._tcp.{host}", "TLSA")
    found = [tlsa for text in answer.records[:50] if (tlsa := _parse_tlsa(text)) is not None]
    return tuple(tlsa for tlsa in found if tlsa.usable), answer


def judge_dane(
    host: str, records: tuple[Tlsa, ...], answer: Answer, chain: tuple[bytes, ...], *, authenticated: bool
) -> tuple[Finding, ...]:
    """A Finding `dane.*` on one MX host; none where it has no TLSA.

    `chain` is what the server showed, its own certificate first, empty where no TLS came about; `authenticated`
    whether the resolver vouches for the MX, the host's address and the TLSA (the AD bit).
    """
    if answer.failed:
        # RFC 7672 section 2.1.1: a sender that validates puts the mail off; here it only means "not known".
        detail = f"the TLSA of {host} could not be asked ({answer.rcode}): not known"
        return (_finding(host, "temperror", Fact.TEMPERROR, detail, answer),)
    if not answer.records:
        return ()
    if not records:
        detail = f"the TLSA records of {host} are of no kind that mail servers use (RFC 7672 section 3.1: usage 2 or 3)"
        return (_finding(host, "unusable", Fact.PERMERROR, detail, answer),)
    if not authenticated:
        detail = (
            f"{host} has TLSA records, but the resolver does not vouch for them (no DNSSEC, or it does not validate)"
        )
        return (_finding(host, "not_authenticated", Fact.NONE, detail, answer),)
    if not chain:
        return (
            _finding(host, "not_judged", Fact.NOT_ASKED, f"{host} has TLSA records, but no TLS came about", answer),
        )
    try:
        good = any(tlsa.fits(each) for tlsa in records for each in (chain if tlsa.usage == _TA else chain[:1]))
    except ParseError as error:
        return (
            _finding(host, "not_judged", Fact.NOT_ASKED, f"the certificate of {host} cannot be read: {error}", answer),
        )
    if good:
        return (
            _finding(host, "ok", Fact.PASS, f"the certificate of {host} is the one that its TLSA records pin", answer),
        )
    alone = all(tlsa.usage == _TA for tlsa in records) and len(chain) == 1
    why = "pin an issuer, which it did not show" if alone else "pin another one"
    detail = f"the certificate of {host} does not fit: its TLSA records {why}; senders with DANE do not deliver"
    return (_finding(host, "mismatch", Fact.FAIL, detail, answer),)


def _finding(host: str, ident: str, result: Fact, detail: str, answer: Answer) -> Finding:
    record = f"{answer.name} TLSA {', '.join(answer.records[:4]) or answer.rcode}"
    supports = (Cause.TLS_REQUIRED,) if result is Fact.FAIL else ()
    return Finding("dane", f"dane.{ident}", host, result, detail, supports, (), record, record, answer.asked_at)
