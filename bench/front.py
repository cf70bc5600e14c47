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

from bench.clients import open_socket, run
from bench.first import BATCH, COMMAND_EVERY_S, turn_firsts_ms, warm_up
from bench.load import Load, through_webox
from bench.measure import Meter, own, percentile, table
from bench.site import Bench, running_bench
from tests.faults.services import wait_until
from tests.production import Front

WARM_UP = 10
WORTH_EXPLAINING = 1.2


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


async def firsts(sites: tuple[Bench, Bench], count: int, turns: int) -> list[Pair]:
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


async def loads(sites: tuple[Bench, Bench], streams: int, seconds: float, rounds: int) -> list[Pair]:
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
        pair("CPU s for 1,000 tokens, all processes", lambda one: own(one.steady_cpu)),
        pair("delta p50, ms", lambda one: statistics.median(one.steady_latency_ms)),
        pair("delta p99, ms", lambda one: percentile(one.steady_latency_ms, 99)),
    ]


async def measure(sites: tuple[Bench, Bench], options: argparse.Namespace) -> None:
    for site in sites:
        await warm_up(site)
    pairs = [pair for count in (1, 4, 8) for pair in await firsts(sites, count, options.turns)]
    for streams in options.sizes:
        pairs += await loads(sites, streams, options.seconds, options.rounds)
    print("\n### With and without the front (scaled)\n")
    print(table(["", "past it", "through it", "ratio", ""], [pair.row() for pair in pairs]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.front", description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
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
