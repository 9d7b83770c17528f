"""DKIM keys, and signing and verifying with real OpenDKIM (Debian's package), and with dkimpy where OpenDKIM cannot."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

if TYPE_CHECKING:
    from pathlib import Path

OPENDKIM = shutil.which("opendkim") or shutil.which("/usr/sbin/opendkim")


def need_opendkim() -> None:
    """Skip without OpenDKIM, or fail where servers are required."""
    if OPENDKIM is None:
        if os.environ.get("POSTMEND_REQUIRE_SERVERS") == "1":
            pytest.fail("no opendkim: apt-get install opendkim")
        pytest.skip("no opendkim")


@dataclass(frozen=True)
class Key:
    """A key pair: `pem` the private one, `record` what DNS holds, `packed` the public one in base64."""

    pem: bytes
    packed: str
    record: str


def make_key(bits: int = 2048) -> Key:
    """An RSA key, or an Ed25519 one for 0 bits (its `pem` then is the bare seed in base64, as dkimpy wants it)."""
    if bits:
        private = rsa.generate_private_key(65537, bits)
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        packed = base64.b64encode(der).decode()
        return Key(pem, packed, f"v=DKIM1; k=rsa; p={packed}")
    small = ed25519.Ed25519PrivateKey.generate()
    packed = base64.b64encode(small.public_key().public_bytes_raw()).decode()
    return Key(base64.b64encode(small.private_bytes_raw()), packed, f"v=DKIM1; k=ed25519; p={packed}")


def sign(
    folder: Path,
    message: bytes,
    key: Key,
    canonical: str = "relaxed/simple",
    domain: str = "example.com",
    headers: str = "",
) -> bytes:
    """Sign with OpenDKIM, selector `sel`, its own choice of headers or these; DKIM-Signature goes on top."""
    need_opendkim()
    paths = {name: folder / name for name in ("sign.conf", "sign.pem", "sign.eml")}
    paths["sign.pem"].write_bytes(key.pem)
    paths["sign.eml"].write_bytes(message)
    paths["sign.conf"].write_text(
        f"Mode s\nDomain {domain}\nSelector sel\nKeyFile {paths['sign.pem']}\nRequireSafeKeys no\n"
        f"Canonicalization {canonical}\nSignatureAlgorithm rsa-sha256\n"
        + (f"SignHeaders {headers}\n" if headers else "")
    )
    done = subprocess.run(
        [OPENDKIM, "-x", paths["sign.conf"], "-t", paths["sign.eml"], "-vv"],
        capture_output=True,
        check=True,
        timeout=20,
    )
    found = re.search(rb"hname='DKIM-Signature' hvalue='(.*?)'\n", done.stdout, re.DOTALL)
    assert found is not None, done
    end = b"\r\n" if b"\r\n" in message else b"\n"
    return b"DKIM-Signature: " + found[1].replace(b"\n", end) + end + message


def verified_by_opendkim(folder: Path, message: bytes, name: str, record: str) -> str:
    """What OpenDKIM says of a signed message, with `record` as the key `name`: pass, fail, ..."""
    need_opendkim()
    paths = {each: folder / each for each in ("verify.conf", "verify.keys", "verify.eml")}
    paths["verify.keys"].write_text(f"{name} {record}\n")
    paths["verify.eml"].write_bytes(message)
    paths["verify.conf"].write_text(f"Mode v\nTestPublicKeys {paths['verify.keys']}\n")
    done = subprocess.run(
        [OPENDKIM, "-x", paths["verify.conf"], "-t", paths["verify.eml"], "-vv"],
        capture_output=True,
        timeout=20,
        check=False,
    )
    found = re.search(rb"\bdkim=(\w+)", done.stdout)
    return found[1].decode() if found else "none"
