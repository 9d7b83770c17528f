r"""DNS messages (RFC 1035 section 4): one question out, one answer in. Pure bytes, no socket; hostile answers included.

Names travel as text with the zone-file escapes (`\.`, `\DDD`), without the final dot.
"""

import ipaddress
import re
import struct
from dataclasses import dataclass

from postmend.model.dns import Rcode
from postmend.model.errors import ParseError

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "DNAME": 39,
    "DS": 43, "DNSKEY": 48, "TLSA": 52, "CAA": 257,
}  # fmt: skip
_RCODES = {0: Rcode.NOERROR, 1: Rcode.FORMERR, 2: Rcode.SERVFAIL, 3: Rcode.NXDOMAIN, 5: Rcode.REFUSED}
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
# EDNS(0) with the payload size that is never fragmented (DNS flag day 2020), no options (RFC 6891 section 6.1).
_OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
_RD, _ASK_AD = 0x0100, 0x0020
_AA, _TC, _AD, _QR = 0x0400, 0x0200, 0x0020, 0x8000
_SOA = 6
_USUAL = re.compile(r"[!-\-/-~]{1,63}(?:\.[!-\-/-~]{1,63})*").fullmatch
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]").search
_PLAIN = re.compile(rb"[A-Za-z0-9_-]*").fullmatch
_MOST_LABELS = 128
_MOST_RECORDS = 4096  # of one answer; thousands of MX are somebody's joke


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded answer: what `model.dns.Answer` needs, CNAMEs followed as far as the answer holds them.

    `ttl_s` of an answer without records is how long its absence may be remembered (RFC 2308 section 5).
    """

    id: int
    question: bytes
    rcode: Rcode
    truncated: bool
    authoritative: bool
    authenticated: bool
    records: tuple[str, ...]
    cname: tuple[str, ...]
    ttl_s: int


def _label(text: str) -> bytes:
    try:
        raw = text.encode("ascii") if text.isascii() else text.encode("idna")
    except UnicodeError as error:
        raise ParseError(f"not a DNS label: {text[:63]!r}") from error
    if _CONTROL(raw):
        raise ParseError("a DNS label with control characters")
    if not 0 < len(raw) < 64:
        raise ParseError(f"a DNS label has 1 to 63 octets: {text[:63]!r}")
    return raw


def encode_name(name: str) -> bytes:
    """The wire form of a name; raise ParseError where it has none (RFC 1035 section 3.1)."""
    plain = name.removesuffix(".")
    if not plain:
        return b"\0"
    labels = plain.encode("ascii").split(b".") if _USUAL(plain) else [_label(text) for text in plain.split(".")]
    made = b"".join(len(raw).to_bytes() + raw for raw in labels)
    if len(made) > 254:
        raise ParseError(f"a DNS name has at most 255 octets: {name[:60]!r} ...")
    return made + b"\0"


def encode_question(name: bytes, rdtype: str) -> bytes:
    """The question section: `name` in wire form, type, class IN."""
    return name + struct.pack("!HH", TYPES[rdtype], 1)


def encode_query(ident: int, name: bytes, rdtype: str, *, recursive: bool = True, edns: bool = True) -> bytes:
    """A query for one question; `name` in wire form. Old servers want it without EDNS (RFC 6891 section 7)."""
    flags = _ASK_AD | (_RD if recursive else 0)
    head = _HEADER.pack(ident, flags, 1, 0, 0, int(edns))
    return head + encode_question(name, rdtype) + (_OPT if edns else b"")


def _text(label: bytes) -> str:
    if _PLAIN(label):
        return label.decode("ascii")
    return "".join(
        chr(c) if 33 <= c <= 126 and c not in b".\\" else f"\\{chr(c)}" if c in b".\\" else f"\\{c:03d}" for c in label
    )


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Read a possibly compressed name; pointers only lead backwards, so it ends."""
    labels: list[str] = []
    after = -1
    lowest = at
    while len(labels) < _MOST_LABELS:
        length = data[at]
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | data[at + 1]
            after = at + 2 if after < 0 else after
            if target >= lowest:
                raise ParseError("a compressed name that leads in a circle")
            at = lowest = target
            continue
        if length > 63:
            raise ParseError("a label of an unknown kind")
        if length == 0:
            return ".".join(labels), after if after >= 0 else at + 1
        labels.append(_text(data[at + 1 : at + 1 + length]))
        at += 1 + length
    raise ParseError("a name of too many labels")


