"""journald's export format (systemd's Journal Export Formats) and its JSON: entries of fields, to programs' messages."""

from collections.abc import Callable

import msgspec

from postmend.intake.logs.sink import Kept

Entry = Callable[[int, bytes, bytes, bytes], Kept]  # minutes, host, program, message
_LONGEST = 64 << 10
_WANTED = {b"__REALTIME_TIMESTAMP", b"_HOSTNAME", b"SYSLOG_IDENTIFIER", b"MESSAGE"}
_COUNT = 8  # bytes of a binary field's length, little-endian
_JSON_MARK = b'"__REALTIME_TIMESTAMP"'


def journal_form(head: bytes) -> str:
    """`export` or `json`, empty where it is neither."""
    if head.startswith(b"__CURSOR=") or b"\n__REALTIME_TIMESTAMP=" in head:
        return "export"
    return "json" if head.lstrip().startswith(b"{") and _JSON_MARK in head else ""


class Journal:
    """Collects fields line by line and hands over each entry. A binary field's data comes as lines too."""

    def __init__(self, entry: Entry, form: str) -> None:
        self._entry = entry
        self._fields: dict[bytes, bytes] = {}
        self._binary: bytes | None = None
        self._data = b""
        self.line = self._json if form == "json" else self._export

    def _json(self, raw: bytes) -> Kept:
        try:
            found = msgspec.json.decode(raw, type=dict[str, object])
        except (msgspec.MsgspecError, RecursionError):
            return Kept.UNKNOWN
        fields = {}
        for name, value in found.items():
            plain = (
                bytes(b for b in value if isinstance(b, int) and 0 <= b < 256)
                if isinstance(value, list)
                else str(value).encode()
            )
            fields[name.encode()] = plain
        return self._hand_over(fields)

    def _export(self, raw: bytes) -> Kept:
        if self._binary is not None:
            return self._more(raw)
        if not raw:
            fields, self._fields = self._fields, {}
            return self._hand_over(fields) if fields else Kept.KNOWN
        name, mark, value = raw.partition(b"=")
        if not mark:
            self._binary, self._data = name, b""
        elif name in _WANTED:
            self._fields[name] = value[:_LONGEST]
        return Kept.KNOWN

    def _more(self, raw: bytes) -> Kept:
        self._data = self._data + raw + b"\n" if self._data else raw + b"\n"
        size = int.from_bytes(self._data[:_COUNT], "little")
        if len(self._data) > size + _COUNT or len(self._data) > _LONGEST:
            if self._binary in _WANTED:
                self._fields[self._binary] = self._data[_COUNT : _COUNT + size].replace(b"\n", b" ")
            self._binary = None
        return Kept.KNOWN

    def close(self) -> Kept:
        """The last entry may have no empty line after it."""
        return self._export(b"") if self._fields else Kept.KNOWN

    def _hand_over(self, fields: dict[bytes, bytes]) -> Kept:
        stamp = fields.get(b"__REALTIME_TIMESTAMP", b"")
        if not stamp.isdigit():
            return Kept.UNKNOWN
        at, program = int(stamp) // 60_000_000, fields.get(b"SYSLOG_IDENTIFIER", b"")
        return self._entry(at, fields.get(b"_HOSTNAME", b""), program, fields.get(b"MESSAGE", b""))
