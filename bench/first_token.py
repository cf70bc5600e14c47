"""How much later a socket client sees the first token than a client that asks the vendor itself.

Run: `.venv/bin/python -m bench.first_token` (Windows: `.venv\\Scripts\\python -m bench.first_token`).
Both clients take turns in one run, so that the machine's mood is the same for both.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.running import Account, environment, free_port, running_site, server_command

TURNS = 100
WARM_UP = 10
VENDORS = ("OPENAI", "MISTRAL", "GROQ", "XAI", "DEEPSEEK", "TOGETHER", "PERPLEXITY", "OPENROUTER")


async def direct(session: aiohttp.ClientSession, url: str, count: int) -> list[float]:
    """Milliseconds until each of `count` answers asked at once shows its first token, without WeBox."""

    async def first_token() -> float:
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
        async with session.post(f"{url}/chat/completions", json=body) as got:
            await got.content.readline()
            seen = time.perf_counter()
            await got.read()
        return (seen - started) * 1000

    started = time.perf_counter()
    return list(await asyncio.gather(*(first_token() for _ in range(count))))


async def through_webox(socket: ClientConnection, count: int, number: int) -> list[float]:
    """The same through a `webox.v1` socket, from sending `ask`."""
    targets = [name.lower() for name in VENDORS[:count]]
    command = {"type": "ask", "message": "Hello", "targets": targets, "client_id": f"{count}-{number}"}
    seen: dict[int, float] = {}
    started = time.perf_counter()
    await socket.send(json.dumps(command))
    while True:
        event = json.loads(await socket.recv())
        now = (time.perf_counter() - started) * 1000
        if event["type"] == "error":
            raise RuntimeError(event["detail"])
        if event["type"] == "deltas":
            for answer_id, _, _ in event["deltas"]:
                seen.setdefault(answer_id, now)
        if event["type"] == "turn" and event["state"] == "complete":
            return list(seen.values())


def report(count: int, ours: list[list[float]], theirs: list[list[float]]) -> str:
    """One row: the turn's first token over the direct client's, the mean of its AIs, the direct one."""
    pairs = list(zip(ours, theirs, strict=True))
    first = sorted(min(one) - min(other) for one, other in pairs)
    mean = sorted(statistics.mean(one) - statistics.mean(other) for one, other in pairs)
    cells = [percentile(first, 50), percentile(first, 99), percentile(mean, 50), percentile(mean, 99)]
    cells.append(statistics.median(min(other) for other in theirs))
    return f"| {count} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |"


def percentile(ordered: list[float], percent: int) -> float:
    """The value that so many percent of the ordered values do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


async def measure(account: Account, vendor_url: str) -> None:
    print("| AIs | first of the turn p50 ms | p99 | mean of its AIs p50 ms | p99 | direct alone p50 ms |")
    print("|---|---|---|---|---|---|")
    async with aiohttp.ClientSession() as session:
        for count in (1, 8):
            ours, theirs = [], []
            # A fresh conversation every ten turns, so that the history told to the AIs stays short.
            for batch in range((WARM_UP + TURNS) // 10):
                url = f"{account.site.socket_url}/{account.conversation()}"
                async with connect(
                    url,
                    additional_headers=account.headers,
                    subprotocols=[Subprotocol("webox.v1")],
                    proxy=None,
                ) as socket:
                    await socket.recv()
                    for number in range(10):
                        theirs.append(await direct(session, vendor_url, count))
                        ours.append(await through_webox(socket, count, batch * 10 + number))
                        # The socket takes ten commands a second.
                        await asyncio.sleep(0.12)
            print(report(count, ours[WARM_UP:], theirs[WARM_UP:]), flush=True)


def main() -> None:
    vendor = subprocess.Popen(
        [sys.executable, "-m", "bench.vendor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert vendor.stdout is not None
    vendor_url = f"http://127.0.0.1:{vendor.stdout.readline().strip()}/v1"
    keys = {f"{name}_API_KEY": "sk-bench" for name in VENDORS}
    addresses = {f"{name}_BASE_URL": vendor_url for name in VENDORS}
    try:
        with tempfile.TemporaryDirectory() as folder:
            var, port = Path(folder), free_port()
            env = environment(var, **keys, **addresses)
            with running_site(server_command(port), env, port, var / "log") as site:
                asyncio.run(measure(site.account("bench"), vendor_url))
    finally:
        vendor.communicate(timeout=10)


if __name__ == "__main__":
    main()
