"""The XML of DMARC aggregate reports (RFC 7489 appendix C, RFC 9990 appendix A) as values, by expat.

No document type, no entities: a report needs neither, and bombs are made of them.
"""

from collections.abc import Callable
from xml.parsers import expat

from postmend.model import ParseError

_LONGEST = 4096  # characters of one value
_DEEPEST = 40
_SILENT = 64  # pieces without any element: a token that never ends
_ABOUT = {"report_metadata": ("org_name", "report_id", "begin", "end"), "policy_published": ("domain", "p")}
_ROW = ("source_ip", "count", "header_from", "disposition", "dkim", "spf")

Values = tuple[bytes, ...]


class Feedback:
    """Takes a report in pieces; `record` gets the values of each row as they are written.

    A row is source IP, count, From domain, disposition, DKIM and SPF as evaluated, then domain and result of each
    authentication. `about` is organisation, report id, begin, end, domain and policy, where they were met.
    """

    def __init__(self, record: Callable[[Values], None]) -> None:
        self.root = ""
        self._record = record
        self._about: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._auth: list[tuple[str, str]] = []
        self._in_auth = False
        self._text = ""
        self._depth = self._elements = self._fed = self._silent = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse

    @property
    def about(self) -> Values:
        """What the report says of itself."""
        return tuple(self._about.get(name, "").encode() for names in _ABOUT.values() for name in names)

    @property
    def between(self) -> bool:
        """Whether all that was fed has been read, and what comes next stands between the children of the root."""
        return self._depth == 1 and self._parser.CurrentByteIndex == self._fed

    def feed(self, piece: bytes) -> None:
        """Read a piece; raises ParseError for what is no report."""
        seen = self._elements
        self._parse(piece, last=False)
        self._fed += len(piece)
        self._silent = self._silent + 1 if self._elements == seen else 0
        if self._silent > _SILENT:
            raise ParseError("XML with a value of megabytes: not a report")

    def close(self) -> None:
        """Nothing follows; raises ParseError where something should, or where it was no report."""
        self._parse(b"", last=True)
        if self.root != "feedback":
            raise ParseError("XML, but not a DMARC aggregate report")

    def _parse(self, piece: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise ParseError(f"not well-formed XML ({error})") from error
        except (LookupError, UnicodeError) as error:
            raise ParseError(f"XML in a charset that is not known ({str(error)[:80]!r})") from error

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        self._text = ""
        if self._depth == 1:
            self.root = name.rpartition(":")[2]
        elif self._depth == 2:
            self._values, self._auth = {}, []
        elif self._depth > _DEEPEST:
            raise ParseError("XML nested too deep for a report")
        elif name.endswith("auth_results"):
            self._in_auth = True

    def _data(self, text: str) -> None:
        if len(self._text) < _LONGEST:
            self._text += text

    def _end(self, name: str) -> None:
        self._depth -= 1
        name, values = name.rpartition(":")[2], self._values
        if name == "auth_results":
            self._in_auth = False
        elif self._in_auth and name in {"dkim", "spf"}:
            self._auth.append((values.pop("auth domain", ""), values.pop("auth result", "")))
        elif name == "record":
            signed = (text.encode() for pair in self._auth for text in pair)
            self._record((*(values.get(each, "").encode() for each in _ROW), *signed))
        elif name in _ABOUT:
            self._about |= {each: values[each] for each in _ABOUT[name] if each in values}
        else:
            values[f"auth {name}" if self._in_auth else name] = self._text.strip()
        self._text = ""


def _refuse(*_: object) -> None:
    raise ParseError("XML with a document type or entities: not read")
