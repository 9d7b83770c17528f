"""The use case behind `postmend explain`: intake, reading, evidence, verdict, plan.

Bad input costs only itself: what cannot be read is told through `unreadable`, one line each, and the rest goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from postmend.app.inputs import Source, open_bytes
from postmend.app.settings import Settings
from postmend.diagnosis import judge
from postmend.intake import read_any
from postmend.knowledge.read import read_reply
from postmend.model import Action, Diagnosis, Failure, Host, Intake, ParseError, Reading
from postmend.remedy import plan

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
