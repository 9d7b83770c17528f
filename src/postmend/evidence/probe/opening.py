"""Opening a session as a mail server would: EHLO or else HELO, STARTTLS where offered, plain after broken TLS.

What goes wrong is tried another way once, and remembered for the host.
"""

import asyncio
from dataclasses import dataclass

from postmend.evidence.probe.heard import Heard, hear
from postmend.evidence.probe.limits import Identity, Limits
from postmend.knowledge.mailboxes import Probing, care_for_program
from postmend.model.dialogue import Dialer, Exchange, Outcome, Session


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that may begin a transaction."""

    session: Session


class Opener:
    """Opens sessions to one host and remembers what it learnt: broken TLS, the program behind what it offers."""

    def __init__(self, dialer: Dialer, name: str, ip: str, identity: Identity, limits: Limits) -> None:
        self._dialer, self._name, self._ip = dialer, name, ip
        self._identity, self._limits = identity, limits
        self._plain = self._helo_only = False
        self.care: Probing | None = None

    async def open(self) -> Opened | Heard:
        """A session ready for MAIL FROM, or what stood in the way."""
        failed: Exchange | None = None
        for _ in range(3):  # again without TLS, again with HELO
            tried = (self._plain, self._helo_only)
            session = await self._dialer.connect(
                self._ip, self._identity.port, source_ip=self._identity.source_ip, timeouts=self._limits.timeouts
            )
            try:
                failed = await self._begin(session)
            except asyncio.CancelledError:
                await session.quit()
                raise
            if failed is None:
                return Opened(session)
            await session.quit()
            if tried == (self._plain, self._helo_only):
                break  # nothing was learnt that another session could do better
        assert failed is not None
        self._helo_only = False  # it did not help
        return hear(failed, "", self._name, self._ip)

    async def _begin(self, session: Session) -> Exchange | None:
        """Up to where MAIL FROM may be said; what stood in the way, if anything did."""
        if not session.greeting.accepted:
            return session.greeting
        return await self._hello(session) or await self._secure(session)

    async def _hello(self, session: Session) -> Exchange | None:
        if self._helo_only:
            return self._refusal(await session.helo(self._identity.helo))
        told = await session.ehlo(self._identity.helo)
        if told.permanent and session.alive:
            told = await session.helo(self._identity.helo)
        elif told.outcome is Outcome.DROPPED and session.tls is None:
            self._helo_only = True  # some old servers hang up on EHLO
        if told.accepted:
            self.care = care_for_program(session.extensions)
        return self._refusal(told)

    @staticmethod
    def _refusal(told: Exchange) -> Exchange | None:
        return None if told.accepted else told

    async def _secure(self, session: Session) -> Exchange | None:
        if self._plain or "STARTTLS" not in session.extensions:
            return None
        told = await session.starttls(self._name)
        if told.accepted and session.alive:
            again = await self._hello(session)
            if again is not None:
                self._plain = True
            return again
        if session.alive:
            return None  # refused politely: go on without
        self._plain = True
        return told
