"""DNS questions and answers as values: NXDOMAIN, SERVFAIL and a timeout are answers, never exceptions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Rcode(StrEnum):
    """What came back (RFC 1035 section 4.1.1), or did not.

    `timeout` covers every way of getting no answer, `truncated` an answer that was cut and could not be had by TCP.
    """

    NOERROR = "noerror"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    FORMERR = "formerr"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    NOT_A_NAME = "not_a_name"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    `records` holds the rdata of the asked type in a plain form, CNAMEs already followed: A/AAAA the address;
    PTR/NS/CNAME the host name without the final dot; MX `preference host` (`0 .` is the null MX); TXT the
    character-strings of one record joined (latin-1, so that every byte survives); anything else in zone-file form
    or hexadecimal. `cname` is the chain followed, the last being the owner of the records. `server` is who
    answered, `asked_at` RFC 3339 in UTC, `elapsed_s` in seconds, `ttl_s` the smallest TTL (of an absence: how long
    it may be remembered, RFC 2308). `authoritative` says that the zone's own server speaks.
    """

    name: str
    type: str
    rcode: Rcode
    records: tuple[str, ...] = ()
    cname: tuple[str, ...] = ()
    ttl_s: int = 0
    authenticated: bool = False
    server: str = ""
    asked_at: str = ""
    elapsed_s: float = 0.0
    authoritative: bool = False

    @property
    def void(self) -> bool:
        """A void lookup: the name does not exist or has no record of the type (RFC 7208 section 4.6.4)."""
        return self.rcode is Rcode.NXDOMAIN or (self.rcode is Rcode.NOERROR and not self.records)

    @property
    def failed(self) -> bool:
        """No answer that means anything: a timeout, SERVFAIL, REFUSED. Not known is never bad."""
        return self.rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}


class Resolver(Protocol):
    """Whoever answers DNS questions: the network in `net`, a zone file in a test, a recording."""

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask for `rdtype` records of `name` (with or without final dot). Never raises for what the network does."""
        ...


class Asker(Resolver, Protocol):
    """A Resolver that can also ask a zone's own name servers, and is closed at the end."""

    async def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """One answer of each of the zone's own servers; empty where none is known. Never raises for the network."""
        ...

    async def close(self) -> None:
        """Let go of sockets."""
        ...
