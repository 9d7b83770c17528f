"""Just enough of DER (ITU-T X.690) to read public keys and certificates. Pure; raises ParseError for what is none."""

from postmend.model import ParseError

SEQUENCE, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x02, 0x03, 0x04, 0x06


def element(data: bytes, tag: int | None = None) -> tuple[bytes, bytes]:
    """The content of the element at the front and what follows it; of any kind where no `tag` is given."""
    if len(data) < 2 or (tag is not None and data[0] != tag):
        raise ParseError("it is not in DER form")
    size, at = data[1], 2
    if size & 0x80:
        octets = size & 0x7F
        size, at = int.from_bytes(data[2 : 2 + octets]), 2 + octets
        if not 0 < octets <= 4:
            raise ParseError("it is not in DER form")
    if len(data) < at + size:
        raise ParseError("it is cut off: part of it is missing")
    return data[at : at + size], data[at + size :]


def whole(data: bytes) -> tuple[bytes, bytes]:
    """The element at the front with its head, and what follows it."""
    _, rest = element(data)
    return data[: len(data) - len(rest)], rest
