"""What long use does to speed: a conversation of many messages, an owner of many conversations."""

import asyncio
import time

import aiohttp

from bench.kit.clients import SocketClient, ask_directly, open_socket
from bench.kit.measure import percentile, table
from bench.kit.site import Bench, Person
from bench.kit.vendors import SHORT, targets

REPEATS = 12
WARM_UP = 2
PAUSE_S = 0.12
TURN_WITHIN_S = 60


async def growth(bench: Bench, session: aiohttp.ClientSession, messages: int, conversations: int) -> None:
    """Print what each costs beside the same with next to nothing in it."""
    rows = [await _long_row(bench, session, messages, count) for count in (1, 8)]
    heads = ["AIs a turn", f"`accepted` p50 ms, {messages:,} messages", "empty", "×"]
    heads += [f"first token p50 ms, {messages:,} messages", "empty", "×", "direct first token"]
    print(f"\n### A long conversation ({bench.mode})\n")
    print(table(heads, rows))

    [of_many] = await asyncio.to_thread(bench.seed, "many", conversations)
    [of_ten] = await asyncio.to_thread(bench.people, 1, 10)
    found = [await _owner_ms(bench, session, person) for person in (of_many, of_ten)]
    last_ms = await _page_ms(bench, session, of_many, conversations - 100)
    names = ["first page of the list", "`accepted`", "first token"]
    ratios = [[name, ours, theirs, ours / theirs] for name, ours, theirs in zip(names, *found, strict=True)]
    ratios.append(["last page of the list", last_ms, "–", "–"])
    print(f"\n### An owner of {conversations:,} conversations, p50 ms ({bench.mode})\n")
    print(table(["", f"{conversations:,} conversations", "10", "×"], ratios), flush=True)


async def _long_row(bench: Bench, session: aiohttp.ClientSession, messages: int, count: int) -> list[object]:
    [person] = await asyncio.to_thread(bench.seed, "long", messages, count)
    full, empty = [await open_socket(bench, person, one) for one in person.conversations]
    found: dict[SocketClient, list[tuple[float, float]]] = {full: [], empty: []}
    direct = []
    for _ in range(WARM_UP + REPEATS):
        began = time.monotonic_ns() // 1000
        direct.append((await ask_directly(session, bench.vendor_url, SHORT) - began) / 1000)
        for client, times in found.items():
            times.append(await _ask_ms(client, count))
            await asyncio.sleep(PAUSE_S)
    for client in found:
        await client.aclose()
    cells: list[object] = [count]
    for which in (0, 1):
        ours, theirs = (percentile([one[which] for one in times[WARM_UP:]], 50) for times in found.values())
        cells += [ours, theirs, ours / theirs]
    return [*cells, percentile(direct, 50)]


async def _ask_ms(client: SocketClient, count: int) -> tuple[float, float]:
    """Milliseconds from `ask` to `accepted`, and to the turn's first token."""
    async with asyncio.timeout(TURN_WITHIN_S):
        turn = await client.ask(targets(count, SHORT))
        accepted_us = await turn.accepted
        await turn.complete
    client.check()
    return (accepted_us - turn.sent_us) / 1000, (min(turn.first_us.values()) - turn.sent_us) / 1000


async def _owner_ms(bench: Bench, session: aiohttp.ClientSession, person: Person) -> list[float]:
    """The list's first page, `accepted` and first token of a question, each at p50."""
    pages_ms = await _page_ms(bench, session, person, 0)
    client = await open_socket(bench, person, person.conversations[0])
    asked = []
    for _ in range(WARM_UP + REPEATS):
        asked.append(await _ask_ms(client, 1))
        await asyncio.sleep(PAUSE_S)
    await client.aclose()
    return [pages_ms, *(percentile(times, 50) for times in zip(*asked[WARM_UP:], strict=True))]


async def _page_ms(bench: Bench, session: aiohttp.ClientSession, person: Person, offset: int) -> float:
    """One page of the list of conversations at p50."""
    found = []
    for _ in range(WARM_UP + REPEATS):
        began = time.perf_counter()
        url = f"{bench.site.url}/api/chat/conversations?limit=100&offset={offset}"
        async with session.get(url, headers=person.headers) as got:
            got.raise_for_status()
            await got.read()
        found.append((time.perf_counter() - began) * 1000)
    return percentile(found[WARM_UP:], 50)
