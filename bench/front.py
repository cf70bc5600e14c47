"""What the front with TLS costs: the same turns and streams through it and past it, one after the other.

Run: `.venv/bin/python -m bench.front` (Linux, with Caddy). One scaled site, one run; every figure stands
beside the one without the front, and their ratio.
"""

import argparse
import asyncio
import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bench.first import (
    BATCH,
    COMMAND_EVERY_S,
    TOGETHER_AIMS_MS,
    idle_cpu,
    together_ms,
    turn_cpu_ms,
    turn_firsts_ms,
    warm_up,
)
from bench.kit.clients import open_socket, run
from bench.kit.measure import Meter, less, own, percentile, table
from bench.kit.site import Bench, running_bench
from bench.kit.vendors import model, targets
from bench.load import Load, through_webox
from bench.sockets import SOCKETS_A_PERSON, close_all, open_many
from tests.faults.services import wait_until
from tests.site.production import Front

WARM_UP = 10
SETTLE_S = 5.0
WORTH_EXPLAINING = 1.2

Sites = tuple[Bench, Bench]
"""The same site, past the front and through it."""


@dataclass(frozen=True)
class Pair:
    """A figure past the front and through it."""

    name: str
    past: float
    through: float

    def row(self) -> list[object]:
        ratio = self.through / self.past
        return [self.name, self.past, self.through, ratio, "explain" if ratio > WORTH_EXPLAINING else ""]


def behind(bench: Bench, front: Front) -> Bench:
    """The same site, asked through the front, whose CPU counts too."""
    assert front.process is not None
    database = bench.env["DATABASE_URL"].rpartition("/")[2]
    beside = {front.process.pid: "front"}
    meter = Meter(bench.site.process.pid, bench.env["REDIS_URL"], database, beside)
    return replace(bench, site=front.site(bench.env), meter=meter)


