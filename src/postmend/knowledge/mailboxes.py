"""What a mail address says by itself (`mailboxes.toml`): role, free or throw-away provider, typing errors; and where
the SMTP dialogue needs care."""  # noqa: D205, D209

from collections.abc import Collection
from functools import cache, lru_cache

import msgspec

from postmend.knowledge import compiled
from postmend.model import Address, ParseError
from postmend.model.address import ascii_domain
from postmend.model.verified import Reason, Traits


class Probing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table of `[[probing]]`; the file's head says what each field means."""

    why: str
    source: str
    provider: str = ""
    mx: tuple[str, ...] = ()
    offers: frozenset[str] = frozenset()
    accepts_all: bool = False
    punishes: bool = False
    transactions: int = 0
    window_s: int = 0


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    role: frozenset[str]
    free: frozenset[str]
    parked: tuple[str, ...]
    reserved: tuple[str, ...]
    tlds: dict[str, str]
    reason: dict[Reason, str]
    mend: dict[str, str]
    probing: tuple[Probing, ...]


def _read() -> _Table:
    made = compiled.read("mailboxes", _Table)
    missing = set(Reason) - made.reason.keys()
    if missing:
        raise ParseError(f"mailboxes.toml: nothing about {', '.join(sorted(missing))}")
    return made


@cache
def mailboxes() -> _Table:
    """The table."""
    return compiled.load("mailboxes", _Table, _read)


def _under(name: str, ends: tuple[str, ...]) -> bool:
    return any(name == end or name.endswith("." + end) for end in ends)


def is_reserved(domain: str) -> bool:
    """Whether a domain can have no mail in public."""
    return _under(domain, mailboxes().reserved)


def is_parked(mx: tuple[str, ...]) -> bool:
    """Whether every MX only stands before parked domains."""
    return bool(mx) and all(_under(host.lower().rstrip("."), mailboxes().parked) for host in mx)


def care_for(*, provider: str, mx: str) -> Probing | None:
    """What is known of asking a provider or an MX host, or None."""
    name = mx.lower().rstrip(".")
    for each in mailboxes().probing:
        if (each.provider and each.provider == provider) or (each.mx and _under(name, each.mx)):
            return each
    return None


def care_for_program(extensions: Collection[str]) -> Probing | None:
    """What is known of asking the program that offers these EHLO keywords, or None."""
    offered = frozenset(extensions)
    return next((each for each in mailboxes().probing if each.offers and each.offers <= offered), None)


def traits(address: Address) -> Traits:
    """What an address says by itself; asks nobody."""
    table = mailboxes()
    domain = ascii_domain(address)
    local = address.local.lower().partition("+")[0]
    return Traits(local in table.role, domain in table.free, _disposable(domain), suggest(address.local, domain))


@cache
def _throw_away() -> frozenset[str] | None:
    try:
        from disposable_email_domains import blocklist
    except ImportError:
        return None
    return frozenset(blocklist)


def _disposable(domain: str) -> bool | None:
    known = _throw_away()
    if known is None:
        return None
    labels = domain.split(".")
    return any(".".join(labels[i:]) in known for i in range(len(labels) - 1))


def suggest(local: str, domain: str) -> str:
    """The address that was probably meant, or an empty string where the domain looks as it should."""
    meant = _domain_meant(domain)
    return f"{local}@{meant}" if meant and meant != domain else ""


@lru_cache(maxsize=8192)
def _domain_meant(domain: str) -> str:
    table = mailboxes()
    if domain in table.free or domain.startswith("["):
        return ""
    head, _, tld = domain.rpartition(".")
    fixed = f"{head}.{table.tlds[tld]}" if head and tld in table.tlds else domain
    if fixed in table.free:
        return fixed
    near = [each for each in _POPULAR if _near(fixed, each)]
    if near:
        return near[0]
    if not head:  # gmail, gmailcom
        return next((each for each in _POPULAR if domain in {each.partition(".")[0], each.replace(".", "")}), "")
    return fixed if fixed != domain else ""


# The largest, by which most typing errors are made; the first that is near wins.
_POPULAR = (
    "gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "googlemail.com", "aol.com", "live.com",
    "protonmail.com", "comcast.net", "gmx.de", "gmx.net", "web.de", "t-online.de", "hotmail.co.uk", "yahoo.co.uk",
    "orange.fr", "wanadoo.fr", "libero.it",
)  # fmt: skip


def _near(found: str, meant: str) -> bool:
    """One slip of the finger: a letter too many, too few, another, or two swapped. Short names allow none."""
    if found == meant or len(meant) < 9 or abs(len(found) - len(meant)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(found, meant, strict=False)) if a != b), min(len(found), len(meant)))
    rest, want = found[at:], meant[at:]
    swapped = rest[:2] == want[1::-1] and rest[2:] == want[2:]
    return rest[1:] == want[1:] or rest[1:] == want or rest == want[1:] or swapped


def meant_by(text: str) -> str:
    """The address that was probably meant by what is none, or an empty string: common slips, mended and read again."""
    from postmend.model import parse_address
    from postmend.model.address import split_name

    tidy = split_name(text.strip().removeprefix("mailto:"))[1].strip("<>()[]\"'`,;: \t.")
    for one, other in ((" ", ""), (",", "."), (";", "."), ("@@", "@"), ("..", "."), ("(at)", "@"), ("[at]", "@")):
        tidy = tidy.replace(one, other)
    tidy = tidy.replace(".@", "@").replace("@.", "@")
    if "@" not in tidy:
        at = next((each for each in _POPULAR if tidy.endswith(each)), "")
        tidy = f"{tidy.removesuffix(at).rstrip('.')}@{at}" if at and tidy != at else tidy
    try:
        address = parse_address(tidy)
    except ParseError:
        return ""
    found = suggest(address.local, ascii_domain(address)) or str(address)
    return found if found != text else ""
