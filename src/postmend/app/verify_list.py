"""The use case behind `postmend verify --input`: a list, however long, that survives Ctrl-C and crashes.

Three passes: the list is read and its addresses noted once each; those without a fresh answer are asked for, and each
batch of answers is stored; the list is read again and written with the answers. Whatever ends a run early, the next one
goes on from the answers that are stored.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from postmend.app.list_rows import AddressList
from postmend.app.list_summary import ListCount, Summary, Told
from postmend.app.output import Evidence
from postmend.app.settings import Settings
from postmend.app.verify import Verifier
from postmend.app.verify_out import VerifiedOut, verified_out
from postmend.diagnosis.deliverability import not_an_address
from postmend.knowledge.mailboxes import meant_by, traits
from postmend.model import Address, AddressVerdict, ParseError
from postmend.model.address import ascii_domain, parse_mailbox, split_name
from postmend.model.verified import Deliverability, Reason, Verified
from postmend.store.answers import Answers, Freshness, Stored
from postmend.store.database import Database

_BATCH, _BATCH_S = 500, 0.05  # an answer waits so long at most before it is stored
_NOTED = 5000
_SOON_MS = 3_600_000  # an answer that may change is asked for again after an hour
_DAY_MS = 86_400_000
# What holds for every address of a domain.
_OF_DOMAIN = frozenset(
    {
        Reason.DOMAIN_NOT_FOUND, Reason.NULL_MX, Reason.MX_INVALID, Reason.RESERVED_DOMAIN, Reason.PARKED_DOMAIN,
        Reason.PROVIDER_ACCEPTS_ALL, Reason.PROVIDER_PUNISHES, Reason.CATCH_ALL, Reason.NOT_ASKED,
    }
)  # fmt: skip
_OF_ADDRESS = frozenset({"mailbox", "absent"})  # checks whose findings are the address's own
Progress = Callable[[int, int], None]
Render = Callable[[VerifiedOut], bytes]


@dataclass(frozen=True, slots=True)
class _Key:
    """An address as it is asked for and stored, and its domain in A-labels."""

    email: str
    domain: str
    address: Address


def _key_of(text: str) -> _Key:
    """The key of a cell's address; raise ParseError where it is none. A display name around it is taken off."""
    address = parse_mailbox(split_name(text)[1])
    domain = ascii_domain(address)
    return _Key(f"{address.local}@{domain}", domain, address)


class ListRun:
    """One list, its answers and the settings. Call `note`, `ask`, `write` in this order; each can be begun anew."""

    def __init__(self, rows: AddressList, answers: Answers, settings: Settings, progress: Progress) -> None:
        self._rows, self._answers, self._settings, self._progress = rows, answers, settings, progress
        self._batch: list[Stored] = []
        self._done = self._left = 0

    def note(self) -> int:
        """Read the list; give how many addresses are still to be asked for."""
        self._answers.begin_list()
        emails: list[str] = []
        for row in self._rows.rows():
            if row.address:
                with contextlib.suppress(ParseError):
                    emails.append(_key_of(row.address).email)
            if len(emails) >= _NOTED:
                self._answers.note(emails)
                emails.clear()
        self._answers.note(emails)
        _, self._left = self._answers.count()
        return self._left

    async def ask(self) -> None:
        """Ask for what has no fresh answer. Whatever ends it, what was answered is stored."""
        async with Verifier(self._settings) as verifier:
            storing = asyncio.create_task(self._store())
            try:
                async for found in verifier.verify_many(self._unasked()):
                    self._keep(self._stored(found, _key_of(found.address)))
                    if storing.done():
                        break
            finally:
                storing.cancel()
                await asyncio.gather(storing, return_exceptions=True)
                self._flush()

    async def _store(self) -> None:
        """Store what there is, again and again; ends where that fails."""
        while True:
            await asyncio.sleep(_BATCH_S)
            self._flush()

    def _unasked(self) -> Iterator[str]:
        """The addresses to ask for; those whose whole domain has an answer are answered on the way."""
        for email in self._answers.pending():
            key = _key_of(email)
            known = self._answers.of_domain(key.domain)
            if known is None:
                yield email
            else:
                self._keep(self._derived(known, key))

    def _derived(self, known: bytes, key: _Key) -> Stored:
        answer = msgspec.json.decode(known, type=VerifiedOut)
        says = traits(key.address)
        mine = msgspec.structs.replace(
            answer, input=key.email, email=key.email, suggestion=says.suggestion or None, role=says.role, reply=None
        )
        asked_ms = _epoch_ms(answer.asked_at)
        return Stored(key.email, key.domain, msgspec.json.encode(mine), b"", True, True, asked_ms)

    @staticmethod
    def _stored(found: Verified, key: _Key) -> Stored:
        told = verified_out(found)
        of_domain = [each for each in told.evidence if each.check not in _OF_ADDRESS]
        told.evidence = [each for each in told.evidence if each.check in _OF_ADDRESS]
        firm = found.verdict is not Deliverability.UNKNOWN and found.address_verdict is not AddressVerdict.RETRY
        firm = firm or found.reason is Reason.NOT_ASKED
        return Stored(
            key.email, key.domain, msgspec.json.encode(told), msgspec.json.encode(of_domain),
            found.reason in _OF_DOMAIN, firm, _epoch_ms(told.asked_at),
        )  # fmt: skip

    def _keep(self, stored: Stored) -> None:
        self._batch.append(stored)
        self._done += 1
        if len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        """Store the batch: from here on nobody is asked for these again."""
        if self._batch:
            self._answers.put(self._batch)
            self._batch = []
        self._progress(self._done, self._left)

    def write(self, out: BinaryIO, render: Render | None = None) -> Summary:
        """Write every row with its answer, as the list is written or as `render` has it; give the sum."""
        count = ListCount()
        if render is None:
            out.write(self._rows.begin())
        for row in self._rows.rows():
            count.rows += not row.heading and row.address is not None
            answer = self._answer(row.address, count) if row.address else None
            if render is None:
                out.write(self._rows.written(row, answer))
            elif answer is not None:
                out.write(render(answer))
        out.flush()
        for email in self._answers.listed():
            known = self._answers.get(email)
            if known is not None:
                count.add(msgspec.json.decode(known, type=Told), email.rpartition("@")[2])
        return count.summary()

    def _answer(self, given: str, count: ListCount) -> VerifiedOut:
        """The answer to a cell, with the domain's evidence."""
        try:
            key = _key_of(given)
        except ParseError as error:
            count.add_invalid(given)
            return verified_out(not_an_address(given, str(error), meant_by(given)))
        known = self._answers.get(key.email)
        if known is None:
            raise ParseError(f"{key.email}: no answer is stored; run the same command again")
        answer = msgspec.json.decode(known, type=VerifiedOut)
        answer.input = given
        evidence = self._answers.evidence(key.domain)
        if evidence:
            answer.evidence[:0] = msgspec.json.decode(evidence, type=list[Evidence])
        return answer


def _epoch_ms(asked_at: str | None) -> int:
    return int(datetime.fromisoformat(asked_at).timestamp() * 1000) if asked_at else int(time.time() * 1000)


def open_answers(path: Path, settings: Settings) -> tuple[Database, Answers]:
    """The state file, shut to other runs; raise ParseError where one is using it or it cannot be written."""
    database = Database(path, exclusive=True)
    now = int(time.time() * 1000)
    age = int(settings.verify.max_age_days * _DAY_MS)
    fresh = Freshness(now - age, now - min(age, _SOON_MS))
    return database, Answers(database, "dns" if settings.verify.only_mx else "smtp", fresh)
