"""A list opened: which column holds the addresses, its rows, and each row written again with its answer behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from postmend.app.list_format import (
    BOM,
    NAMES,
    Line,
    Shape,
    cell,
    decode,
    defused,
    guess_shape,
    read_lines,
    read_records,
    split_fields,
    unquoted,
)  # fmt: skip
from postmend.app.verify_out import VerifiedOut
from postmend.model import ParseError
from postmend.model.errors import unreadable

_HEAD = 1 << 16
_LOOKED_AT = 50  # rows, to find the column
COLUMNS = ("verdict", "reason", "address_verdict", "suggestion", "detail", "reply", "asked_at")
_KEY = "postmend"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: `address` is its cell as text, None for a heading or an empty line. `item` is a JSON object."""

    line: Line
    address: str | None
    heading: bool = False
    item: dict[str, Any] | None = None


class AddressList:
    """A list in a file that can be read several times. `column` is a name or a number from 1; empty: found out."""

    def __init__(self, file: BinaryIO, name: str, *, shape: str = "", column: str = "") -> None:
        self._file = file
        head = file.read(_HEAD)
        file.seek(0)
        self.bom = head.startswith(BOM)
        guessed, self._delimiter = guess_shape(name, head)
        self.shape = Shape(shape) if shape else guessed
        self._column = column
        self._at, self._heading, self._width = -1, False, 0
        if self.shape is Shape.CSV:
            self._find_column()

    def _records(self) -> Iterator[Line]:
        self._file.seek(len(BOM) if self.bom else 0)
        return read_records(self._file, self._delimiter) if self.shape is Shape.CSV else read_lines(self._file)

    def _find_column(self) -> None:
        """By the given name or number, by a usual name in the heading, or by where the @ stand."""
        looked = [split_fields(line.body, self._delimiter) for line in islice(self._records(), _LOOKED_AT)]
        rows = [[decode(unquoted(field)).strip() for field in row] for row in looked if row != [b""]]
        if not rows:
            return
        names = [name.lower() for name in rows[0]]
        self._width = len(rows[0])
        self._heading = not any("@" in name for name in names)
        if self._column.isdigit():
            self._at = int(self._column) - 1
            if not 0 <= self._at < self._width:
                raise ParseError(f"--column {self._column}: the list has {self._width} columns")
        elif self._column:
            if self._column.lower() not in names:
                raise ParseError(f"--column {self._column!r}: the list has {', '.join(rows[0])[:200]}")
            self._at, self._heading = names.index(self._column.lower()), True
        else:
            usual = next((names.index(name) for name in NAMES if name in names), None)
            counts = [sum("@" in row[i] for row in rows if i < len(row)) for i in range(self._width)]
            self._at = usual if usual is not None else counts.index(max(counts))

    def rows(self) -> Iterator[Row]:
        """Every record, in order."""
        first = True
        for line in self._records():
            if not line.body.strip():
                yield Row(line, None)
            elif self.shape is Shape.CSV:
                yield Row(line, None, heading=True) if first and self._heading else self._csv(line)
                first = False
            elif self.shape is Shape.JSONL:
                yield self._json(line)
            else:
                yield Row(line, decode(line.body).strip())

    def _csv(self, line: Line) -> Row:
        fields = split_fields(line.body, self._delimiter)
        return Row(line, decode(unquoted(fields[self._at])).strip() if self._at < len(fields) else "")

    def _json(self, line: Line) -> Row:
        try:
            found = msgspec.json.decode(line.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Row(line, decode(line.body).strip())
        if isinstance(found, str):
            return Row(line, found.strip())
        if not isinstance(found, dict):
            return Row(line, decode(line.body).strip())
        wanted = (self._column,) if self._column else NAMES
        named = {key.lower(): value for key, value in found.items() if isinstance(value, str)}
        address = next((named[name.lower()] for name in wanted if name.lower() in named), "")
        if not address and not self._column:
            address = next((value for value in named.values() if "@" in value), "")
        return Row(line, address.strip(), item=found)

    def begin(self) -> bytes:
        """What stands before the first row of the output."""
        start = BOM if self.bom else b""
        return start + (",".join(("email", *COLUMNS)).encode() + b"\n" if self.shape is Shape.LINES else b"")

    def written(self, row: Row, answer: VerifiedOut | None) -> bytes:
        """A row with its answer."""
        line = row.line
        if self.shape is Shape.LINES:
            if answer is None or row.address is None:
                return b""
            return b",".join([cell(row.address, b","), *self._cells(answer, b",")]) + b"\n"
        if self.shape is Shape.JSONL:
            return self._json_written(row, answer)
        if row.address is None and not row.heading:
            return line.body + line.end
        fields = defused(split_fields(line.body, self._delimiter))
        fields += [b""] * (self._width - len(fields))
        if row.heading:
            taken = {decode(unquoted(field)).strip().lower() for field in fields}
            fields += [(f"postmend_{name}" if name in taken else name).encode() for name in COLUMNS]
        else:
            fields += self._cells(answer, self._delimiter) if answer else [b""] * len(COLUMNS)
        return self._delimiter.join(fields) + (line.end or b"\n")

    @staticmethod
    def _cells(answer: VerifiedOut, delimiter: bytes) -> list[bytes]:
        values = (
            answer.verdict, answer.reason, answer.address, answer.suggestion or "", answer.detail,
            answer.reply.text if answer.reply else "", answer.asked_at or "",
        )  # fmt: skip
        return [cell(value, delimiter) for value in values]

    @staticmethod
    def _json_written(row: Row, answer: VerifiedOut | None) -> bytes:
        if answer is None:
            return row.line.body + row.line.end
        told = msgspec.json.encode(answer)
        if row.item is None:
            return b'{"input":' + msgspec.json.encode(row.address) + f',"{_KEY}":'.encode() + told + b"}\n"
        body = row.line.body.rstrip()[:-1].rstrip()  # without its closing brace
        between = b"," if row.item else b""
        return body + between + f'"{_KEY}":'.encode() + told + b"}" + (row.line.end or b"\n")


def open_list(path: str) -> tuple[BinaryIO, str]:
    """The list's file and its name; standard input (`-`) is kept in a temporary file, as it is read twice."""
    import shutil
    import sys
    import tempfile

    try:
        if path != "-":
            return Path(path).open("rb"), path
        kept = tempfile.TemporaryFile()  # noqa: SIM115
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.seek(0)
    except OSError as error:
        raise unreadable(path, error) from error
    return kept, "standard input"
