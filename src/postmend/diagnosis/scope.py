"""Scope: what many refusals, and the deliveries among them, say about each (D6 of the design).

One recipient, one domain, one gateway, every destination, one message only, one identity, everything since a day: a
person who sees several bounces side by side sees that first. Pure: values in, findings out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache

from postmend.knowledge.words import fold
from postmend.model import Action, Cause, Fact, Failure, Finding, Original, Reading

_SEVERAL, _MANY = 2, 3
_SHOWN = 5
_NEAR = timedelta(days=14)  # what lies further apart says nothing of each other: reputations and listings come and go
_MOST = 200  # attempts of one identity that are held against each other: cost grows with their number
_DELIVERED = frozenset({Action.DELIVERED, Action.RELAYED})
# What words about the recipient's mailbox or way there name: however often it is said, it is nothing about the sender.
_OF_RECIPIENT = frozenset(
    {Cause.USER_UNKNOWN, Cause.DOMAIN_NOT_FOUND, Cause.MAILBOX_FULL, Cause.MAILBOX_DISABLED, Cause.RECIPIENT_MOVED}
)
_PLAIN = 0.85  # share of the vote from which words, or an enhanced code, are taken at their word


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recipient's mail, refused or delivered. `reply` is what was said.

    `gateway` is who took or refused it: a provider, or the name that its hosts share; `identity` who sent it.
    `of_recipient`: refused in plain words about the mailbox, which say nothing of the sender.
    """

    recipient: str
    domain: str
    gateway: str
    identity: str
    message: str
    refused: bool
    reply: str = ""
    when: datetime | None = None
    of_recipient: bool = False


def attempt_of(failure: Failure, reading: Reading | None, original: Original) -> Attempt:
    """Read an attempt off a failure (or a delivery, which has no reading)."""
    domain = failure.recipient.rpartition("@")[2].lower()
    return Attempt(
        recipient=failure.recipient.lower(),
        domain=domain,
        gateway=_gateway(failure, reading) or domain,
        identity=failure.local.ip or failure.mail_from.rpartition("@")[2].lower() or failure.local.host,
        message=original.message_id,
        refused=failure.action not in _DELIVERED,
        reply=reading.inner if reading else "",
        when=_when(failure.when) or _when(original.date),
        of_recipient=reading is not None and _of_recipient(reading),
    )


def _of_recipient(reading: Reading) -> bool:
    best = reading.hypotheses[0]
    return best.cause in _OF_RECIPIENT and best.weight >= _PLAIN


def _gateway(failure: Failure, reading: Reading | None) -> str:
    if reading and reading.provider:
        return reading.provider
    host = failure.remote.host or (reading.remote_host if reading else "")
    labels = host.lower().rstrip(".").split(".")
    return ".".join(labels[-3:] if len(labels) > 3 else labels[-2:]) if len(labels) > 1 else failure.remote.ip


def _when(text: str) -> datetime | None:
    if not text:
        return None
    iso = text[:4].isdigit()
    for read in (datetime.fromisoformat, parsedate_to_datetime) if iso else (parsedate_to_datetime,):
        try:
            made = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return made if made.tzinfo else made.replace(tzinfo=UTC)
    return None


def _saying(one: Attempt) -> str:
    """What was said, without what differs from mail to mail."""
    return _folded(one.reply)


_folded = lru_cache(512)(fold)


class _Mail:
    """The attempts of one identity, at most `_MOST`: all, and those that may say something of others."""

    def __init__(self) -> None:
        self.all: list[Attempt] = []
        self.telling: list[Attempt] = []
        self.delivered = False

    def add(self, one: Attempt) -> None:
        if len(self.all) < _MOST:
            self.all.append(one)
            if not one.of_recipient:
                self.telling.append(one)
            self.delivered = self.delivered or not one.refused

    @cached_property
    def of_one_time(self) -> bool:
        """Whether all that is dated lies near together, so that nothing has to be looked at for its date."""
        dated = [each.when for each in self.all if each.when]
        return not dated or max(dated) - min(dated) <= _NEAR

    def others(self, one: Attempt) -> list[Attempt]:
        """What says something of one attempt: to other recipients, about the same time."""
        others = [each for each in self.telling if each.recipient != one.recipient]
        return others if self.of_one_time else [each for each in others if _near(each, one)]

    @cached_property
    def ended(self) -> datetime | None:
        """When everything had got through until then and nothing after it; None where it is not so."""
        if not self.delivered:
            return None
        dated = sorted((each.when, each.refused) for each in self.all if each.when is not None)
        first = next((when for when, refused in dated if refused), None)
        if first is None or all(refused for _, refused in dated) or any(not r for when, r in dated if when >= first):
            return None
        return first