def _after_name(data: bytes, at: int) -> int:
    """Where a possibly compressed name ends, without reading it."""
    while (length := data[at]) and length < 64:
        at += 1 + length
    return at + (2 if length else 1)


def _txt(data: bytes) -> str:
    made, at = [], 0
    while at < len(data):
        made.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(made).decode("latin-1")


def _rdata(data: bytes, at: int, length: int, number: int) -> str:
    raw = data[at : at + length]
    if number == TYPES["A"]:
        return str(ipaddress.IPv4Address(raw))
    if number == TYPES["AAAA"]:
        return str(ipaddress.IPv6Address(raw))
    if number in {TYPES["PTR"], TYPES["NS"], TYPES["CNAME"], TYPES["DNAME"]}:
        return _name(data, at)[0]
    if number == TYPES["MX"]:
        return f"{int.from_bytes(raw[:2])} {_name(data, at + 2)[0] or '.'}"
    if number == TYPES["TXT"]:
        return _txt(raw)
    if number == TYPES["SOA"]:
        mname, after = _name(data, at)
        rname, after = _name(data, after)
        numbers = struct.unpack("!IIIII", data[after : after + 20])
        return f"{mname}. {rname}. {' '.join(map(str, numbers))}"
    return raw.hex()


def decode(data: bytes, rdtype: str) -> Message:
    """Decode an answer to a question of `rdtype`; raise ParseError for what is no DNS message."""
    try:
        return _decode(data, TYPES[rdtype])
    except (IndexError, struct.error, ValueError) as error:
        raise ParseError("not a DNS message") from error


def _decode(data: bytes, wanted: int) -> Message:
    ident, flags, questions, answers, authorities, _ = _HEADER.unpack_from(data)
    if not flags & _QR or questions != 1:
        raise ParseError("not an answer to one question")
    at = _after_name(data, 12) + 4
    question = data[12:at]
    records: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    ttl_s = 0
    if answers:
        found, at = _answers(data, at, min(answers, _MOST_RECORDS), wanted, cut=bool(flags & _TC))
        records, chain, ttl_s = _follow(_name(data, 12)[0].lower(), found, wanted)
    if not records and authorities and answers <= _MOST_RECORDS and not flags & _TC:
        ttl_s = _absent_s(data, at)
    return Message(
        ident, question, _RCODES.get(flags & 15, Rcode.SERVFAIL), bool(flags & _TC), bool(flags & _AA),
        bool(flags & _AD), records, chain, ttl_s,
    )  # fmt: skip


_Found = list[tuple[str, int, str, int]]  # owner, type, text, TTL


def _answers(data: bytes, at: int, count: int, wanted: int, *, cut: bool) -> tuple[_Found, int]:
    """The records of the answer section that matter, and where the section ends."""
    found: _Found = []
    for _ in range(count):
        owner, at = _name(data, at)
        number, klass, ttl, length = _FIXED.unpack_from(data, at)
        at += _FIXED.size
        if at + length > len(data):
            if cut:
                break
            raise ParseError("a record longer than its message")
        if klass == 1 and number in {wanted, TYPES["CNAME"]}:
            found.append((owner.lower(), number, _rdata(data, at, length, number), ttl))
        at += length
    return found, at


def _absent_s(data: bytes, at: int) -> int:
    """The TTL of a negative answer: the SOA's own or its last field, the smaller (RFC 2308 section 5)."""
    at = _after_name(data, at)
    number, _, ttl, length = _FIXED.unpack_from(data, at)
    if number != _SOA:
        return 0
    end = at + _FIXED.size + length
    return min(int(ttl), int.from_bytes(data[end - 4 : end]))


def _follow(asked: str, found: _Found, wanted: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    chain: list[str] = []
    aliases = {owner: (target, ttl) for owner, number, target, ttl in found if number == TYPES["CNAME"]}
    owner, ttls = asked, []
    while wanted != TYPES["CNAME"] and owner in aliases and len(chain) < 16:
        target, ttl = aliases[owner]
        owner = target.lower()
        chain.append(target)
        ttls.append(ttl)
    mine = [(text, ttl) for name, number, text, ttl in found if number == wanted and name == owner]
    ttls += [ttl for _, ttl in mine]
    return tuple(text for text, _ in mine), tuple(chain), min(ttls, default=0)