async def firsts(sites: Sites, count: int, turns: int) -> list[Pair]:
    """The first token of a turn of so many AIs; turns past and through the front alternate."""
    taken: tuple[list[float], list[float]] = ([], [])
    people = [await asyncio.to_thread(site.people, 1, -(-(WARM_UP + turns) // BATCH)) for site in sites]
    for first_id, second_id in zip(people[0][0].conversations, people[1][0].conversations, strict=True):
        clients = [
            await open_socket(site, person[0], conversation_id)
            for site, person, conversation_id in zip(sites, people, (first_id, second_id), strict=True)
        ]
        for _ in range(BATCH):
            for client, values in zip(clients, taken, strict=True):
                values.append(min(await turn_firsts_ms(client, count)))
                await asyncio.sleep(COMMAND_EVERY_S)
        for client in clients:
            await client.aclose()
    past, through = (values[WARM_UP:] for values in taken)
    of = f"first token of {count} AI{'s' if count > 1 else ''}, ms"
    return [
        Pair(f"{of}, p50", statistics.median(past), statistics.median(through)),
        Pair(f"{of}, p95", percentile(past, 95), percentile(through, 95)),
    ]


async def turns_cost(sites: Sites, turns: int) -> list[Pair]:
    """What a short turn costs WeBox’s processes and the front."""
    idle = await idle_cpu(sites[1])
    return [
        Pair(
            f"turn of {count} AI{'s' if count > 1 else ''}: CPU ms, WeBox and front",
            *[own(await turn_cpu_ms(site, count, turns, idle)) for site in sites],
        )
        for count in (1, 8)
    ]


async def all_together(sites: Sites, rounds: int) -> list[Pair]:
    """The first token where many people ask in the same moment; the rounds alternate, the first warms up."""
    pairs = []
    for users, count in TOGETHER_AIMS_MS:
        names = targets(count, model(50, 0.5))
        taken: tuple[list[float], list[float]] = ([], [])
        asked = [await asyncio.to_thread(site.people, users) for site in sites]
        clients = [
            [await open_socket(site, person, person.conversations[0]) for person in people]
            for site, people in zip(sites, asked, strict=True)
        ]
        for _ in range(rounds + 1):
            for ours, medians in zip(clients, taken, strict=True):
                medians.append(percentile(await together_ms(ours, names), 50))
                await asyncio.sleep(1.0)
        for ours in clients:
            await close_all(ours)
        name = f"{users} people × {count} AIs at once: first token p50, ms"
        pairs.append(Pair(name, *(statistics.median(medians[1:]) for medians in taken)))
    return pairs


async def idle_sockets(sites: Sites, count: int) -> list[Pair]:
    """What it takes to open a socket, 50 at a time, and to hold one on which nothing happens."""
    figures: list[tuple[float, float, float]] = []
    held = []
    for site in sites:
        people = await asyncio.to_thread(site.people, -(-count // SOCKETS_A_PERSON), SOCKETS_A_PERSON)
        before_kb, before = site.meter.anonymous_kb(), site.meter.cpu_s()
        clients, joined_ms = await open_many(site, people, count)
        used = own(less(site.meter.cpu_s(), before))
        await asyncio.sleep(SETTLE_S)
        kept_kb = site.meter.anonymous_kb() - before_kb
        figures.append((percentile(joined_ms, 50), used * 1000 / count, kept_kb / count))
        # Open until both are measured: what one has freed would be the other's.
        held += clients
    await close_all(held)
    names = ("open a socket, 50 at a time: p50 ms", "open a socket: CPU ms", "an idle socket: kB")
    return [Pair(name, *pair) for name, pair in zip(names, zip(*figures, strict=True), strict=True)]


async def loads(sites: Sites, streams: int, seconds: float, rounds: int) -> list[Pair]:
    """CPU and latency of so many streams at once, the rounds alternating; medians of the rounds."""
    runs: tuple[list[Load], list[Load]] = ([], [])
    for _ in range(rounds):
        for site, done in zip(sites, runs, strict=True):
            done.append(await through_webox(site, streams, seconds, 0))
    of = f"{streams} streams"

    def pair(name: str, value: object) -> Pair:
        assert callable(value)
        return Pair(f"{of}: {name}", *(statistics.median(map(value, done)) for done in runs))

    failed = [sum(one.failed + one.gaps for one in done) for done in runs]
    print(f"{of}: failed answers and gaps past {failed[0]}, through {failed[1]}", flush=True)
    print(f"{of}: CPU of the front itself, s for 1,000 tokens: {runs[1][-1].steady_cpu.get('front', 0):.3f}")
    return [
        pair("CPU s for 1,000 tokens, WeBox and front", lambda one: own(one.steady_cpu)),
        pair("delta p50, ms", lambda one: statistics.median(one.steady_latency_ms)),
        pair("delta p99, ms", lambda one: percentile(one.steady_latency_ms, 99)),
    ]


async def measure(sites: Sites, options: argparse.Namespace) -> None:
    for site in sites:
        await warm_up(site)
    # First: what many have used and left would be theirs.
    pairs = await idle_sockets(sites, options.sockets)
    pairs += [pair for count in (1, 4, 8) for pair in await firsts(sites, count, options.turns)]
    pairs += await turns_cost(sites, options.turns)
    pairs += await all_together(sites, options.rounds)
    for streams in options.sizes:
        pairs += await loads(sites, streams, options.seconds, options.rounds)
    print("\n### With and without the front (scaled)\n")
    print(table(["", "past it", "through it", "ratio", ""], [pair.row() for pair in pairs]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.front", description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--sockets", type=int, default=100, help="idle ones")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 64, 128])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with running_bench("scaled") as bench, tempfile.TemporaryDirectory(prefix="webox-front-") as name:
        front = Front(Path(name), [f"127.0.0.1:{bench.site.port}"])
        front.start()
        try:
            wait_until(front.root_certificate.exists, 30, "the front has its certificate")
            run(measure((bench, behind(bench, front)), options))
        finally:
            front.terminate()


if __name__ == "__main__":
    main()
