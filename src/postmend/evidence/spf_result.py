"""What an SPF evaluation gives (RFC 7208 section 2.6): the result, and every step that led to it."""

from dataclasses import dataclass
from enum import StrEnum

MOST_LOOKUPS = 10  # section 4.6.4: include, a, mx, ptr, exists, redirect
MOST_VOID = 2  # section 4.6.4: the third is a permerror


class Spf(StrEnum):
    """The results of section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105  a result, not a password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Traced:
    """One step: `depth` of includes and redirects, `lookups` and `void` counted so far, `elapsed_s` of its DNS."""

    depth: int
    domain: str
    term: str
    outcome: str
    lookups: int
    void: int
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What `check_host()` says. `matched` is the mechanism that decided, `problem` why it is an error.

    `record` is the text of the first domain's record, `domain` the one that was checked, `asked_at` when it was read;
    `sender` and `helo` are the identities it was checked for (`local@domain`).
    """

    result: Spf
    explanation: str = ""
    trace: tuple[Traced, ...] = ()
    lookups: int = 0
    void_lookups: int = 0
    domain: str = ""
    record: str = ""
    matched: str = ""
    problem: str = ""
    asked_at: str = ""
    sender: str = ""
    helo: str = ""
