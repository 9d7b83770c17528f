"""Steps and letters of the repair (`remedies.toml`), as templates: `remedy` fills them."""

from functools import cache

import msgspec

from postmend.knowledge import compiled
from postmend.knowledge.steps import StepTemplate
from postmend.model import Cause, ParseError, Side


class StepText(StepTemplate, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One `[[step]]`; the file's head says what each field means."""

    cause: Cause
    who: Side | None = None
    letter: str = ""


class Letter(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A letter's text; `to` its address, where it has one."""

    text: str
    to: str = ""


class Remedies(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    step: tuple[StepText, ...]
    letters: dict[str, Letter]


def _read() -> Remedies:
    made = compiled.read("remedies", Remedies)
    without = set(Cause) - {step.cause for step in made.step if not step.needs}
    if without:
        raise ParseError(f"remedies.toml: no step that needs nothing for {', '.join(sorted(without))}")
    return made


@cache
def remedies() -> Remedies:
    """Every step and letter."""
    return compiled.load("remedies", Remedies, _read)


@cache
def steps_for(cause: Cause) -> tuple[StepText, ...]:
    """The steps of one cause, in the order of the file."""
    return tuple(step for step in remedies().step if step.cause is cause)
