"""The use case behind `postmend explain`: intake, reading, evidence, verdict, plan.

Bad input costs only itself: what cannot be read is told through `unreadable`, one line each, and the rest goes on.
"""

from dataclasses import dataclass

from postmend.app.inputs import Source
from postmend.app.settings import Settings
from postmend.model import Diagnosis, Intake

_AT_ONCE = 16  # inputs under diagnosis at a time


@dataclass(frozen=True, slots=True)
class Options:
    """What to explain: `sources`, or the `text` of a reply; `message` is a file with the refused message."""

    settings: Settings
    sources: tuple[Source, ...] = ()
    text: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One input, and a diagnosis per refusal in it."""

    intake: Intake
    diagnoses: list[Diagnosis]
