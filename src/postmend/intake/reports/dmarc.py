"""DMARC aggregate reports (RFC 7489 appendix C, RFC 9990), read as a stream: rows are added up as they pass."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from postmend.intake.reports.feedback import Feedback, Values
from postmend.intake.reports.shapes import Shapes
from postmend.model import ParseError

_MOST_ROWS = 300_000  # different ones of one report
_BEGIN, _END, _LAST = b"<record", b"</record>", b"</feedback>"
_LOOKED_AT = 256 << 10  # bytes in which a row, or what stands before the first, must end to be looked at by itself
_PLAIN = re.compile(r"[\w.@:/+=<>, -]*")
_IPV4 = re.compile(rb"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}")
# Charsets other than those in which the bytes of ASCII stand for ASCII.
_STRANGE = re.compile(
    rb"<\?xml[^>]*?encoding\s*=\s*[\"'](?!(?:utf-8|us-ascii|iso-8859-\d+|windows-125\d)[\"'])", re.IGNORECASE
)
_Judged = tuple[str, str, bool, bool, str]
Row = tuple[str, str, str, bool, bool, str]


@dataclass(frozen=True, slots=True)
class DmarcReport:
    """One report. `rows` are (source IP, From domain, disposition, DKIM aligned, SPF aligned, who signed) -> messages.

    `begin` and `end` are seconds since 1970; `policy` is p= as published. Who signed is a domain other than the From
    domain that DKIM or SPF passed for.
    """

    organisation: str
    ident: str
    begin: int
    end: int
    domain: str
    policy: str
    rows: dict[Row, int]
    bad_rows: int


class DmarcReader:
    """Reads reports, one after the other, and remembers the shapes that their programs give them."""

    def __init__(self) -> None:
        self._heads, self._records = Shapes(_read_head), Shapes(_read_record)

    def read(self, pieces: Iterator[bytes]) -> DmarcReport:
        """Read one report; raises ParseError where it is none, is damaged, or declares entities."""
        rows = _Rows()
        head, rest = _head(pieces)
        about = self._heads.values(head) if rest else None
        if about is not None:
            rest = self._alike(rest, pieces, rows)
            if len(rest) < _LOOKED_AT and rest.strip() == _LAST:
                return _report(about, rows)
        feedback = Feedback(rows.add)
        for piece in chain((head, rest), pieces):
            feedback.feed(piece)
        feedback.close()
        return _report(feedback.about, rows)

    def _alike(self, rest: bytes, pieces: Iterator[bytes], rows: "_Rows") -> bytes:
        """Add rows as long as each can be read by itself; what is left then, or behind the last one."""
        while True:
            *records, rest = rest.split(_END)
            for i, record in enumerate(records):
                values = self._records.values(record)
                if values is None:
                    return _END.join([*records[i:], rest])
                rows.add(values)
            piece = next(pieces, None)
            if piece is None or len(rest) >= _LOOKED_AT:
                return rest + (piece or b"")
            rest += piece


def _head(pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    """What stands before the first row, and the rest of what had to be read for it; no rest where there is no row."""
    data = b""
    for piece in pieces:
        data += piece
        at = data.find(_BEGIN)
        if at >= 0:
            return data[:at], data[at:]
        if len(data) >= _LOOKED_AT:
            break
    return data, b""


def _alone(piece: bytes, before: bytes = b"") -> tuple[Feedback, list[Values]] | None:
    """Read a piece that ends between the children of the root; None where it does not."""
    records: list[Values] = []
    feedback = Feedback(records.append)
    try:
        feedback.feed(before + piece)
    except ParseError:
        return None
    return (feedback, records) if feedback.between else None


def _read_head(head: bytes) -> Values | None:
    read = None if _STRANGE.search(head) else _alone(head)
    return read[0].about if read and read[0].root == "feedback" and not read[1] else None


def _read_record(record: bytes) -> Values | None:
    """A row without its end tag."""
    read = _alone(record.lstrip() + _END, b"<feedback>") if record.lstrip().startswith(_BEGIN) else None
    return read[1][0] if read and len(read[1]) == 1 and not any(read[0].about) else None


class _Rows:
    """The rows of one report, those that are the same added up."""

    def __init__(self) -> None:
        self.rows: dict[Row, int] = {}
        self.bad = 0

    def add(self, values: Values) -> None:
        source, count, *judged = values
        address = _address(source.strip())
        key = (address, *_judged(tuple(judged)))
        if address and (key in self.rows or len(self.rows) < _MOST_ROWS):
            self.rows[key] = self.rows.get(key, 0) + _number(count)
        else:
            self.bad += 1


@lru_cache(maxsize=1024)
def _judged(values: Values) -> _Judged:
    """What a row says besides source and count: what differs in few ways."""
    from_domain, disposition, dkim, spf, *signed = (value.decode().strip().lower() for value in values)
    from_domain = _domain(from_domain)
    passed = (_domain(domain) for domain, result in zip(signed[::2], signed[1::2], strict=True) if result == "pass")
    other = next((domain for domain in passed if domain and domain != from_domain), "")
    return from_domain, disposition[:12], dkim == "pass", spf == "pass", other


def _domain(text: str) -> str:
    return text.rstrip(".")[:253]


def _address(text: bytes) -> str:
    """An IP address in its one form, or an empty string."""
    if _IPV4.match(text):
        return text.decode()
    try:
        return str(ipaddress.ip_address(text.decode()))
    except ValueError:
        return ""


def _number(text: bytes) -> int:
    try:
        return max(0, min(int(text), 10**12))
    except ValueError:
        return 0


def _report(about: Values, rows: _Rows) -> DmarcReport:
    organisation, ident, begin, end, domain, policy = (value.strip().decode() for value in about)
    domain = _domain(domain.lower())
    if not domain or not _PLAIN.fullmatch(domain):
        raise ParseError("a DMARC report that names no domain")
    return DmarcReport(
        organisation[:200], ident[:200], _number(begin.encode()), _number(end.encode()), domain, policy[:12],
        rows.rows, rows.bad,
    )  # fmt: skip
