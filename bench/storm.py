"""A reconnect storm: sockets cut in mid-stream, and the time until each has the whole text again."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp

from bench.kit.clients import SocketClient, open_socket
from bench.kit.measure import less, own, percentile, table
from bench.kit.site import Bench, Person
from bench.kit.stamp_vendor import now_us
from bench.kit.vendors import model, targets

TOKENS_PER_S = 20
CURRENT_US = 1_000_000 // TOKENS_PER_S + 100_000
"""A text whose newest token is no older is as long as the stream: a token's pace, a tick, and the way."""
LOOK_EVERY_S = 0.005
BEFORE_S, STORM_S, AFTER_S = 4.0, 5.0, 12.0
PATIENCE_S = 60
OUTAGE_AIM_MS = 250.0


@dataclass
class Return:
    """How one socket came back, in milliseconds from beginning to connect."""

    person: Person
    client: SocketClient
    joined_ms: float
    current_ms: float | None
    """Until its text was as long as the stream again; None where it never was."""


async def storm(bench: Bench, count: int, most_turns: int) -> None:
    """Print how so many sockets came back that lost their connection within five seconds.

    In scaled mode several watch one turn: no more than `most_turns` run.
    """
    turns = min(count, most_turns) if bench.mode == "scaled" else count
    people = await asyncio.to_thread(bench.people, turns)
    watched = [people[number % turns] for number in range(count)]
    began = time.perf_counter()
    before = [await open_socket(bench, one, one.conversations[0]) for one in watched]
    calm_ms = (time.perf_counter() - began) * 1000 / count
    name = model(TOKENS_PER_S, BEFORE_S + STORM_S + AFTER_S)
    for client in before[:turns]:
        await client.ask(targets(1, name))
        await asyncio.sleep(1.0 / turns)
    await asyncio.sleep(BEFORE_S)
    before_cpu, our_cpu_s, began = bench.meter.cpu_s(), time.process_time(), time.perf_counter()
    returns = await asyncio.gather(
        *(
            _cut_and_return(bench, person, client, STORM_S * number / count)
            for number, (person, client) in enumerate(zip(watched, before, strict=True))
        ),
        return_exceptions=True,
    )
    took_s = time.perf_counter() - began
    busy = own(less(bench.meter.cpu_s(), before_cpu)) / took_s, (time.process_time() - our_cpu_s) / took_s
    back = [one for one in returns if isinstance(one, Return)]
    async with asyncio.timeout(AFTER_S + PATIENCE_S):
        while not all(one.client.is_complete for one in back):
            await asyncio.sleep(0.2)
    # What an answer still misses at its end comes with one snapshot more.
    await asyncio.sleep(1.0)
    wrong = await _count_wrong(bench, back)
    _report(bench, count, calm_ms, returns, wrong, busy)
    for one in back:
        await one.client.aclose()


async def _cut_and_return(bench: Bench, person: Person, client: SocketClient, after_s: float) -> Return:
    await asyncio.sleep(after_s)
    client.cut()
    began = now_us()
    again = await open_socket(bench, person, person.conversations[0])
    joined_ms = (now_us() - began) / 1000
    while not again.is_complete:
        age_us = again.age_us()
        if age_us is not None and age_us <= CURRENT_US:
            return Return(person, again, joined_ms, (now_us() - began) / 1000)
        await asyncio.sleep(LOOK_EVERY_S)
    return Return(person, again, joined_ms, None)


async def _count_wrong(bench: Bench, back: list[Return]) -> int:
    """How many clients do not have the text that a fresh read gives."""
    wrong = 0
    async with aiohttp.ClientSession() as session:
        for one in back:
            url = f"{bench.site.url}/api/chat/conversations/{one.person.conversations[0]}/messages"
            async with session.get(url, headers=one.person.headers) as got:
                messages = await got.json()
            saved = {answer["id"]: answer["text"] for message in messages for answer in message["answers"]}
            wrong += saved != {answer_id: text.whole() for answer_id, text in one.client.texts.items()}
    return wrong


def _report(
    bench: Bench,
    count: int,
    calm_ms: float,
    returns: list[Return | BaseException],
    wrong: int,
    busy: tuple[float, float],
) -> None:
    back = [one for one in returns if isinstance(one, Return)]
    joined_ms = [one.joined_ms for one in back]
    current_ms = [one.current_ms for one in back if one.current_ms is not None]
    rows: list[list[object]] = [
        ["joined p50 / p99 ms", _pair(joined_ms)],
        ["the same in a calm, one by one, mean ms", calm_ms],
        [f"whole again p50 / p99 ms (aim p99 ≤ {OUTAGE_AIM_MS:g})", _pair(current_ms)],
        ["whole again, slowest ms", max(current_ms, default=float("nan"))],
        ["whole again only at the end", len(back) - len(current_ms)],
        ["not back", count - len(back)],
        ["resumes sent", sum(one.client.resumes for one in back)],
        ["texts that differ from a fresh read", wrong],
        ["CPU meanwhile, of one core: server / this client", f"{busy[0]:.0%} / {busy[1]:.0%}"],
    ]
    print(f"\n### Reconnect storm: {count} sockets within {STORM_S:g} s in mid-stream ({bench.mode})\n")
    print(table(["", "value"], rows), flush=True)
    for failure in {repr(one) for one in returns if not isinstance(one, Return)}:
        print(failure)


def _pair(values: list[float]) -> str:
    return f"{percentile(values, 50):.0f} / {percentile(values, 99):.0f}"
