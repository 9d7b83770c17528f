"""Which questions can still change the verdict, and about whom: the sending IP, names and domains of a refusal."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from postmend.knowledge.causes import cause_info
from postmend.model import Failure, Original, Reading
from postmend.model.inside import is_inside
from postmend.model.local import LocalServer

# Servers that sign a message when they take it (through a milter): what comes back has the signature. Others, such as
# Exim, sign while they send, and their bounces show a message that looks unsigned and was not.
_SIGNS_EARLY = re.compile(r"\(Postfix\b|\(8\.\d+\.\d+/")


_RECEIVED = "the Received lines of the message that came back"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked about; empty where nothing names it.

    `ip_from` says where the sending IP was read. `host` is the name of the server that was refused: where no IP is
    known, that of its name is taken (`with_address`). `came_back`: the header of the refused message did;
    `unsigned`: it shows no signature, and none was added after that. `came_from` is the server that handed it the
    message, `remote_host` and `remote_ip` the one that refused, or was not reached; `answered`: it spoke the reply.
    """

    ip: str = ""
    ip_from: str = ""
    helo: str = ""
    mail_from: str = ""
    recipient: str = ""
    host: str = ""
    remote_host: str = ""
    remote_ip: str = ""
    answered: bool = False
    stage: str = ""
    from_domain: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    lists: tuple[str, ...] = ()
    provider: str = ""
    came_back: bool = False
    unsigned: bool = False
    message: bytes = b""
    came_from: str = ""
    local: LocalServer | None = None

    @property
    def name(self) -> str:
        """The HELO name; where nobody saw it, what the server calls itself: the same, unless told otherwise."""
        return self.helo or self.host

    @property
    def settled(self) -> bool:
        """Whether the sending address is known for certain: told by the options, or by who refused it."""
        return bool(self.ip) and self.ip_from != _RECEIVED

    @property
    def inside(self) -> bool:
        """Whether the server that refused spoke from a private address: both sides are in one network."""
        return self.answered and bool(self.remote_ip) and not _outside(self.remote_ip)

    @property
    def signed_message(self) -> bool:
        """Whether the whole message came back, with a signature in it."""
        return bool(self.message and self.dkim_domain)

    @property
    def recipient_domain(self) -> str:
        """The domain of the recipient."""
        return self.recipient.rpartition("@")[2].lower()

    @property
    def mail_from_domain(self) -> str:
        """The domain of the MAIL FROM."""
        return self.mail_from.rpartition("@")[2].lower()


