"""TLS on an SMTP connection, as mail servers use it: the handshake after STARTTLS, and what was agreed (RFC 3207)."""

import asyncio
import ssl
from functools import cache

from postmend.model.dialogue import Tls


class TlsError(Exception):
    """The handshake came to nothing; the text says why."""


async def start_tls(
    transport: asyncio.Transport, protocol: asyncio.Protocol, host: str, *, verify: bool, timeout_s: float
) -> tuple[asyncio.Transport, Tls]:
    """Shake hands; gives the transport to go on with. Raises TlsError, after which the connection is of no use."""
    try:
        async with asyncio.timeout(timeout_s):
            new = await asyncio.get_running_loop().start_tls(
                transport, protocol, _context(verify=verify), server_hostname=host
            )
    except TimeoutError:
        raise TlsError("no TLS handshake in time") from None
    except (OSError, ValueError, EOFError) as error:
        raise TlsError(_problem(error)) from error
    if new is None:
        raise TlsError("the server closed the connection in the handshake")
    inner: ssl.SSLObject = new.get_extra_info("ssl_object")
    cipher = inner.cipher()
    certificate = inner.getpeercert(binary_form=True) or b""
    return new, Tls(inner.version() or "", cipher[0] if cipher else "", verify, certificate, _chain(inner))


def _chain(inner: ssl.SSLObject) -> tuple[bytes, ...]:
    """What the server showed: public in Python 3.13, where it gives bytes; before, behind an underscore."""
    ask = getattr(inner, "get_unverified_chain", None) or getattr(inner, "_sslobj").get_unverified_chain  # noqa: B009
    shown = ask() or ()
    return tuple(each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in shown)


@cache
def _context(*, verify: bool) -> ssl.SSLContext:
    """TLS as mail servers use it: any certificate and any version will do, unless verification is asked for."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _problem(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not verify: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed: {error.reason or error}"
    return "the server closed the connection in the TLS handshake"
