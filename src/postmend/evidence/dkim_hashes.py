"""What DKIM and ARC signatures are compared with: the hashes of a message's body and header (RFC 6376 section 3.7)."""

import hashlib
import hmac
from dataclasses import dataclass, field

from postmend.evidence.canonical import Field, RawMessage, body_hash, canonical_body, chosen, header_input
from postmend.evidence.dkim_signature import DkimSignature


@dataclass(slots=True)
class SignedMessage:
    """A message and what is hashed of it; hashes of its body are made once, however many signatures there are.

    `now_s` is the time in seconds since 1970 by which signatures expire; 0 where it is not judged.
    """

    message: RawMessage
    now_s: int = 0
    _hashes: dict[tuple[bool, str, int | None], bytes] = field(default_factory=dict)
    _lengths: dict[bool, int] = field(default_factory=dict)

    def body_length(self, *, relaxed: bool) -> int:
        """The octets of the canonical body."""
        if relaxed not in self._lengths:
            self._lengths[relaxed] = len(canonical_body(self.message.body, relaxed=relaxed))
        return self._lengths[relaxed]

    def body_fits(self, signature: DkimSignature) -> bool:
        """Whether the body has the hash that the signature states."""
        key = (signature.relaxed_body, signature.hash, signature.length)
        if key not in self._hashes:
            self._hashes[key] = body_hash(
                self.message.body, relaxed=key[0], algorithm=signature.hash, length=signature.length
            )
        return hmac.compare_digest(self._hashes[key], signature.body_hash)

    def header_digest(self, signature: DkimSignature, fields: tuple[Field, ...] | None = None) -> bytes:
        """The hash of the signed fields, of the message's own unless others are given."""
        taken = chosen(self.message.fields if fields is None else fields, signature.headers)
        data = header_input(taken, signature.field, relaxed=signature.relaxed_header)
        return hashlib.new(signature.hash, data).digest()
