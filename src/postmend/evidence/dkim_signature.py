"""The DKIM-Signature field (RFC 6376 section 3.5, RFC 8301, RFC 8463), read strictly, with what is wrong."""

import base64
import binascii
from dataclasses import dataclass

from postmend.evidence.canonical import Field
from postmend.evidence.tags import parse_tags, squeezed
from postmend.model import ParseError

ALGORITHMS = {"rsa-sha256": ("rsa", "sha256"), "ed25519-sha256": ("ed25519", "sha256"), "rsa-sha1": ("rsa", "sha1")}
_REQUIRED = ("a", "b", "bh", "d", "h", "s")


@dataclass(frozen=True, slots=True)
class DkimSignature:
    """One signature. `key_type` and `hash` are what `a=` stands for; `length` is `l=`; times in seconds since 1970.

    ARC's message signatures (RFC 8617 section 4.1.2) have the same form but `instance` for the version.
    """

    field: Field
    domain: str
    selector: str
    algorithm: str
    headers: tuple[str, ...]
    value: bytes
    body_hash: bytes
    identity: str = ""
    relaxed_header: bool = False
    relaxed_body: bool = False
    length: int | None = None
    signed_at_s: int | None = None
    expires_at_s: int | None = None

    @property
    def key_type(self) -> str:
        """`rsa` or `ed25519`."""
        return ALGORITHMS[self.algorithm][0]

    @property
    def hash(self) -> str:
        """`sha256` or `sha1`."""
        return ALGORITHMS[self.algorithm][1]


def field_tags(field: Field) -> dict[str, str]:
    """The tags of a signature field; raise ParseError where they are none."""
    return parse_tags(field.value.decode("utf-8", "replace"))


def base64_tag(tags: dict[str, str], name: str) -> bytes:
    """The octets of a tag in base64; raise ParseError where it is none."""
    try:
        return base64.b64decode(squeezed(tags[name]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError(f"{name}= is no base64") from error


def _number(tags: dict[str, str], name: str) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 76:
        raise ParseError(f"{name}={value[:20]} is no number")
    return int(value)


def _canonical(tags: dict[str, str]) -> tuple[bool, bool]:
    header, _, body = squeezed(tags.get("c", "simple/simple")).lower().partition("/")
    for name in (header, body or "simple"):
        if name not in {"simple", "relaxed"}:
            raise ParseError(f"c={name[:20]} is no canonicalisation that is known")
    return header == "relaxed", body == "relaxed"


def signature_of(field: Field, tags: dict[str, str]) -> DkimSignature:
    """Read what DKIM's and ARC's signatures have in common; raise ParseError saying what is missing or wrong."""
    missing = [name for name in _REQUIRED if not tags.get(name)]
    if missing:
        raise ParseError(f"tag {missing[0]}= is missing or empty")
    algorithm = squeezed(tags["a"]).lower()
    if algorithm not in ALGORITHMS:
        raise ParseError(f"a={algorithm[:30]} is no algorithm that is known")
    relaxed_header, relaxed_body = _canonical(tags)
    return DkimSignature(
        field=field,
        domain=tags["d"].lower().rstrip("."),
        selector=tags["s"].rstrip("."),
        algorithm=algorithm,
        headers=tuple(name.strip().lower() for name in tags["h"].split(":") if name.strip()),
        value=base64_tag(tags, "b"),
        body_hash=base64_tag(tags, "bh"),
        identity=tags.get("i", ""),
        relaxed_header=relaxed_header,
        relaxed_body=relaxed_body,
        length=_number(tags, "l"),
        signed_at_s=_number(tags, "t"),
        expires_at_s=_number(tags, "x"),
    )


def parse_signature(field: Field) -> DkimSignature:
    """Read a DKIM-Signature field; raise ParseError saying what is wrong with it (section 6.1.1)."""
    tags = field_tags(field)
    if tags.get("v") != "1":
        raise ParseError(f"v={tags['v'][:10]} is no version that is known" if "v" in tags else "tag v= is missing")
    made = signature_of(field, tags)
    below = made.identity.rpartition("@")[2].lower().rstrip(".") if made.identity else made.domain
    if below != made.domain and not below.endswith("." + made.domain):
        raise ParseError(f"i={made.identity[:60]} lies outside d={made.domain[:60]}")
    if "q" in tags and "dns/txt" not in squeezed(tags["q"]).lower().split(":"):
        raise ParseError(f"q={tags['q'][:20]} is no way to fetch the key")
    if made.expires_at_s is not None and made.signed_at_s is not None and made.expires_at_s < made.signed_at_s:
        raise ParseError("it expires (x=) before it was made (t=)")
    return made
