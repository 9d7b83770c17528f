"""The verdict on one failure."""

from dataclasses import dataclass

from postmend.model.cause import AddressVerdict, Cause, Side, State
from postmend.model.failure import Failure
from postmend.model.finding import Finding
from postmend.model.plan import Step
from postmend.model.reading import Reading


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause that may be behind the refusal, and how probable it is (0 to 1)."""

    cause: Cause
    confidence: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Cause, how sure, why, what was ruled out, what was not asked, and the plan."""

    failure: Failure
    reading: Reading
    cause: Cause
    who: Side
    permanent: bool
    state: State
    confidence: float
    candidates: tuple[Candidate, ...]
    ruled_out: tuple[Cause, ...]
    address: AddressVerdict
    evidence: tuple[Finding, ...] = ()
    not_asked: tuple[str, ...] = ()
    plan: tuple[Step, ...] = ()
