"""The bytes of a vendor's answer, read within limits of time and size."""

import asyncio
import contextlib
import time
import zlib
from collections.abc import Awaitable, Callable

import aiohttp
import httpx

from outbound import guard
from providers.base import Endpoint
from providers.errors import BadStream, CutOff, ProviderError, Stalled, TookTooLong

ANSWER_BYTES = 64 * 1024 * 1024
INFLATED_BYTES = 64 * 1024
# How long to wait for the end of the bytes once the answer is over; some servers leave the connection open.
DRAIN_S = 0.25

NETWORK_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    OSError,
    ValueError,
)
_ZIPPED = ("gzip", "x-gzip", "deflate")


class Chunks:
    """The bytes of an answer as they come, within their limits.

    WeBox asks for them as they are; who compresses all the same is read in small pieces, since a few bytes
    can stand for gigabytes.
    """

    def __init__(self, endpoint: Endpoint, answer: httpx.Response) -> None:
        self._endpoint = endpoint
        self._total = 0
        self._deadline = time.monotonic() + endpoint.total_s
        self._next: Callable[[], Awaitable[bytes]] = answer.extensions[guard.BYTES].readany
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        # 32: with the header of gzip or of zlib, whichever comes.
        self._inflating = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in _ZIPPED else None
        self._is_unreadable = encoding not in (*_ZIPPED, "identity", "")

    async def read(self) -> bytes:
        """The next bytes; empty at the end. Raises BadStream, CutOff, Stalled or TookTooLong."""
        endpoint = self._endpoint
        if self._is_unreadable:
            raise BadStream(endpoint.vendor)
        try:
            chunk = await (self._next() if self._inflating is None else self._inflated(self._inflating))
        except TimeoutError as error:
            raise stalled(endpoint) from error
        except zlib.error as error:
            raise BadStream(endpoint.vendor) from error
        except NETWORK_ERRORS as error:
            raise CutOff(endpoint.vendor) from error
        self._total += len(chunk)
        if self._total > ANSWER_BYTES:
            raise BadStream(endpoint.vendor)
        if chunk and time.monotonic() > self._deadline:
            # A drip that is never silent for long enough to be called so.
            raise TookTooLong(endpoint.vendor, total_s=f"{endpoint.total_s:g}")
        return chunk

    async def _inflated(self, inflating: "zlib._Decompress") -> bytes:
        """The next piece of what is compressed; empty at the end of the bytes."""
        while True:
            zipped = inflating.unconsumed_tail or await self._next()
            if not zipped:
                return b""
            if piece := inflating.decompress(zipped, INFLATED_BYTES):
                return piece

    async def drain(self) -> None:
        """Wait a moment for the end: read to it, a connection can be used again."""
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while await self.read():
                    pass


def stalled(endpoint: Endpoint) -> Stalled:
    """The error for an endpoint that has been silent for its limit."""
    return Stalled(endpoint.vendor, silence_s=f"{endpoint.silence_s:g}")
