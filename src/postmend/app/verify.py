"""The use case behind `postmend verify`: is an address alive? One, or a stream of them."""

import asyncio
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from postmend.app.asker import asker_of
from postmend.app.settings import Settings
from postmend.diagnosis.deliverability import judge, not_an_address
from postmend.evidence.probe.fitness import check_fitness, faults, own_name, private
from postmend.evidence.probe.limits import Identity, Limits
from postmend.evidence.probe.prober import Prober
from postmend.knowledge.mailboxes import mailboxes, meant_by, traits
from postmend.model import Address, Fact, Finding, ParseError, parse_address
from postmend.model.address import ascii_domain, parse_mailbox, split_name
from postmend.model.inside import is_inside
from postmend.model.verified import Verified
from postmend.net.own_address import own_address
from postmend.net.smtp import NetDialer
from postmend.net.smtp_wire import hello

if TYPE_CHECKING:
    from postmend.model.dns import Asker

_SMTP_PORT = 25


class UnfitError(Exception):
    """The prober itself is not fit to ask; `findings` say why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(each.detail for each in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Mend:
    """One fault of the prober and what to do about it."""

    fault: str
    do: str


def mends(findings: tuple[Finding, ...]) -> list[Mend]:
    """What to do about each fault of the prober."""
    made = []
    for each in findings:
        words = mailboxes().mend.get(each.check, "")
        delist = each.get("delist") or each.get("lookup") or "see the list's own page"
        made.append(Mend(each.detail, words.replace("{subject}", each.subject).replace("{delist}", delist)))
    return made


class Verifier:
    """Verifies addresses with one set of settings: `async with Verifier(settings) as verifier`.

    Entering checks the prober itself first, where hosts will be asked: raises UnfitError, or ParseError where nobody
    said who asks. `waiting` is told, in seconds, how long a host that put a question off is given.
    """

    def __init__(self, settings: Settings, waiting: Callable[[float], None] | None = None) -> None:
        self._settings = settings
        self._waiting = waiting
        self._asker: Asker | None = None
        self._prober: Prober | None = None
        self._inside = False

    async def __aenter__(self) -> Self:
        asker = self._asker = asker_of(self._settings)
        try:
            identity = None if self._settings.verify.only_mx else await self._identity(asker)
        except BaseException:
            await asker.close()
            raise
        limits = Limits(patience_s=self._settings.verify.patience_s)
        self._prober = Prober(asker, NetDialer(), identity, limits, self._waiting)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._prober is not None
        assert self._asker is not None
        await self._prober.close()
        await self._asker.close()

    async def _identity(self, asker: "Asker") -> Identity:
        told = self._settings.verify
        if not told.mail_from:
            raise ParseError(
                "who asks? Name an address of yours with --mail-from (or verify.mail_from in the settings); "
                "--only-mx asks nobody but DNS"
            )
        mail_from = told.mail_from.strip("<>")
        ip = told.ip or told.source_ip or own_address()
        helo = told.helo or (await own_name(asker, ip) if ip else "")
        if not helo:
            raise ParseError(
                f"{ip or 'this machine'} has no name that leads back to it, and --helo (verify.helo) names none"
            )
        hello("EHLO", helo)  # ParseError for what is no name
        # MX on private addresses are somebody's laboratory or intranet only if the prober is in there itself.
        self._inside = (
            told.allow_private or not told.self_check or told.smtp_port != _SMTP_PORT or bool(ip and is_inside(ip))
        )
        if told.self_check:
            await self._check_self(asker, ip, helo, mail_from)
        absent = "x" + secrets.token_hex(7)
        return Identity(mail_from, helo, absent, told.source_ip, told.smtp_port, self._inside)

    async def _check_self(self, asker: "Asker", ip: str, helo: str, mail_from: str) -> None:
        if not ip:
            raise ParseError("this machine has no address to ask from; name the one that others see with --ip")
        hidden = private(ip) if not (self._settings.verify.ip or self._settings.verify.source_ip) else None
        if hidden is not None:
            raise UnfitError((hidden,))
        settings = self._settings
        try:
            async with asyncio.timeout(settings.deadline_s):
                found = await check_fitness(
                    asker, ip, helo, mail_from, settings.blocklist_keys, settings.lists()
                )  # fmt: skip
        except TimeoutError:
            raise ParseError(
                f"DNS did not tell within {settings.deadline_s:g} s whether {ip} is fit to ask; see --resolver"
            ) from None
        if all(each.result is Fact.TEMPERROR for each in found):
            raise ParseError(f"the resolver answered none of the questions whether {ip} is fit to ask; see --resolver")
        unfit = faults(found)
        if unfit:
            raise UnfitError(unfit)

    def _read(self, given: str) -> Address:
        """The address in what was given; a display name around it is taken off."""
        _, bare = split_name(given.strip())
        return parse_mailbox(bare) if self._inside else parse_address(bare)

    async def verify(self, given: str) -> Verified:
        """Verify one address; what is no address is answered, not raised."""
        assert self._prober is not None
        try:
            address = self._read(given)
        except ParseError as error:
            return not_an_address(given, str(error), meant_by(given))
        domain = ascii_domain(address)
        probed = await self._prober.probe(domain, f"{address.local}@{domain}")
        return judge(given, address, traits(address), probed, asked_at=datetime.now(UTC).isoformat(timespec="seconds"))

    async def verify_many(self, addresses: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[Verified]:
        """Verify a stream of addresses, many under way at once; answers come as they come, each once."""
        assert self._prober is not None
        slots = self._prober.slots = asyncio.Semaphore(self._settings.verify.at_once)
        done: asyncio.Queue[Verified | BaseException | None] = asyncio.Queue()
        tasks: set[asyncio.Task[None]] = set()

        async def one(given: str) -> None:
            try:
                done.put_nowait(await self.verify(given))
            except Exception as error:  # noqa: BLE001  whatever it is, whoever iterates has to hear of it
                done.put_nowait(error)

        async def feed() -> None:
            try:
                async for given in _each(addresses):
                    await slots.acquire()
                    task = asyncio.create_task(one(given))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    await asyncio.sleep(0)
                await asyncio.gather(*tasks)
            except Exception as error:  # noqa: BLE001  so may the source of the addresses fail
                done.put_nowait(error)
            done.put_nowait(None)

        feeding = asyncio.create_task(feed())
        try:
            while (found := await done.get()) is not None:
                slots.release()
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            for task in (feeding, *tasks):
                task.cancel()
            await asyncio.gather(feeding, *tasks, return_exceptions=True)


async def _each(addresses: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[str]:
    if isinstance(addresses, AsyncIterable):
        async for address in addresses:
            yield address
    else:
        for address in addresses:
            yield address
