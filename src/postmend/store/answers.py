"""Answers of `verify`, kept with their age: an address's own, or its domain's where that holds for all of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from postmend.store.database import Database

_CHUNK = 1000
_FRESH = "mode IN (?, 'smtp') AND asked_ms >= CASE firm WHEN 1 THEN ? ELSE ? END"
_ANSWERED = f"EXISTS (SELECT 1 FROM verify_answer AS a WHERE a.email = l.email AND {_FRESH})"


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is kept. `email` is the address as it is sent, `domain` its domain in A-labels.

    `answer` is JSON; `evidence` is the domain's, as JSON, or empty to leave what is known of it. `for_domain` says that
    the answer holds for every address there, `firm` that it is not one that asking again soon may change. `asked_ms` is
    epoch milliseconds.
    """

    email: str
    domain: str
    answer: bytes
    evidence: bytes
    for_domain: bool
    firm: bool
    asked_ms: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """From when on an answer still counts, in epoch milliseconds: a firm one, and one that may have changed."""

    firm_ms: int
    other_ms: int


class Answers:
    """The answers in one database. `mode` is how they were got: `smtp` answers do for `dns`, not the reverse."""

    def __init__(self, database: Database, mode: str, fresh: Freshness) -> None:
        self._database = database
        self._mode = mode
        self._fresh = (mode, fresh.firm_ms, fresh.other_ms)

    def begin_list(self) -> None:
        """Forget the list that was in hand before."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM verify_list")

    def note(self, emails: Iterable[str]) -> None:
        """Add addresses to the list in hand, each once."""
        with self._database.transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO verify_list VALUES (?)", ((each,) for each in emails))

    def count(self) -> tuple[int, int]:
        """How many addresses the list has, and how many of them have no fresh answer."""
        with self._database.guarded() as connection:
            (listed,) = connection.execute("SELECT count(*) FROM verify_list").fetchone()
            (left,) = connection.execute(
                f"SELECT count(*) FROM verify_list AS l WHERE NOT {_ANSWERED}", self._fresh
            ).fetchone()
        return int(listed), int(left)

    def pending(self) -> Iterator[str]:
        """The addresses without a fresh answer, in order of local parts, so that domains mix."""
        return self._listed(f"SELECT email FROM verify_list AS l WHERE NOT {_ANSWERED} AND email > ?", self._fresh)

    def listed(self) -> Iterator[str]:
        """All addresses of the list."""
        return self._listed("SELECT email FROM verify_list WHERE email > ?", ())

    def _listed(self, query: str, values: tuple[object, ...]) -> Iterator[str]:
        last = ""
        while True:
            with self._database.guarded() as connection:
                rows = connection.execute(f"{query} ORDER BY email LIMIT {_CHUNK}", (*values, last)).fetchall()
            yield from (row[0] for row in rows)
            if len(rows) < _CHUNK:
                return
            last = rows[-1][0]

    def put(self, answers: list[Stored]) -> None:
        """Store answers: all or none."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO verify_answer VALUES (?, ?, ?, ?, ?)",
                ((each.email, self._mode, each.firm, each.asked_ms, each.answer) for each in answers),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO verify_domain VALUES (?, ?, ?, ?, ?, ?)",
                {
                    each.domain: (
                        each.domain, self._mode, each.firm, each.asked_ms,
                        each.answer if each.for_domain else None, each.evidence,
                    )
                    for each in answers if each.evidence
                }.values(),
            )  # fmt: skip

    def get(self, email: str) -> bytes | None:
        """An address's fresh answer."""
        with self._database.guarded() as connection:
            row = connection.execute(
                f"SELECT answer FROM verify_answer WHERE email = ? AND {_FRESH}", (email, *self._fresh)
            ).fetchone()
        return row[0] if row else None

    def of_domain(self, domain: str) -> bytes | None:
        """A fresh answer that holds for every address of a domain."""
        with self._database.guarded() as connection:
            row = connection.execute(
                f"SELECT answer FROM verify_domain WHERE domain = ? AND answer IS NOT NULL AND {_FRESH}",
                (domain, *self._fresh),
            ).fetchone()
        return row[0] if row else None

    def evidence(self, domain: str) -> bytes | None:
        """The evidence about a domain, of whatever age its last answer has."""
        with self._database.guarded() as connection:
            row = connection.execute("SELECT evidence FROM verify_domain WHERE domain = ?", (domain,)).fetchone()
        return row[0] if row else None
