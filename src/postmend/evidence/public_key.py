"""Public keys and what they say of a signature: RSA with nothing but Python, Ed25519 through `cryptography`.

Undoing an RSA signature with a public key is one `pow`: no secret is touched. It also gives the digest that was
signed, which tells a changed message (another digest) from a changed key (no digest at all).
"""

from dataclasses import dataclass

from postmend.evidence.der import BIT_STRING, INTEGER, OID, SEQUENCE, element
from postmend.model import ParseError

# DigestInfo before the digest (RFC 8017 section 9.2, note 1).
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
}
_RSA_OID = bytes.fromhex("2a864886f70d010101")
_MOST_BITS = 16_384  # above this, verifying is work for an attacker


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA public key."""

    modulus: int
    exponent: int

    @property
    def bits(self) -> int:
        """The length of the modulus."""
        return self.modulus.bit_length()


def read_rsa(der: bytes) -> RsaKey:
    """Read a SubjectPublicKeyInfo or a bare RSAPublicKey (RFC 6376 section 3.6.1); raise ParseError saying why not."""
    inner, _ = element(der, SEQUENCE)
    if inner[:1] == b"\x30":
        algorithm, rest = element(inner, SEQUENCE)
        oid, _ = element(algorithm, OID)
        if oid != _RSA_OID:
            raise ParseError("the key is no RSA key")
        packed, _ = element(rest, BIT_STRING)
        inner, _ = element(packed[1:], SEQUENCE)
    modulus, rest = element(inner, INTEGER)
    exponent, _ = element(rest, INTEGER)
    key = RsaKey(int.from_bytes(modulus), int.from_bytes(exponent))
    if key.bits > _MOST_BITS:
        raise ParseError(f"the key has {key.bits} bits; nobody verifies that")
    if key.modulus < 3 or key.exponent < 3 or key.exponent.bit_length() > 64:
        raise ParseError("the key's numbers are no RSA key")
    return key


def signed_digest(key: RsaKey, signature: bytes, algorithm: str) -> bytes | None:
    """The digest that an RSASSA-PKCS1-v1_5 signature holds (RFC 8017 section 8.2.2); None: another key made it."""
    octets = (key.bits + 7) // 8
    number = int.from_bytes(signature)
    if len(signature) != octets or number >= key.modulus:
        return None
    block = pow(number, key.exponent, key.modulus).to_bytes(octets)
    info = _DIGEST_INFO[algorithm]
    size = {"sha256": 32, "sha1": 20}[algorithm]
    padding = b"\x00\x01" + b"\xff" * (octets - 3 - len(info) - size) + b"\x00"
    return block[-size:] if block[:-size] == padding + info else None


def ed25519_holds(public: bytes, signature: bytes, digest: bytes) -> bool | None:
    """Whether an Ed25519 signature over a digest holds (RFC 8463 section 3); None without the extra `crypto`."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True
