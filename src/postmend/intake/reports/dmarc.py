"""DMARC aggregate reports (RFC 7489 appendix C, RFC 9990), read as a stream: rows are added up as they pass.

No document type, no entities: a report needs neither, and bombs are made of them.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

from postmend.model import ParseError

_MOST_ROWS = 300_000  # different ones of one report
_LONGEST = 4096  # characters of one value
_DEEPEST = 40
_SILENT = 64  # pieces without any element: a token that never ends
_PLAIN = re.compile(r"[\w.@:/+=<>, -]*")


@dataclass(frozen=True, slots=True)
class DmarcReport:
    """One report. `rows` are (source IP, From domain, disposition, DKIM aligned, SPF aligned, who signed) -> messages.

    `begin` and `end` are seconds since 1970; `policy` is p= as published.
    """

    organisation: str
    ident: str
    begin: int
    end: int
    domain: str
    policy: str
    rows: dict[tuple[str, str, str, bool, bool, str], int]
    bad_rows: int


def _number(text: str) -> int:
    try:
        return max(0, min(int(text.strip()), 10**12))
    except ValueError:
        return 0


class _Reader:
    """expat's handlers: values by the name of their element, rows at the end of each `record`."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str, bool, bool, str], int] = {}
        self.values: dict[str, str] = {}
        self.bad_rows = self.elements = self.depth = 0
        self.root = ""
        self._text = ""
        self._judged = ("", "", "")
        self._auth: list[str] = []
        self._in_auth = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        self.root = self.root or name.rpartition(":")[2]
        if self.depth > _DEEPEST:
            raise ParseError("XML nested too deep for a report")
        self._text = ""
        if name.endswith("auth_results"):
            self._in_auth, self._auth = True, []

    def data(self, text: str) -> None:
        if len(self._text) < _LONGEST:
            self._text += text

    def end(self, name: str) -> None:
        self.depth -= 1
        name = name.rpartition(":")[2]
        if name == "record":
            self._record()
        elif name == "policy_evaluated":
            values = self.values
            self._judged = (values.pop("disposition", ""), values.pop("dkim", ""), values.pop("spf", ""))
        elif self._in_auth and name == "domain":
            self._auth.append(self._text.strip().lower()[:253])
        elif name == "auth_results":
            self._in_auth = False
        elif not self._in_auth:
            self.values[name] = self._text.strip()
        self._text = ""

    def _record(self) -> None:
        source, count = self.values.pop("source_ip", ""), _number(self.values.pop("count", ""))
        from_domain = self.values.pop("header_from", "").lower().rstrip(".")[:253]
        disposition, dkim, spf = self._judged
        self._judged = ("", "", "")
        signed = next((domain for domain in self._auth if domain and domain != from_domain), "")
        self._auth = []
        try:
            source = str(ipaddress.ip_address(source))
        except ValueError:
            self.bad_rows += 1
            return
        key = (source, from_domain, disposition.lower()[:12], dkim.lower() == "pass", spf.lower() == "pass", signed)
        if key in self.rows or len(self.rows) < _MOST_ROWS:
            self.rows[key] = self.rows.get(key, 0) + count
        else:
            self.bad_rows += 1


def _refuse(*_: object) -> None:
    raise ParseError("XML with a document type or entities: not read")


def read_dmarc(pieces: Iterator[bytes]) -> DmarcReport:
    """Read one report; raises ParseError where it is none, is damaged, or declares entities."""
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    seen, silent = 0, 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            silent = silent + 1 if reader.elements == seen else 0
            seen = reader.elements
            if silent > _SILENT:
                raise ParseError("XML with a value of megabytes: not a report")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ParseError(f"not well-formed XML ({error})") from error
    if reader.root != "feedback":
        raise ParseError("XML, but not a DMARC aggregate report")
    return _report(reader)


def _report(reader: _Reader) -> DmarcReport:
    values = reader.values
    domain = values.get("domain", "").lower().rstrip(".")[:253]
    if not domain or not _PLAIN.fullmatch(domain):
        raise ParseError("a DMARC report that names no domain")
    return DmarcReport(
        values.get("org_name", "")[:200], values.get("report_id", "")[:200], _number(values.get("begin", "")),
        _number(values.get("end", "")), domain, values.get("p", "")[:12], reader.rows, reader.bad_rows,
    )  # fmt: skip
