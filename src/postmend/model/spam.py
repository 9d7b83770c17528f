"""What a spam filter answers, and the envelope it was asked with."""

from dataclasses import dataclass, field
from enum import StrEnum


class Answered(StrEnum):
    """Whether a filter answered: what is not `answered` says nothing about the message."""

    ANSWERED = "answered"
    ABSENT = "absent"
    TIMEOUT = "timeout"
    GARBAGE = "garbage"
    TOO_BIG = "too_big"


class Taken(StrEnum):
    """What a message would be taken for."""

    REFUSED = "refused"
    MARKED = "marked"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A rule that fired, with the score that the filter gave it."""

    name: str
    score: float
    description: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterAnswer:
    """One filter's answer. `marks_at` and `refuses_at` are its own thresholds, 0 where it has none."""

    filter: str
    state: Answered
    score: float = 0.0
    marks_at: float = 0.0
    refuses_at: float = 0.0
    action: str = ""
    symbols: tuple[Symbol, ...] = ()
    elapsed_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message is sent with. `origin` says, by field, where each was taken from."""

    ip: str = ""
    helo: str = ""
    mail_from: str | None = None
    rcpt: tuple[str, ...] = ()
    origin: dict[str, str] = field(default_factory=dict)
