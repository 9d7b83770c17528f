"""Causes of a log's replies: each template is read once, from its first text, through the same book as `explain`.

88,000 replies of a busy server are some 200 templates once addresses, IPs and ids are masked. Masking may never
change a cause: what is masked is what `words.fold` masks for every rule, and long ids, which no rule holds; and a
template is read anew at every power of two of its hits: where the causes differ it is never trusted again.
"""

import re
from dataclasses import dataclass

from postmend.knowledge.address import DEAD
from postmend.knowledge.causes import cause_info
from postmend.knowledge.read import read_reply
from postmend.model import AddressVerdict, Cause, Side

LISTED = frozenset({Cause.BLOCKLISTED_IP, Cause.BLOCKLISTED_DOMAIN_OR_URL, Cause.SENDER_REPUTATION})
AUTHENTICATION = frozenset(
    {
        Cause.SPF_FAIL, Cause.DKIM_FAIL, Cause.DMARC_FAIL, Cause.UNAUTHENTICATED_SENDER, Cause.RDNS_MISSING,
        Cause.HELO_INVALID,
    }
)  # fmt: skip
_MOST = 20_000
_LONGEST = 2000
_DIGIT = re.compile(rb"\d")
_MASK = re.compile(
    rb"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]{0,30}"  # addresses
    rb"|(?<![\w(.-])(?:(?=[\w-]{0,60}\d)[\w-]{9,80}|(?!rfc)(?=(?:[A-Za-z]*\d){3})\w{7,8}(?!\w)|\d{5,8}(?!\w))"  # ids
)
_BLOCKED = frozenset(
    {
        Cause.BLOCKLISTED_IP, Cause.BLOCKLISTED_DOMAIN_OR_URL, Cause.SENDER_REPUTATION, Cause.SENDER_ACCOUNT_BLOCKED,
        Cause.CONTENT_SPAM, Cause.VIRUS, Cause.RATE_LIMITED, Cause.DAILY_LIMIT_EXCEEDED,
    }
)  # fmt: skip
_ADDRESS = frozenset({Cause.GREYLISTED, Cause.MAILBOX_FULL, Cause.RECIPIENT_FILTER, Cause.SENDER_NOT_ALLOWED}) | DEAD


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply was read as. `side` is recipients', sender's or the network's, for the two bounce rates."""

    cause: Cause
    side: str
    verdict: AddressVerdict
    provider: str
    lists: tuple[str, ...]
    dead: bool
    blocked: bool
    template: int


@dataclass(slots=True)
class _Known:
    """A template: what it says, how often it came, and whether its texts differ in cause."""

    said: Said
    hits: int = 1
    unsafe: bool = False


def side_of(cause: Cause) -> str:
    """Whose trouble a cause is: `recipient` (the address, the mailbox, its owner), `sender`, or `network`."""
    if cause in _ADDRESS:
        return "recipient"
    who = cause_info(cause).who
    if who in {Side.RECIPIENT, Side.RECIPIENT_ADMIN}:
        return "recipient"
    return "network" if who is Side.NETWORK else "sender"


def to_str(raw: bytes) -> str:
    """Bytes of a log as text; never fails."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def template_of(text: bytes) -> bytes:
    """The reply with what changes from mail to mail taken out: mailboxes, addresses, ids, the host that is quoted.

    Word by word, for most words have no digit and no @: that is five times as fast as one pattern over the whole.
    """
    made, before = [], b""
    for word in text.split():
        if word.isalpha():
            made.append(word)
        elif b"@" in word:
            made.append(b"@")
        elif before == b"host" and b"[" in word:
            made.append(b"[]")  # its provider is in the key
        else:
            made.append(_MASK.sub(b"#", word) if _DIGIT.search(word) else word)
        before = word
    return b" ".join(made)


class ReplyReader:
    """Reads replies, remembering templates; at most _MOST of them, the oldest go first."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes, bytes], _Known] = {}
        self._alike: dict[bytes, bytes] = {}  # templates of texts without recipient and host
        self.templates = 0
        self.read = 0

    def __call__(self, text: bytes, host: str, provider: str, status: bytes, recipient: bytes = b"") -> Said:
        """Read a reply of `host` (`provider` by its name) about `recipient` with enhanced status `status`."""
        text = text[:_LONGEST]
        key = (provider, status, self._template(text, recipient))
        found = self._known.get(key)
        if found is None:
            self.templates += 1
            said = self._read(text, host, provider, self.templates)
            if len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = _Known(said)
            return said
        found.hits += 1
        if found.unsafe or found.hits & (found.hits - 1) == 0:
            fresh = self._read(text, host, provider, found.said.template)
            found.unsafe = found.unsafe or fresh.cause is not found.said.cause
            return fresh
        return found.said

    def _template(self, text: bytes, recipient: bytes) -> bytes:
        """`template_of`, remembered: many replies differ only in the recipient and the host, which it masks anyway."""
        if text.startswith(b"host "):
            name, _, rest = text[5:].partition(b" ")
            if b"[" in name and b"@" not in name:
                text = b"host [] " + rest
        if b"@" in recipient and recipient.split() == [recipient]:
            text = text.replace(recipient, b"@")
        found = self._alike.get(text)
        if found is None:
            if len(self._alike) >= _MOST:
                self._alike.clear()
            found = self._alike[text] = template_of(text)
        return found

    def _read(self, text: bytes, host: str, provider: str, template: int) -> Said:
        self.read += 1
        reading = read_reply(to_str(text), provider=provider, remote_host=host)
        cause = reading.cause
        return Said(
            cause, side_of(cause), reading.address, reading.provider or provider, reading.extracts.lists,
            cause in DEAD, cause in _BLOCKED, template,
        )  # fmt: skip
