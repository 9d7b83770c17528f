"""Who asks, and how much at most. Each limit stands with its reason."""

from dataclasses import dataclass, field

from postmend.model.dialogue import Timeouts


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: MAIL FROM (empty: the null reverse-path), HELO name, and the local address to ask from, if one is set.

    `absent` is the local part of the surely absent address: random, and the same for a whole run, as greylisting
    knows an address again only by all of its envelope.
    """

    mail_from: str
    helo: str
    absent: str
    source_ip: str = ""
    port: int = 25
    inside: bool = False  # MX that lead to private addresses are taken as they are: a laboratory, an intranet


@dataclass(frozen=True, slots=True)
class Limits:
    """How a host is treated. Times in seconds.

    `recipients`, `refusals`: of one session. A default Postfix delays every reply after 10 errors in a session and
    hangs up after 20 (smtpd_soft_error_limit, smtpd_hard_error_limit). A refusal that is still on its way counts.
    `ahead`: with more addresses than this waiting at one host, the next session is greeted while the last one is
    still asking; the questions themselves stay one session's at a time.
    `waits`: a question that was put off is asked again after these, or after what the reply says, within `patience_s`.
    """

    recipients: int = 16
    refusals: int = 8
    ahead: int = 64
    linger_s: float = 0.3
    waits: tuple[float, ...] = (10.0, 60.0, 240.0)
    patience_s: float = 330.0
    down_s: float = 60.0  # a host that did not answer is not tried again for so long
    timeouts: Timeouts = field(default_factory=Timeouts)
