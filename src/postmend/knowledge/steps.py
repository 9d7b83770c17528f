"""One step of a plan as a template, whatever it mends."""

import msgspec


class StepTemplate(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`do` is said where all of `needs` are known and `when` was found; of several with one `slot` the first."""

    do: str
    needs: tuple[str, ...] = ()
    slot: str = ""
    url: str = ""
    config: tuple[str, ...] = ()
    verify: str = ""
    when: str = ""
