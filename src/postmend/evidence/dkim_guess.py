"""What seems to have changed a signed message: tried by undoing what gateways and lists usually do. Pure."""

import hashlib
import quopri
import re
from collections.abc import Iterator

from postmend.evidence.canonical import Field, body_hash, canonical_body
from postmend.evidence.dkim_hashes import SignedMessage
from postmend.evidence.dkim_key import DkimKey
from postmend.evidence.dkim_signature import DkimSignature
from postmend.evidence.public_key import signed_digest

_MOST_OCTETS = 4 << 20  # of a body that is tried in many ways
_MOST_LINES = 100_000
_MOST_FIELDS = 200
# What lists and gateways put before a subject.
_PREFIX = re.compile(
    rb"(subject[ \t]*:[ \t]*)"
    rb"(?:\[[^\]\r\n]{1,60}\]|\*{2,}[^*\r\n]{1,40}\*{2,}|\(?(?:EXTERNAL|EXT|SPAM)\)?:?)[ \t]*",
    re.IGNORECASE,
)


def body_change(check: SignedMessage, signature: DkimSignature) -> str:
    """A clause on what seems to have changed the body; empty where nothing that was tried fits."""
    plain = check.message.body
    if not plain.strip():
        return "the body is empty: only the header came back"
    if len(plain) > _MOST_OCTETS:
        return ""
    added = _lines_added(canonical_body(plain, relaxed=signature.relaxed_body), signature)
    if added:
        return f"{added} line{'s were' if added > 1 else ' was'} added at its end, as mailing lists and disclaimers do"
    decoded = quopri.decodestring(plain).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for told, tried in (
        ("it was recoded to quoted-printable on the way: send 7-bit text, or sign after the last conversion", decoded),
        ("a > was put before lines that begin with From", plain.replace(b"\r\n>From ", b"\r\nFrom ")),
    ):
        made = body_hash(tried, relaxed=signature.relaxed_body, algorithm=signature.hash, length=signature.length)
        if tried != plain and made == signature.body_hash:
            return told
    return ""


def header_change(check: SignedMessage, signature: DkimSignature, key: DkimKey) -> str:
    """A clause on which field seems to have been changed; only an RSA signature tells, as it holds the digest."""
    wanted = signed_digest(key.rsa, signature.value, signature.hash) if key.rsa else None
    tried = _headers(check.message.fields[:_MOST_FIELDS], signature) if wanted else iter(())
    return next((told for told, fields in tried if check.header_digest(signature, fields) == wanted), "")


def _lines_added(body: bytes, signature: DkimSignature) -> int:
    """How many lines must be taken off the end for the body hash to fit; 0 where no number does."""
    if signature.length is not None:
        return 0
    lines = body.split(b"\r\n")[:-1]
    made = hashlib.new(signature.hash)
    gap = 0  # empty lines count only once another line follows
    for number, line in enumerate(lines[:_MOST_LINES], 1):
        if not line:
            gap += 1
            continue
        made.update(b"\r\n" * gap + line + b"\r\n")
        gap = 0
        if made.copy().digest() == signature.body_hash:
            return len(lines) - number
    return 0


def _headers(fields: tuple[Field, ...], signature: DkimSignature) -> Iterator[tuple[str, tuple[Field, ...]]]:
    """Headers as they may have been, and what was done to them."""
    for i, field in enumerate(fields):
        if field.name not in signature.headers:
            continue
        before, after = fields[:i], fields[i + 1 :]
        shorter = _PREFIX.sub(rb"\1", field.raw, count=1) if field.name == "subject" else field.raw
        if shorter != field.raw:
            prefix = field.value.decode("utf-8", "replace").split()[0][:40]
            yield f"{prefix} was put before the Subject", (*before, Field(field.name, shorter), *after)
        yield f"the field {field.name.title()} was added", (*before, *after)
