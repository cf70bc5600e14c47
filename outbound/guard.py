"""The one door out of WeBox: connections to vendors, and to no other place than they were meant for.

Where an address leads is decided at the socket, on the very IP address that is about to be connected: a
resolver hook would miss IP literals, and a name can resolve differently a moment later.
"""

import asyncio
import socket
import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from outbound.addresses import is_public

REFUSED = "WeBox does not connect to this address"
BYTES = "webox_bytes"
"""Where a response's `extensions` keep aiohttp's own reader: httpx's way to the bytes doubles their cost."""
HEADERS = {"User-Agent": "WeBox", "Accept-Encoding": "identity"}


class Outbound:
    """Two clients, each with its own connections: one for the internet, one for addresses the owner gave.

    No redirects, no proxies of the environment, no cookies. Use it on one event loop.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._public = _new_client(aiohttp.TCPConnector(limit=0, ssl=_trust(), socket_factory=_public_socket))
        self._owners = _new_client(aiohttp.TCPConnector(limit=0, ssl=_trust()))

    def client(self, *, may_be_private: bool) -> httpx.AsyncClient:
        """The client for an endpoint; `may_be_private` where the owner gave its address."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("An Outbound belongs to the event loop that made it.")
        return self._owners if may_be_private else self._public

    async def aclose(self) -> None:
        """Close every connection."""
        await self._public.aclose()
        await self._owners.aclose()


def was_refused(error: BaseException) -> bool:
    """Whether a connection failed because the guard would not let it through."""
    seen: BaseException | None = error
    while seen is not None:
        if REFUSED in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _public_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _name, address = info
    if not is_public(str(address[0])):
        raise OSError(REFUSED)
    return socket.socket(family=family, type=kind, proto=protocol)


class _Transport(AiohttpTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = await super().handle_async_request(request)
        assert isinstance(response.stream, AiohttpResponseStream)
        response.extensions[BYTES] = response.stream._aiohttp_response.content
        return response


@cache
def _trust() -> ssl.SSLContext:
    """Whom we believe over TLS: certifi's roots, read once, which takes as long as a short request."""
    return httpx.create_ssl_context(trust_env=False)


def _new_client(connector: aiohttp.TCPConnector) -> httpx.AsyncClient:
    # httpx's "no limit" would become 100 connections; the engine bounds itself.
    session = aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )
    return httpx.AsyncClient(
        transport=_Transport(client=session, verify=_trust(), trust_env=False),
        # httpx keeps a jar of its own: what a vendor sets for one user must not follow another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
        headers=HEADERS,
    )
