"""What the text of a reply says by itself: hypotheses, never a verdict."""

from dataclasses import dataclass, field

from postmend.model.cause import AddressVerdict, Cause
from postmend.model.smtp import EnhancedStatus, Stage


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched, the words it found, and the weight it voted with."""

    rule: str
    cause: Cause
    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A cause and the share of the text's vote it has (0 to 1; all hypotheses of a reading sum to 1)."""

    cause: Cause
    weight: float


@dataclass(frozen=True, slots=True)
class Extracts:
    """What a reply names: blocklists, IP addresses, domains, URLs (whole, folds mended), provider codes, limits.

    `lists` are DNSBL zones or list names as written (`zen.spamhaus.org`, `Spamhaus XBL`); `codes` such as `S3150`,
    `TSS04`, `IB607`; `limits` such as `500 per day`; `retry_after_s` in seconds, None if none is named.
    """

    lists: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, read: its hypotheses, best first and at least one, and what they rest on.

    `matches` are the rules that voted, `extracts` what was named, `address` what it means for the address. `inner` is
    the reply that counts after unwrapping; the codes are those of the inner reply.
    """

    hypotheses: tuple[Hypothesis, ...]
    matches: tuple[Match, ...]
    address: AddressVerdict
    extracts: Extracts = field(default_factory=Extracts)
    inner: str = ""
    code: int | None = None
    enhanced: EnhancedStatus | None = None
    stage: Stage | None = None
    provider: str = ""
    remote_host: str = ""
    remote_ip: str = ""

    @property
    def cause(self) -> Cause:
        """The text's best guess."""
        return self.hypotheses[0].cause
