"""What matters of a TLS certificate (RFC 5280): names, dates, and the key that DANE pins."""

from dataclasses import dataclass
from datetime import UTC, datetime

from postmend.evidence.der import INTEGER, OCTET_STRING, OID, SEQUENCE, element, whole
from postmend.model import ParseError

_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate: `der` all of it, `public_key` its SubjectPublicKeyInfo, `names` the DNS names it is for."""

    der: bytes
    public_key: bytes
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime

    def covers(self, host: str) -> bool:
        """Whether it is for `host`; a wildcard stands for one label (RFC 6125 section 6.4.3)."""
        host = host.lower().rstrip(".")
        parent = host.partition(".")[2]
        return any(name == host or (name.startswith("*.") and parent and name[2:] == parent) for name in self.names)


def _time(data: bytes) -> tuple[datetime, bytes]:
    text, rest = element(data)
    form = "%y%m%d%H%M%SZ" if data[0] == 0x17 else "%Y%m%d%H%M%SZ"
    try:
        return datetime.strptime(text.decode("ascii"), form).replace(tzinfo=UTC), rest
    except ValueError as error:
        raise ParseError("its dates cannot be read") from error


def _names(extensions: bytes) -> tuple[str, ...]:
    """The dNSName entries of subjectAltName."""
    rest, _ = element(extensions, SEQUENCE)
    while rest:
        extension, rest = element(rest, SEQUENCE)
        oid, value = element(extension, OID)
        if oid != _SUBJECT_ALT_NAME:
            continue
        if value[:1] == b"\x01":  # critical
            _, value = element(value)
        held, _ = element(element(value, OCTET_STRING)[0], SEQUENCE)
        names: list[str] = []
        while held and len(names) < _MOST_NAMES:
            kind = held[0]
            text, held = element(held)
            if kind == 0x82:
                names.append(text.decode("latin-1").lower().rstrip("."))
        return tuple(names)
    return ()


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER; raise ParseError where it is none."""
    tbs, _ = element(element(der, SEQUENCE)[0], SEQUENCE)
    if tbs[:1] == b"\xa0":  # version
        _, tbs = element(tbs)
    _, tbs = element(tbs, INTEGER)
    _, tbs = element(tbs, SEQUENCE)
    _, tbs = element(tbs, SEQUENCE)
    validity, tbs = element(tbs, SEQUENCE)
    _, tbs = element(tbs, SEQUENCE)
    public_key, tbs = whole(tbs)
    element(element(public_key, SEQUENCE)[0], SEQUENCE)
    not_before, rest = _time(validity)
    not_after, _ = _time(rest)
    names: tuple[str, ...] = ()
    while tbs:
        tag = tbs[0]
        held, tbs = element(tbs)
        if tag == 0xA3:
            names = _names(held)
    return Certificate(der, public_key, names, not_before, not_after)