class Ledger:
    """Attempts side by side; `findings` says what the others mean for one of them."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self._by_identity: dict[str, _Mail] = defaultdict(_Mail)
        self._delivered_at: dict[str, set[str]] = defaultdict(set)
        self._size = 0
        for each in dict.fromkeys(attempts):
            self._by_identity[each.identity].add(each)
            self._size += 1
            if not each.refused:
                self._delivered_at[each.gateway].add(each.identity)

    def findings(self, one: Attempt) -> tuple[Finding, ...]:
        """Findings `scope.*` about one refusal; none where it stands alone."""
        if self._size < _SEVERAL or not one.recipient or one.of_recipient:
            return ()
        mine = self._by_identity[one.identity]
        made = [self._where(one, mine.others(one)), _message(one, mine), _since(one, mine)]
        return tuple(each for each in made if each is not None)

    def _where(self, one: Attempt, others: list[Attempt]) -> Finding | None:
        here = [each for each in others if each.gateway == one.gateway]
        passed_here = {each.recipient for each in here if not each.refused}
        refused_here = {each.recipient: each for each in here if each.refused and _saying(each) == _saying(one)}
        passed = {each.gateway for each in others if not each.refused}
        # That everybody refuses is said of one time: what bears no date may be years apart.
        refusing = {e.gateway for e in others if e.refused and e.when and one.when} | {one.gateway}
        if passed_here:
            return _inside(one, passed_here, refused_here)
        if len(refusing) >= _MANY and not passed:
            told = f"{len(refusing)} gateways refuse {one.identity}, and none takes its mail"
            return _finding("everywhere", one, told, refusing)
        if refused_here and (passed or self._others_pass(one)):
            return self._gateway(one, refused_here, passed)
        return None

    def _others_pass(self, one: Attempt) -> bool:
        return bool(self._delivered_at[one.gateway] - {one.identity})

    def _gateway(self, one: Attempt, refused: dict[str, Attempt], passed: set[str]) -> Finding:
        """The same words to several recipients of one gateway; elsewhere mail gets through, or there that of others."""
        if self._others_pass(one) and not passed:
            told = f"{one.gateway} refuses {one.identity} for {len(refused) + 1} recipients, and takes mail of others"
            return _finding("one_identity", one, told, {one.identity})
        domains = {each.domain for each in refused.values()} | {one.domain}
        count = len(refused) + 1
        if len(domains) >= _SEVERAL:
            told = f"{one.gateway} says the same to {count} recipients of {len(domains)} domains; others take it"
            return _finding("one_gateway", one, told, domains)
        told = f"{count} recipients of {one.domain} are refused with the same words; elsewhere it gets through"
        return _finding("one_domain", one, told, domains)


def _message(one: Attempt, mine: _Mail) -> Finding | None:
    """One message that several gateways refuse, while another of the same sender gets through."""
    if not one.message or not mine.delivered:
        return None
    refusing = {each.gateway for each in mine.telling if each.message == one.message and each.refused}
    passed = {each.message for each in mine.telling if not each.refused} - {one.message, ""}
    refused_else = {each.message for each in mine.telling if each.refused} - {one.message, ""}
    if len(refusing) < _SEVERAL or not passed or refused_else:
        return None
    told = f"{len(refusing)} gateways refuse this one message; {len(passed)} others of {one.identity} get through"
    return _finding("one_message", one, told, refusing)


def _near(one: Attempt, other: Attempt) -> bool:
    """Whether two attempts may have the same reason, by their time; one that is not dated may."""
    return one.when is None or other.when is None or abs(one.when - other.when) <= _NEAR


def _inside(one: Attempt, passed: set[str], refused: dict[str, Attempt]) -> Finding:
    """The gateway takes this sender's mail for others: it is about the recipient, or about their domain."""
    domains = {each.domain for each in refused.values()} | {one.domain}
    if refused and len(domains) == 1:
        told = (
            f"{len(refused) + 1} recipients of {one.domain} are refused; {one.gateway} takes {one.identity} for others"
        )
        return _finding("one_domain", one, told, domains)
    told = f"{one.gateway} takes mail of {one.identity} for {len(passed)} others, and refuses {one.recipient}"
    return _finding("one_recipient", one, told, passed)


def _since(one: Attempt, mine: _Mail) -> Finding | None:
    """Everything got through before a day and nothing after it."""
    if mine.ended is None:
        return None
    told = f"mail of {one.identity} got through until {mine.ended:%Y-%m-%d %H:%M}, and not since"
    return _finding("since", one, told, ())


def _finding(ident: str, one: Attempt, told: str, names: Iterable[str]) -> Finding:
    shown = ", ".join(sorted(names)[:_SHOWN])
    data = (("gateway", one.gateway), ("identity", one.identity), ("names", shown))
    return Finding("scope", f"scope.{ident}", one.recipient, Fact.NONE, told, source="the other mails", data=data)
