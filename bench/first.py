"""First tokens: one turn at a time beside the direct client, what it costs to start one, many at once."""

import asyncio
import statistics
import time

import aiohttp

from bench.kit.clients import SocketClient, ask_directly, open_socket
from bench.kit.measure import judged, less, own, percentile, table
from bench.kit.site import Bench, Mode
from bench.kit.stamp_vendor import now_us
from bench.kit.vendors import SHORT, model, targets

WARM_UP = 10
BATCH = 10
"""Turns in one conversation, so that the history told to the AIs stays short."""
COMMAND_EVERY_S = 0.12
"""A socket takes ten commands a second."""
IDLE_S = 5.0
TURN_WITHIN_S = 60
FIRST_AIMS_MS: dict[Mode, dict[int, float]] = {
    "embedded": {1: 8, 4: 10, 8: 15},
    "scaled": {1: 20, 4: 20, 8: 25},
}
START_AIMS_MS = {1: 8.0, 0: 1.0}
"""Of one AI, and of each further one."""
TOGETHER_AIMS_MS = {(8, 8): 80.0, (64, 1): 150.0}
Firsts = list[list[float]]


async def warm_up(bench: Bench) -> None:
    """Ask until every part of the site has answered; in scaled mode the worker starts after the web."""
    [person] = await asyncio.to_thread(bench.people, 1)
    client = await open_socket(bench, person, person.conversations[0])
    for _ in range(3):
        await turn_firsts_ms(client, 8)
    await client.aclose()


async def direct_firsts_ms(
    bench: Bench, session: aiohttp.ClientSession, count: int, name: str
) -> list[float]:
    """Milliseconds until each of so many answers, asked at once, shows its first token, without WeBox."""
    began = now_us()
    asked = (ask_directly(session, bench.vendor_url, name) for _ in range(count))
    return [(first - began) / 1000 for first in await asyncio.gather(*asked)]


async def turn_firsts_ms(client: SocketClient, count: int) -> list[float]:
    """The same through WeBox, from sending `ask`."""
    async with asyncio.timeout(TURN_WITHIN_S):
        turn = await client.ask(targets(count, SHORT))
        await turn.complete
    client.check()
    return [(first - turn.sent_us) / 1000 for first in turn.first_us.values()]


