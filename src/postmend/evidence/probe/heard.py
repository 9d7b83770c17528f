"""What a host's answer to RCPT TO means: read by the same classifier as bounces, so that a refusal of whoever asks is
never taken for a dead address."""  # noqa: D205, D209

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from postmend.knowledge.address import DEAD as NOT_THERE
from postmend.knowledge.read import NEAR_RULE, read_reply
from postmend.model import AddressVerdict, Cause, Reading, Stage
from postmend.model.dialogue import Exchange, Outcome

DEAD = NOT_THERE - {Cause.DOMAIN_NOT_FOUND}  # whoever answers for a domain says nothing of its being there
# Refusals that are about whoever asks: his address, name, MAIL FROM, standing. Every further question makes it worse.
US = frozenset(
    {
        Cause.BLOCKLISTED_IP, Cause.BLOCKLISTED_DOMAIN_OR_URL, Cause.SENDER_REPUTATION, Cause.SENDER_ACCOUNT_BLOCKED,
        Cause.SPF_FAIL, Cause.DKIM_FAIL, Cause.DMARC_FAIL, Cause.UNAUTHENTICATED_SENDER, Cause.RDNS_MISSING,
        Cause.HELO_INVALID, Cause.SENDER_ADDRESS_INVALID, Cause.AUTH_REQUIRED, Cause.TLS_REQUIRED,
    }
)  # fmt: skip
_TOO_MANY = re.compile(r"too many (?:recipients|rcpt)(?! from)|recipient limit|(?:one|1) recipient", re.IGNORECASE)
_NO_SERVICE = re.compile(r"no smtp service|does not accept (?:e-?)?mail", re.IGNORECASE)
_MAILBOX_STATUS = 2  # the subject of an enhanced status that is about the mailbox (RFC 3463 section 3.3)
_SURE = 0.97  # share of the text's vote from which words alone are enough to call an address dead
_DOUBT = 0.05  # share of the vote for a cause that is about us from which they are not


class Kind(StrEnum):
    """What an answer means for the address."""

    ACCEPTED = "accepted"
    DEAD = "dead"
    FULL = "full"
    LATER = "later"  # put off: greylisting, too busy
    US = "us"  # refused because of who asks
    REFUSED = "refused"  # refused, but nobody said that there is no such address
    SILENT = "silent"  # no reply, or none that can be read
    CANNOT = "cannot"  # the server lacks what the address needs (SMTPUTF8)


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, read. `sure` is False where words that mean a dead address are also used for a blanket refusal."""

    kind: Kind
    exchange: Exchange
    host: str
    ip: str
    cause: Cause = Cause.UNKNOWN
    sure: bool = True
    retry_after_s: int | None = None

    @property
    def at_rcpt(self) -> bool:
        """Whether the host got as far as judging the recipient."""
        return self.exchange.stage is Stage.RCPT and self.exchange.outcome is Outcome.REPLY

    @property
    def slow_down(self) -> bool:
        """Whether the host had too much of whoever asks; of one mailbox's mail (x.2.z) it may, without this."""
        enhanced = self.exchange.enhanced
        about_us = self.kind is Kind.LATER and self.cause is Cause.RATE_LIMITED
        return about_us and (enhanced is None or enhanced.subject != _MAILBOX_STATUS)

    def blanket(self) -> "Heard":
        """The same answer, where the host takes nobody at all: it says nothing about the address."""
        return replace(self, kind=Kind.REFUSED)


@lru_cache(maxsize=8192)
def _read(text: str, stage: Stage, host: str) -> Reading:
    return read_reply(text, stage=stage, remote_host=host)


def too_many(exchange: Exchange) -> bool:
    """Whether a reply only says that this transaction or session has enough recipients.

    452; older servers say 552 (RFC 5321 section 4.5.3.1.10), some 550.
    """
    if not (exchange.transient or exchange.permanent):
        return False
    return str(exchange.enhanced) in {"4.5.3", "5.5.3"} or _TOO_MANY.search(exchange.text) is not None


def hear(exchange: Exchange, address: str, host: str, ip: str) -> Heard:
    """Read an answer at any stage up to RCPT TO, without `address` in the text, so that like ones are read once."""
    if exchange.outcome is Outcome.NOT_SENT:
        return Heard(Kind.CANNOT, exchange, host, ip)
    if exchange.outcome is not Outcome.REPLY:
        return Heard(Kind.SILENT, exchange, host, ip)
    if exchange.accepted:
        return Heard(Kind.ACCEPTED, exchange, host, ip)
    reading = _read(exchange.text.replace(address, "user@example.com") if address else exchange.text,
                    exchange.stage, host)  # fmt: skip
    found = Heard(Kind.REFUSED, exchange, host, ip, reading.cause, retry_after_s=reading.extracts.retry_after_s)
    return replace(found, kind=_kind(exchange, reading), sure=_is_sure(reading))


def _is_sure(reading: Reading) -> bool:
    return reading.hypotheses[0].weight >= _SURE and not any(
        each.cause in US and each.weight >= _DOUBT for each in reading.hypotheses[1:]
    )


def _kind(exchange: Exchange, reading: Reading) -> Kind:
    cause = reading.cause
    if cause in US:
        return Kind.US
    if exchange.stage is not Stage.RCPT:  # nobody was asked about yet
        if exchange.stage is Stage.CONNECT and (exchange.code == 521 or _NO_SERVICE.search(exchange.text)):
            return Kind.REFUSED  # the host takes no mail from anybody (RFC 7504): another MX may
        return Kind.LATER if exchange.transient else Kind.US
    if cause is Cause.MAILBOX_FULL:
        return Kind.FULL
    if exchange.transient:
        return Kind.LATER
    if cause in DEAD and (reading.address is AddressVerdict.SUPPRESS or _in_stock_words(exchange, reading)):
        return Kind.DEAD
    return Kind.REFUSED


def _in_stock_words(exchange: Exchange, reading: Reading) -> bool:
    """Whether words for a dead address stand without a status that says more: unsure, but the question was this one."""
    subject = exchange.enhanced.subject if exchange.enhanced else 0
    return subject == 0 and any(m.cause in DEAD and m.words and m.rule != NEAR_RULE for m in reading.matches)
