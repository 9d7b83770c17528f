"""SMTP replies (RFC 5321 section 4.2) and enhanced status codes (RFC 3463)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from postmend.model.errors import ParseError

# RFC 3463 section 2: class 2, 4 or 5; subject and detail of one to three digits.
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")


class Stage(StrEnum):
    """The command that was refused; `connect` is the greeting, `data` the message after its dot."""

    CONNECT = "connect"
    HELO = "helo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    QUIT = "quit"


@dataclass(frozen=True, slots=True, order=True)
class EnhancedStatus:
    """An enhanced status code such as 5.7.1 (RFC 3463 section 2)."""

    klass: int
    subject: int
    detail: int

    @classmethod
    def parse(cls, text: str) -> "EnhancedStatus":
        """Read `5.7.1`; raise ParseError on anything else (RFC 3463 section 2)."""
        found = _ENHANCED.fullmatch(text.strip())
        if found is None:
            raise ParseError(f"not an enhanced status code: {text[:40]!r}")
        return cls(int(found[1]), int(found[2]), int(found[3]))

    def __str__(self) -> str:
        return f"{self.klass}.{self.subject}.{self.detail}"


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply as the mail gives it: code, enhanced status and the whole text, unfolded.

    `text` begins with the codes if the mail's text does. Both codes are None where the mail states none:
    what is inferred from other fields never lands here.
    """

    code: int | None = None
    enhanced: EnhancedStatus | None = None
    text: str = ""
