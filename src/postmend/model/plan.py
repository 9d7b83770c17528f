"""The plan: ordered steps, each saying who does what, and the command that shows it worked."""

from dataclasses import dataclass

from postmend.model.cause import Side


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A DNS record before and after. `proof` is the re-evaluation of `after` that shows it mends the fault."""

    name: str
    type: str
    before: str
    after: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `do` is an instruction in a sentence or two; `verify` the command that shows that it worked.

    `letter` is a message ready to send to whoever has to act; `config` lines for a server, each with its file.
    """

    id: str
    who: Side
    do: str
    record: RecordChange | None = None
    url: str = ""
    letter: str = ""
    config: tuple[str, ...] = ()
    verify: str = ""
