"""The use case behind `postmend dkim make`: a new key in a file that nobody else can read, and what goes with it.

Nothing is ever overwritten. Needs the extra `crypto`.
"""

import asyncio
import base64
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from postmend.app.output import Record
from postmend.app.settings import Settings
from postmend.app.targets import read_target
from postmend.model import ParseError
from postmend.model.errors import unwritable
from postmend.remedy.dkim_setup import DkimSetup, dkim_setup

_SELECTOR = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
_THERE = "is there already, and a key is never overwritten; choose another selector"
SIZES = (2048, 3072, 4096)


class MadeKey(msgspec.Struct):
    """A key that was made: where its private half lies, its record, and the lines for signers."""

    version: int
    domain: str
    selector: str
    path: str
    record: Record
    zone_file: str
    opendkim: tuple[str, ...]
    rspamd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    private: bytes
    public: str


def _pair(key_type: str, bits: int) -> _Pair:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    except ImportError as error:
        raise ParseError("making keys needs an extra: pip install 'postmend[crypto]'") from error
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    if key_type == "ed25519":
        small = ed25519.Ed25519PrivateKey.generate()
        raw = small.public_key().public_bytes_raw()
        return _Pair(small.private_bytes(pem, pkcs8, serialization.NoEncryption()), base64.b64encode(raw).decode())
    large = rsa.generate_private_key(65537, bits)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = large.public_key().public_bytes(serialization.Encoding.DER, form)
    return _Pair(large.private_bytes(pem, pkcs8, serialization.NoEncryption()), base64.b64encode(der).decode())


def _write(path: Path, private: bytes) -> None:
    """Write the private key for its owner alone; raises ParseError where the file is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ParseError(f"{path}: {_THERE}") from error
    except OSError as error:
        raise unwritable(path, error) from error
    with os.fdopen(handle, "wb") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())


async def _taken(settings: Settings, domain: str, selector: str) -> bool:
    """Whether DNS has a key of that selector already; a question that fails is no answer."""
    from postmend.app.asker import asker_of
    from postmend.evidence.dkim_key import KeyState, find_key

    asker = asker_of(settings)
    try:
        found = await find_key(asker, domain, selector)
    finally:
        await asker.close()
    return found.state not in {KeyState.MISSING, KeyState.TEMPERROR}


def make_key(domain: str, selector: str, key_type: str, bits: int, folder: str, settings: Settings) -> MadeKey:
    """Make a key of `key_type` (rsa, ed25519) for `selector`, by default the month; raises ParseError if it cannot."""
    target = read_target(domain)
    if target.kind != "domain":
        raise ParseError(f"{domain[:80]!r}: a domain is expected")
    name = target.name
    chosen = selector or datetime.now(UTC).strftime("pm%Y%m") + ("e" if key_type == "ed25519" else "")
    if not _SELECTOR.fullmatch(chosen):
        raise ParseError(f"--selector {chosen[:60]!r}: letters, digits and hyphens, at most 63, dots between")
    path = (Path(folder) / f"{chosen}.{name}.pem").absolute()
    if path.exists():
        raise ParseError(f"{path}: {_THERE}")
    if not settings.offline and asyncio.run(_taken(settings, name, chosen)):
        raise ParseError(f"{chosen}._domainkey.{name} is in use already: choose another selector (--selector)")
    pair = _pair(key_type, bits)
    setup = dkim_setup(name, chosen, key_type, pair.public, str(path))
    _write(path, pair.private)
    return _made(name, chosen, path, setup)


def _made(domain: str, selector: str, path: Path, setup: DkimSetup) -> MadeKey:
    change = setup.record
    record = Record(change.name, change.type, change.before, change.after, change.proof)
    return MadeKey(1, domain, selector, str(path), record, setup.zone_file, setup.opendkim, setup.rspamd)