async def first_tokens(bench: Bench, session: aiohttp.ClientSession, turns: int) -> None:
    """Print how much later than a direct client a socket client sees first tokens, one turn at a time."""
    rows = []
    for count in (1, 4, 8):
        theirs: Firsts = []
        ours: Firsts = []
        batches = -(-(WARM_UP + turns) // BATCH)
        [person] = await asyncio.to_thread(bench.people, 1, batches)
        for conversation_id in person.conversations:
            client = await open_socket(bench, person, conversation_id)
            for _ in range(BATCH):
                theirs.append(await direct_firsts_ms(bench, session, count, SHORT))
                ours.append(await turn_firsts_ms(client, count))
                await asyncio.sleep(COMMAND_EVERY_S)
            await client.aclose()
        rows.append(_first_row(bench.mode, count, ours[WARM_UP:], theirs[WARM_UP:]))
    heads = ["AIs", "first of the turn p50 ms", "p99", "mean of its AIs p50", "p99", "aim p50"]
    print(f"\n### First token: a socket client's minus a direct client's ({bench.mode})\n")
    print(table([*heads, "direct alone p50", "p99"], rows), flush=True)


def _first_row(mode: Mode, count: int, ours: Firsts, theirs: Firsts) -> list[object]:
    pairs = list(zip(ours, theirs, strict=True))
    first = [min(one) - min(other) for one, other in pairs]
    mean = [statistics.mean(one) - statistics.mean(other) for one, other in pairs]
    direct = [statistics.mean(other) for other in theirs]
    return [
        count,
        percentile(first, 50),
        percentile(first, 99),
        percentile(mean, 50),
        percentile(mean, 99),
        judged(percentile(mean, 50), FIRST_AIMS_MS[mode][count]),
        percentile(direct, 50),
        percentile(direct, 99),
    ]


# --- CPU ----------------------------------------------------------------------------------------------


async def idle_cpu(bench: Bench, seconds: float = IDLE_S) -> dict[str, float]:
    """CPU seconds a second by part, with nobody there."""
    before, began = await asyncio.to_thread(bench.meter.cpu_s), time.monotonic()
    await asyncio.sleep(seconds)
    used = less(await asyncio.to_thread(bench.meter.cpu_s), before)
    return {part: cpu_s / (time.monotonic() - began) for part, cpu_s in used.items()}


async def cpu_to_start(bench: Bench, session: aiohttp.ClientSession, turns: int) -> None:
    """Print what a whole turn of three tokens costs, one after another, without what idling costs."""
    idle = await idle_cpu(bench)
    costs: dict[int, dict[str, float]] = {}
    direct: dict[int, float] = {}
    for count in (1, 8):
        costs[count] = await turn_cpu_ms(bench, count, turns, idle)
        began = time.process_time()
        for _ in range(turns):
            await direct_firsts_ms(bench, session, count, SHORT)
        direct[count] = (time.process_time() - began) * 1000 / turns
    # What seven AIs more cost, a seventh each.
    costs[0] = {part: (costs[8][part] - costs[1][part]) / 7 for part in costs[1]}
    direct[0] = (direct[8] - direct[1]) / 7
    parts = sorted(costs[1]) if bench.mode == "scaled" else []
    rows: list[list[object]] = []
    aims_ms = START_AIMS_MS if bench.mode == "embedded" else {}
    for count, name in ((1, "1 AI"), (8, "8 AIs"), (0, "each more")):
        whole = own(costs[count])
        aim = judged(whole, aims_ms[count]) if count in aims_ms else "–"
        by_part = [costs[count][part] for part in parts]
        rows.append([name, whole, aim, *by_part, direct[count], whole / direct[count]])
    print(f"\n### CPU of a turn of three tokens ({bench.mode})\n")
    print(table(["", "WeBox ms", "aim", *parts, "direct client ms", "×"], rows), flush=True)


async def turn_cpu_ms(bench: Bench, count: int, turns: int, idle: dict[str, float]) -> dict[str, float]:
    """CPU milliseconds of a turn of three tokens, by part; `idle` is what is not the turns'."""
    [person] = await asyncio.to_thread(bench.people, 1, max(4, -(-turns // BATCH)))
    clients = [await open_socket(bench, person, one) for one in person.conversations]
    for client in clients:
        await turn_firsts_ms(client, count)
    before, began = await asyncio.to_thread(bench.meter.cpu_s), time.monotonic()
    for number in range(turns):
        round_began = time.monotonic()
        await turn_firsts_ms(clients[number % len(clients)], count)
        # All sockets in turn, none of them faster than it may.
        await asyncio.sleep(COMMAND_EVERY_S / len(clients) - (time.monotonic() - round_began))
    # Whatever is still being written belongs to them.
    await asyncio.sleep(1.0)
    used = less(await asyncio.to_thread(bench.meter.cpu_s), before)
    wall_s = time.monotonic() - began
    for client in clients:
        await client.aclose()
    return {part: (cpu_s - idle.get(part, 0.0) * wall_s) * 1000 / turns for part, cpu_s in used.items()}


# --- Together -----------------------------------------------------------------------------------------


async def together(bench: Bench, session: aiohttp.ClientSession, rounds: int) -> None:
    """Print when the first tokens come where many people ask in the same moment."""
    name = model(50, 0.5)
    rows: list[list[object]] = []
    for (users, count), aim in TOGETHER_AIMS_MS.items():
        people = await asyncio.to_thread(bench.people, users)
        clients = [await open_socket(bench, person, person.conversations[0]) for person in people]
        found: dict[str, Firsts] = {"direct": [], "webox": []}
        for _ in range(rounds + 1):
            found["direct"].append(await direct_firsts_ms(bench, session, users * count, name))
            found["webox"].append(await together_ms(clients, targets(count, name)))
            await asyncio.sleep(1.0)
        for client in clients:
            await client.aclose()
        # The first round warms up.
        cells = {
            (who, percent): statistics.median(percentile(one, percent) for one in firsts[1:])
            for who, firsts in found.items()
            for percent in (50, 99)
        }
        rows.append([f"{users} × {count}", cells["webox", 50], cells["webox", 99]])
        rows[-1] += [judged(cells["webox", 50], aim), cells["direct", 50], cells["direct", 99]]
    heads = ["users × AIs", "p50 ms", "p99", "aim p50", "direct p50", "direct p99"]
    print(f"\n### First token where all start together, median of {rounds} rounds ({bench.mode})\n")
    print(table(heads, rows), flush=True)


async def together_ms(clients: list[SocketClient], names: list[str]) -> list[float]:
    """Milliseconds until the first token of each answer, where all clients ask in the same moment."""
    began = now_us()
    async with asyncio.timeout(TURN_WITHIN_S):
        turns = await asyncio.gather(*(client.ask(names) for client in clients))
        await asyncio.gather(*(turn.complete for turn in turns))
    return [(first - began) / 1000 for turn in turns for first in turn.first_us.values()]
