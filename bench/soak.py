"""Everyday use for long: whether memory, descriptors or connections grow."""

import asyncio
import statistics
import time
from dataclasses import dataclass

import aiohttp

from bench.kit.clients import open_socket
from bench.kit.measure import table
from bench.kit.site import Bench, Person
from bench.kit.vendors import model, targets

PEOPLE, AIS, TURN_S, TOKENS_PER_S = 8, 4, 4.0, 50
TURNS_A_CONVERSATION = 5
SAMPLE_EVERY_S = 10.0
PATIENCE_S = 60


@dataclass(frozen=True)
class Sample:
    """What the site held at one moment."""

    seconds: float
    memory_kb: int
    descriptors: int
    database_connections: int
    redis_connections: int


async def soak(bench: Bench, minutes: float) -> None:
    """Print what the site held over time: people ask, read, leave and come back, as they do."""
    people = await asyncio.to_thread(bench.people, PEOPLE)
    until, asked = time.monotonic() + minutes * 60, [0]
    sampling = asyncio.create_task(_sample(bench, until))
    using = [asyncio.create_task(_use(bench, person, until, asked)) for person in people]
    samples = await sampling
    failures = [str(one) for one in await asyncio.gather(*using, return_exceptions=True) if one]
    rows = [
        _row("memory kB (PSS)", samples, [one.memory_kb for one in samples]),
        _row("descriptors", samples, [one.descriptors for one in samples]),
        _row("database connections", samples, [one.database_connections for one in samples]),
        _row("Redis connections", samples, [one.redis_connections for one in samples]),
    ]
    heads = ["", "first", "highest", "last", "slope of the first half, an hour", "of the second half"]
    print(f"\n### Soak: {minutes:g} minutes, {asked[0]:,} turns of {AIS} AIs ({bench.mode})\n")
    print(table(heads, rows), flush=True)
    for failure in failures:
        print("A person had to stop:", failure)


async def _sample(bench: Bench, until: float) -> list[Sample]:
    began, samples = time.monotonic(), []
    while time.monotonic() < until:
        await asyncio.sleep(SAMPLE_EVERY_S)
        memory_kb = sum((await asyncio.to_thread(bench.meter.pss_kb)).values())
        meter = bench.meter
        samples.append(
            Sample(
                time.monotonic() - began,
                memory_kb,
                meter.descriptors(),
                meter.database_connections(),
                meter.redis_connections(),
            )
        )
    return samples


async def _use(bench: Bench, person: Person, until: float, asked: list[int]) -> None:
    """One person, until it is time."""
    names = targets(AIS, model(TOKENS_PER_S, TURN_S))
    api = f"{bench.site.url}/api/chat/conversations"
    async with aiohttp.ClientSession(headers=person.headers) as session:
        while time.monotonic() < until:
            async with session.post(api, json={}) as made:
                conversation_id = (await made.json())["id"]
            client = await open_socket(bench, person, conversation_id)
            for _ in range(TURNS_A_CONVERSATION):
                turn = await client.ask(names)
                async with asyncio.timeout(TURN_S + PATIENCE_S):
                    await turn.complete
                client.check()
                asked[0] += 1
            await client.aclose()
            for url in (api, f"{api}/{conversation_id}/messages"):
                async with session.get(url) as got:
                    got.raise_for_status()
                    await got.read()


def _row(name: str, samples: list[Sample], values: list[int]) -> list[object]:
    half = len(values) // 2
    seconds = [one.seconds for one in samples]
    return [
        name,
        f"{values[0]:,}",
        f"{max(values):,}",
        f"{values[-1]:,}",
        _slope_an_hour(seconds[:half], values[:half]),
        _slope_an_hour(seconds[half:], values[half:]),
    ]


def _slope_an_hour(seconds: list[float], values: list[int]) -> str:
    if len(values) < 2:
        return "–"
    return f"{statistics.linear_regression(seconds, values).slope * 3600:+,.0f}"
