"""URLs as a reader's program would follow them: host, scheme, and what is odd about the host. Nothing is fetched."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_IN_TEXT = re.compile(r"(?:https?://|www\.)[^\s<>\"'\u3000-\u303f\uff08\uff09]{1,2048}", re.IGNORECASE)
_SHOWN = re.compile(r"(?:https?://)?([\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
# What looks like a host name in a link's text and is a file name or a program.
_NOT_A_HOST = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|png|jpe?g|gif|html?|txt|csv|ics|js|py|md|exe|net|asp|php)$")


@dataclass(frozen=True, slots=True)
class Url:
    """A web address. `host` is in ASCII and lower case; `unicode_host` as people see it."""

    text: str
    scheme: str
    host: str
    unicode_host: str
    path: str
    query: str
    user: str
    port: int | None

    @property
    def is_ip(self) -> bool:
        """Whether the host is a number, in any of the ways that browsers read one."""
        return _as_ip(self.host) is not None

    @property
    def ip(self) -> str:
        """The IP address that the host is, or an empty string."""
        return _as_ip(self.host) or ""


@lru_cache(4096)
def _as_ip(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    if not re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}", host):
        return None
    try:
        numbers = [int(p, 16) if p.startswith("0x") else int(p, 8) if len(p) > 1 and p[0] == "0" else int(p)
                   for p in host.split(".")]  # fmt: skip
        *front, last = numbers
        value = sum(n << (24 - 8 * i) for i, n in enumerate(front)) + last
        return str(ipaddress.IPv4Address(value))
    except (ValueError, OverflowError):
        return None


@lru_cache(4096)
def parse_url(text: str) -> Url | None:
    """Read a web address (http, https, ftp, or `//host`); None for anything else, however broken."""
    plain = re.sub(r"[\t\r\n]", "", text.strip())[:4096]
    if plain.startswith("//"):
        plain = "https:" + plain
    elif plain[:4].lower() == "www.":
        plain = "https://" + plain  # written without a scheme it claims none
    try:
        found = urlsplit(plain.replace("\\", "/"))
        host, port = unquote(found.hostname or "").rstrip("."), found.port
    except ValueError:
        return None
    if found.scheme.lower() not in {"http", "https", "ftp"} or not host:
        return None
    ascii_host, shown = _both(host)
    return Url(plain, found.scheme.lower(), ascii_host, shown, found.path, found.query, found.username or "", port)


def _both(host: str) -> tuple[str, str]:
    try:
        ascii_host = host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_host = host.lower()
    if "xn--" not in ascii_host:
        return ascii_host, host.lower()
    labels = []
    for label in ascii_host.split("."):
        try:
            labels.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return ascii_host, ".".join(labels)


def urls_in_text(text: str) -> list[str]:
    """Web addresses in plain text, without the punctuation that follows them."""
    return [found.rstrip(".,;:!?)]}>*_~，。") for found in _IN_TEXT.findall(text[:500_000])]


def host_shown(text: str) -> str:
    """The host that a link's text claims to lead to; empty where the text is no address of a page."""
    plain = "".join(c for c in text[:300].strip() if unicodedata.category(c) != "Cf").strip("<>()[] ").rstrip(".,;:!")
    if plain.lower().startswith(("http://", "https://")):
        url = parse_url(plain.split()[0])
        return url.unicode_host if url else ""
    found = _SHOWN.fullmatch(plain)
    if (
        found is None
        or "@" in plain
        or not found[1].rpartition(".")[2].isalpha()
        or (_NOT_A_HOST.search(found[1].lower()) and "/" not in plain)
    ):
        return ""
    return found[1].lower()


_SECOND = {"co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go", "gob", "nom", "ltd", "plc"}


@lru_cache(4096)
def site_of(host: str) -> str:
    """The part of a host name that is registered, as near as it can be told without the whole list of suffixes."""
    labels = host.lower().removeprefix("www.").split(".")
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


_SCRIPTS = {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


def looks_like(shown: str) -> str:
    """The ASCII name that a host pretends to be with letters of other scripts; empty where it does not.

    One script throughout a label is somebody's language; a mixture, or a label all of whose letters have a Latin
    twin under a Latin top-level domain, is a disguise (UTS 39 section 5).
    """
    if shown.isascii():
        return ""
    labels, hidden = [], False
    for label in shown.split("."):
        twin = "".join(_TWINS.get(c, c) for c in unicodedata.normalize("NFKC", label))
        plain = "".join(c for c in unicodedata.normalize("NFD", twin) if not unicodedata.combining(c))
        letters = [c for c in label if c.isalpha()]
        scripts = {unicodedata.name(c, "?").split()[0] for c in letters}
        mixed = "LATIN" in scripts and bool(scripts & _SCRIPTS)
        whole = scripts <= _SCRIPTS and bool(letters) and all(c in _SAME for c in letters)
        hidden = hidden or mixed or whole
        labels.append(plain)
    return ".".join(labels) if hidden else ""


_SAME = frozenset("аеорсухіјѕһԁԛԝьӏбοροναιυ")  # not to be told apart in small letters
_TWINS = dict(
    zip(
        "аеорсухіјѕһԁԛԝьвмнткгпδορνυιαεκτχʟɡıоґӏАВЕКМНОРСТУХ",
        "aeopcyxijshdqwbbmhtkrndopvuiaektxlgiorlabekmhopctyx",
        strict=True,
    )
)
