"""The DNS answers that a report rests on, saved as JSON lines, and given again: the same report without a network.

One line an answer, `{"dns": {...}}` with the fields of `model.dns.Answer`; lines of other kinds are passed over, so
that other recorders can share the file. What was not recorded is answered as a timeout: not known.
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from postmend.model.dns import Answer, Asker, Rcode
from postmend.model.errors import ParseError, unreadable, unwritable

_MOST_OCTETS = 256 << 20
T = TypeVar("T")
_Key = tuple[str, str, bool]


class _Line(msgspec.Struct, omit_defaults=True):
    dns: Answer | None = None
    direct: bool = False  # asked of the zone's own servers
    noted: str = ""  # what else was asked (smtp, https), of whom, and what came of it
    key: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")


def _key(name: str, rdtype: str, *, direct: bool) -> _Key:
    return name.removesuffix(".").lower(), rdtype, direct


class Recorder:
    """An asker that hands questions on and writes each answer down as it comes; the file gets its name at the end."""

    def __init__(self, asked: Asker, path: Path) -> None:
        self._asked = asked
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._written: set[_Key] = set()
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise unwritable(path, error) from error

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask, and write the answer down."""
        answer = await self._asked.query(name, rdtype)
        self._write(_key(name, rdtype, direct=False), (answer,))
        return answer

    async def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Ask the zone's own servers, and write their answers down."""
        answers = await self._asked.authoritative(name, rdtype)
        self._write(_key(name, rdtype, direct=True), answers)
        return answers

    def _write(self, key: _Key, answers: tuple[Answer, ...]) -> None:
        if key in self._written:
            return
        self._written.add(key)
        for answer in answers:
            self._file.write(msgspec.json.encode(_Line(answer, key[2])) + b"\n")

    def note(self, kind: str, key: str, value: object) -> None:
        """Write down what somebody else than DNS said."""
        self._file.write(msgspec.json.encode(_Line(noted=kind, key=key, value=msgspec.Raw(msgspec.json.encode(value)))))
        self._file.write(b"\n")

    async def close(self) -> None:
        """Close what was asked, and give the recording its name; raise ParseError where the disk is full."""
        await self._asked.close()
        try:
            self._file.close()
            if self._part.exists():
                self._part.replace(self._path)
        except OSError as error:
            raise unwritable(self._path, error) from error


class Replay:
    """An asker that knows what was recorded and nothing else."""

    def __init__(self, path: Path) -> None:
        self._answers: dict[_Key, list[Answer]] = {}
        self._noted: dict[tuple[str, str], msgspec.Raw] = {}
        for number, line in enumerate(_lines(path), 1):
            try:
                held = msgspec.json.decode(line, type=_Line)
            except msgspec.MsgspecError as error:
                raise ParseError(f"{path}:{number}: no line of a recording: {error}") from error
            if held.dns is not None:
                key = _key(held.dns.name, held.dns.type, direct=held.direct)
                self._answers.setdefault(key, []).append(held.dns)
            elif held.noted:
                self._noted[held.noted, held.key] = held.value

    async def query(self, name: str, rdtype: str) -> Answer:
        """The recorded answer."""
        held = self._answers.get(_key(name, rdtype, direct=False))
        return held[0] if held else Answer(name, rdtype, Rcode.TIMEOUT, server="recording")

    async def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """The recorded answers of the zone's own servers."""
        return tuple(self._answers.get(_key(name, rdtype, direct=True), ()))

    def noted(self, kind: str, key: str, type_: type[T]) -> T | None:
        """What was noted, None where nothing was; raise ParseError where it is of another form."""
        held = self._noted.get((kind, key))
        try:
            return msgspec.json.decode(held, type=type_) if held is not None else None
        except msgspec.MsgspecError as error:
            raise ParseError(f"the recording of {key}: {error}") from error

    async def close(self) -> None:
        """Nothing to let go of."""


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_OCTETS + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(raw) > _MOST_OCTETS:
        raise ParseError(f"{path}: a recording of more than {_MOST_OCTETS >> 20} MiB is not read")
    return [line for line in raw.splitlines() if line.strip()]
