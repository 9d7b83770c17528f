"""What a new DKIM key needs: the exact record, as zone files and panels want it, and the signer's settings. Pure."""

from dataclasses import dataclass

from postmend.evidence.dkim_key import parse_key
from postmend.model import RecordChange

_STRING_OCTETS = 255  # of one character-string (RFC 1035 section 3.3)


@dataclass(frozen=True, slots=True)
class DkimSetup:
    """One key's set-up: `zone_file` is the record for a zone file, `opendkim` and `rspamd` lines for the signers."""

    record: RecordChange
    zone_file: str
    opendkim: tuple[str, ...]
    rspamd: tuple[str, ...]


def _strings(text: str) -> str:
    pieces = [text[i : i + _STRING_OCTETS] for i in range(0, len(text), _STRING_OCTETS)]
    return " ".join(f'"{piece}"' for piece in pieces)


def dkim_setup(domain: str, selector: str, key_type: str, packed: str, path: str) -> DkimSetup:
    """The set-up for a public key (`packed`: in base64) whose private half lies in the file `path`.

    Raises ParseError should the record not read back as the key it is made from.
    """
    text = f"v=DKIM1; k={key_type}; p={packed}"
    key = parse_key(text)
    name = f"{selector}._domainkey.{domain}"
    told = f"read back: {key.type}, {key.bits} bits, {len(text)} octets in {-(-len(text) // _STRING_OCTETS)} string(s)"
    return DkimSetup(
        RecordChange(name, "TXT", "", text, told),
        f"{name}. 3600 IN TXT ( {_strings(text)} )",
        ()
        if key_type != "rsa"  # the released OpenDKIM knows RSA only
        else (
            "/etc/opendkim.conf:",
            f"Domain {domain}",
            f"Selector {selector}",
            f"KeyFile {path}",
            "Canonicalization relaxed/relaxed",
            "SignatureAlgorithm rsa-sha256",
            "OversignHeaders From",
        ),
        (
            "/etc/rspamd/local.d/dkim_signing.conf:",
            "domain {",
            f"  {domain} {{",
            f'    selector = "{selector}";',
            f'    path = "{path}";',
            "  }",
            "}",
        ),
    )
