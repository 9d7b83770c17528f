"""One small document over HTTPS: no redirects, the certificate verified, size and time bounded, no private addresses.

The address comes from the same Resolver as everything else. HTTP is read by the standard library's parser from what
came in before the connection closed.
"""

import asyncio
import http.client
import io
import ipaddress
import socket
import ssl
from contextlib import suppress
from functools import cache
from typing import cast

from postmend.model.dns import Resolver
from postmend.model.errors import in_words
from postmend.model.fetch import Fetched, FetchOutcome

_MOST_OCTETS = 128 << 10
_MOST_ADDRESSES = 4


class _Whole:
    """A socket as http.client wants it, on bytes that are already here."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class NetFetcher:
    """A Fetcher over the network. `timeout_s` is for one document; `allow_private` lets laboratories use loopback."""

    def __init__(
        self, resolver: Resolver, timeout_s: float = 5.0, *, port: int = 443, allow_private: bool = False
    ) -> None:
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._port = port
        self._allow_private = allow_private

    async def fetch(self, host: str, path: str) -> Fetched:
        """GET `https://host/path`."""
        url = f"https://{host}{path}"
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._fetch(url, host, path)
        except TimeoutError:
            return Fetched(url, FetchOutcome.TIMEOUT, detail=f"no answer within {self._timeout_s:g} s")

    async def _addresses(self, host: str) -> list[str]:
        a, aaaa = await asyncio.gather(self._resolver.query(host, "A"), self._resolver.query(host, "AAAA"))
        return [*a.records, *aaaa.records][:_MOST_ADDRESSES]

    async def _fetch(self, url: str, host: str, path: str) -> Fetched:
        addresses = await self._addresses(host)
        if not addresses:
            return Fetched(url, FetchOutcome.NO_ADDRESS, detail=f"{host} has no address")
        outside = [ip for ip in addresses if self._allow_private or ipaddress.ip_address(ip).is_global]
        if not outside:
            return Fetched(url, FetchOutcome.PRIVATE, detail=f"{host} leads to {addresses[0]}, which is not public")
        last = Fetched(url, FetchOutcome.UNREACHABLE, detail="no address could be reached")
        for ip in outside:
            last = await self._fetch_from(url, ip, host, path)
            if last.outcome is not FetchOutcome.UNREACHABLE:
                break
        return last

    async def _fetch_from(self, url: str, ip: str, host: str, path: str) -> Fetched:
        try:
            reader, writer = await asyncio.open_connection(ip, self._port, ssl=_context(), server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            return Fetched(url, FetchOutcome.TLS_FAILED, detail=f"its certificate: {error.verify_message}")
        except ssl.SSLError as error:
            return Fetched(url, FetchOutcome.TLS_FAILED, detail=f"the TLS handshake failed: {error.reason or error}")
        except OSError as error:
            return Fetched(url, FetchOutcome.UNREACHABLE, detail=in_words(error))
        try:
            name = host.encode("idna").decode("ascii")
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: postmend\r\n"
                "Accept: text/plain\r\nConnection: close\r\n\r\n".encode("ascii")
            )
            data = b""
            while len(data) <= _MOST_OCTETS and (more := await reader.read(16_384)):
                data += more
        except (OSError, UnicodeError) as error:
            return Fetched(url, FetchOutcome.UNREACHABLE, detail=str(error).lower())
        finally:
            writer.transport.abort()  # all that was wanted is here; a TLS goodbye would only be waited for
            with suppress(OSError):
                await writer.wait_closed()
        return _read(url, data)


def _read(url: str, data: bytes) -> Fetched:
    if len(data) > _MOST_OCTETS:
        return Fetched(url, FetchOutcome.TOO_LONG, detail=f"more than {_MOST_OCTETS >> 10} KiB came")
    response = http.client.HTTPResponse(cast("socket.socket", _Whole(data)), method="GET")
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError, OSError) as error:
        return Fetched(url, FetchOutcome.GARBAGE, detail=f"no HTTP response: {type(error).__name__}")
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Fetched(url, FetchOutcome.OK, response.status, kind, body)