@lru_cache(256)
def _outside(text: str) -> bool:
    """Whether it is an address that others can see; remembered while one refusal is looked at from all sides."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not is_inside(ip)


def sending_ip(failure: Failure, reading: Reading) -> tuple[str, str]:
    """The address that was refused, and where that is known from; both empty where nothing tells."""
    remote = {failure.remote.ip, reading.remote_ip} - {""}
    # Inside one network (or a laboratory) servers see each other's private addresses.
    inside = not any(_outside(ip) for ip in remote)
    # The reply itself speaks of its client; what stands around it may name anybody.
    said = [ip for ip in reading.extracts.ips if ip not in remote]
    for ip in sorted(said, key=lambda each: each not in reading.inner):
        if _outside(ip) or (inside and ip in reading.inner):
            return ip, "the reply"
    if _outside(failure.local.ip):
        return failure.local.ip, _RECEIVED
    return "", ""


def subject_of(failure: Failure, reading: Reading, original: Original, given: Mapping[str, str]) -> Subject:
    """Gather who is to be asked about; `given` (`ip`, `helo`, `mail_from`) overrules what the input says."""
    ip, ip_from = (given["ip"], "the options") if given.get("ip") else sending_ip(failure, reading)
    mail_from = given.get("mail_from") or failure.mail_from
    return Subject(
        ip=ip,
        ip_from=ip_from,
        helo=given.get("helo") or failure.local.helo,
        mail_from=mail_from,
        recipient=failure.recipient,
        host=_refused_host(failure, ip_from),
        remote_host=failure.remote.host or reading.remote_host,
        remote_ip=failure.remote.ip or reading.remote_ip,
        answered=(failure.reply.code or reading.code) is not None,
        stage=reading.stage or failure.stage or "",
        from_domain=original.from_domain or mail_from.rpartition("@")[2].lower(),
        dkim_domain=original.dkim_domain,
        dkim_selector=original.dkim_selector,
        lists=reading.extracts.lists,
        provider=reading.provider,
        came_back=bool(original.message_id),
        unsigned=bool(original.message_id) and not original.dkim_domain and _signs_early(original.received),
        message=original.message,
    )


def _signs_early(received: str) -> bool:
    return not received or _SIGNS_EARLY.search(received) is not None


def _refused_host(failure: Failure, ip_from: str) -> str:
    """The name of the server that was refused.

    Where the Received lines only tell who handed the message to the reporting host, and another's server refused it,
    it was the reporting host that was refused.
    """
    reporting = failure.reporting_mta.lower()
    theirs = {_organisation(failure.remote.host), _organisation(failure.recipient)}
    if ip_from == _RECEIVED and failure.remote.host and _organisation(reporting) not in theirs:
        return reporting
    return failure.local.host or failure.local.helo or reporting


def _organisation(name: str) -> str:
    return ".".join(name.lower().rpartition("@")[2].rstrip(".").split(".")[-2:])


def with_local(subject: Subject, server: LocalServer | None) -> Subject:
    """The subject with what its own server says, if that is the one that runs on this machine."""
    if server is None or server.host.lower() != subject.host.lower():
        return subject
    ip = subject.ip or server.bind_ip
    ip_from = subject.ip_from or (f"{server.program} on this machine" if server.bind_ip else "")
    return replace(subject, ip=ip, ip_from=ip_from, helo=subject.helo or server.helo, local=server)


def with_address(subject: Subject, addresses: Sequence[str]) -> Subject:
    """The subject with the address of its server's name, if that has a single one that others can see."""
    fit = [ip for ip in addresses if _outside(ip) or subject.inside]
    v4 = [ip for ip in fit if "." in ip]
    found = v4 if len(v4) == 1 else fit
    if len(found) != 1 or found[0] == subject.ip:
        return subject
    ip_from = f"the name of the server, {subject.host}"
    if subject.ip:  # it handed the message over, and its HELO was meant for that
        return replace(subject, ip=found[0], ip_from=ip_from, helo="", came_from=subject.ip)
    return replace(subject, ip=found[0], ip_from=ip_from)


def probes_for(reading: Reading, subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the families of checks to run, and why others cannot be (a line each)."""
    wanted: list[str] = []
    for hypothesis in reading.hypotheses:
        if hypothesis.weight >= 0.05:
            wanted += cause_info(hypothesis.cause).evidence
    needs = {
        "rdns": (subject.ip, "reverse DNS: the input does not name the sending IP address (--ip)"),
        "helo": (subject.name, "HELO: the input does not name it (--helo)"),
        "blocklist": (
            subject.ip or subject.mail_from_domain,
            "blocklists: the input names neither the sending IP address (--ip) nor a domain",
        ),
        "spf": (
            subject.ip and (subject.mail_from_domain or subject.name),
            "SPF: it needs the sending IP address (--ip) and the MAIL FROM (--mail-from)",
        ),
        "dmarc": (subject.from_domain, "DMARC: the input does not name the From domain"),
        "rcpt": (subject.recipient_domain, "RCPT TO: the input names no recipient"),
        "dkim": (
            subject.unsigned or subject.signed_message or (subject.dkim_domain and subject.dkim_selector),
            "DKIM: the message did not come back",
        ),
        "mx": (subject.recipient_domain, "MX: the input names no recipient"),
        "mail_from_mx": (subject.mail_from_domain, "the MAIL FROM's domain: the input does not name it (--mail-from)"),
    }
    run = [check for check in dict.fromkeys(wanted) if needs[check][0]]
    missing = [needs[check][1] for check in dict.fromkeys(wanted) if not needs[check][0]]
    return tuple(run), tuple(missing)
