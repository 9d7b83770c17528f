"""A finding: one question put to the world, and what came back."""

from dataclasses import dataclass
from enum import StrEnum

from postmend.model.cause import Cause


class Fact(StrEnum):
    """The result of one check.

    A timeout is `temperror` and a blocklist's refusal is `refused`: neither is ever evidence against anyone.
    `none` means there is nothing to judge (no SPF record, no PTR asked for a name that has no address).
    """

    PASS = "pass"  # noqa: S105  a result, not a password
    FAIL = "fail"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was asked, of whom, what came back, when, and what it means.

    `check` is the question's family (`spf`, `rdns`, `helo`, `blocklist`, `mx`, ...), `id` the stable id of what
    was found (`blocklist.listed`, `rdns.no_ptr`): ids are counted, muted, translated and asserted absent.
    `data` carries named details as strings (zone, code, mechanism, ...), sorted by name. `asked_at` is RFC 3339, UTC.
    `record` is the DNS answer or SMTP line the finding rests on.
    """

    check: str
    id: str
    subject: str
    result: Fact
    detail: str
    supports: tuple[Cause, ...] = ()
    against: tuple[Cause, ...] = ()
    source: str = ""
    record: str = ""
    asked_at: str = ""
    data: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return the detail called `name`, or an empty string."""
        return next((value for key, value in self.data if key == name), "")
