"""CPU per token of each adapter, end to end from a local server, beside bare readers in the same run.

Run: `.venv/bin/python -m bench.provider_parse` (Windows: `.venv\\Scripts\\python -m bench.provider_parse`).
64 streams of 50 tokens a second each, one token a chunk. Counted is this process's CPU alone; the vendor is
another process.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec

import aiohttp
import django
import httpx

from bench.kit.token_vendor import STREAMS, TOKENS

STREAMS_AT_ONCE = 64
ROUNDS = 5
Reader = Callable[[], Awaitable[int]]


def bare_aiohttp(session: aiohttp.ClientSession, url: str) -> Reader:
    """What reading costs at least: chunks, split at blank lines, parsed as JSON."""

    async def read() -> int:
        chars, rest = 0, b""
        async with session.post(f"{url}/openai/v1/chat/completions", json={"stream": True}) as got:
            async for piece in got.content.iter_any():
                *events, rest = (rest + piece).split(b"\n\n")
                for one in events:
                    data = one.removeprefix(b"data: ")
                    if data != b"[DONE]":
                        chars += len(json.loads(data)["choices"][0]["delta"].get("content", ""))
        return chars

    return read


def bare_httpx(client: httpx.AsyncClient, url: str) -> Reader:
    """The same with httpx as its documentation shows it."""

    async def read() -> int:
        chars = 0
        async with client.stream("POST", f"{url}/openai/v1/chat/completions", json={"stream": True}) as got:
            async for line in got.aiter_lines():
                if line.startswith("data: {"):
                    chars += len(json.loads(line[6:])["choices"][0]["delta"].get("content", ""))
        return chars

    return read


async def cpu_us_per_token(read: Reader) -> float:
    started = time.process_time()
    chars = await asyncio.gather(*(read() for _ in range(STREAMS_AT_ONCE)))
    used = time.process_time() - started
    assert set(chars) == {TOKENS * len("token ")}, chars
    return used * 1_000_000 / (STREAMS_AT_ONCE * TOKENS)


async def measure(url: str) -> None:
    # Django knows its applications only now.
    from providers.base import ChatMessage, ChatRequest, Endpoint, TextDelta  # noqa: PLC0415
    from providers.protocols import make_adapter  # noqa: PLC0415
    from providers.wire.http import ProviderClient  # noqa: PLC0415

    client = ProviderClient(retries=0)
    request = ChatRequest("m", (ChatMessage("user", "Hello"),))

    def adapter(protocol: str) -> Reader:
        asked = make_adapter(protocol, client)  # type: ignore[arg-type]  # a key of STREAMS

        async def read() -> int:
            endpoint = Endpoint("Vendor", f"{url}/{protocol}", "key", 60.0, may_be_private=True)
            chars = 0
            async for event in asked.stream(request, endpoint):
                if isinstance(event, TextDelta):
                    chars += len(event.text)
            return chars

        return read

    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None), trust_env=False) as plain,
    ):
        readers = {"bare aiohttp": bare_aiohttp(session, url), "bare httpx": bare_httpx(plain, url)}
        readers |= {protocol: adapter(protocol) for protocol in STREAMS}
        found: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(ROUNDS + 1):
            for name, read in readers.items():
                found[name].append(await cpu_us_per_token(read))
    await client.aclose()
    print("| reader | µs CPU a token | over bare aiohttp, median of rounds |\n|---|---|---|")
    for name, costs in found.items():
        # The first round only warms up; within a round the machine's mood is the same for all.
        ratios = [cost / bare for cost, bare in zip(costs, found["bare aiohttp"], strict=True)][1:]
        print(f"| {name} | {statistics.median(costs[1:]):.0f} | {statistics.median(ratios):.2f} × |")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")
    django.setup()
    vendor = subprocess.Popen(
        [sys.executable, "-m", "bench.kit.token_vendor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert vendor.stdout is not None
    url = f"http://127.0.0.1:{vendor.stdout.readline().strip()}"
    try:
        # The server's own loop, where there is one for this system.
        loop = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(measure(url))
    finally:
        vendor.communicate(timeout=10)


if __name__ == "__main__":
    main()
