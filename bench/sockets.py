"""Many sockets: what each costs, whether the offsets stay whole, reconnect storms, and long use.

Run: `.venv/bin/python -m bench.sockets --mode embedded` for a short look at idle sockets, streams and a storm
(Linux: it reads /proc). `--idle 1000`, `--sockets 200 --minutes 10`, `--storm 300` and `--soak 60` are the
long ones; each measures that alone.
"""

import argparse
import asyncio
import os
import resource
import time

import aiohttp

from bench.first import warm_up
from bench.kit.clients import Samples, SocketClient, ask_directly, direct_session, open_socket, run
from bench.kit.measure import less, own, percentile, pss_kb, table
from bench.kit.site import Bench, Person, running_bench
from bench.kit.vendors import model, targets
from bench.soak import soak
from bench.storm import storm

SOCKETS_A_PERSON = 20
CONNECTING_AT_ONCE = 50
WORKER_TURNS = 60
"""A worker runs 64 turns at once: in scaled mode the other sockets watch the same turns."""
DIRECT_S = 10.0
ASK_EVERY_S = 0.05
"""So that what is measured is the streams, not their start."""
PATIENCE_S = 120
SHORT_IDLE, SHORT_SOCKETS, SHORT_STORM = 100, 20, 30


async def open_many(bench: Bench, people: list[Person], count: int) -> tuple[list[SocketClient], list[float]]:
    """So many sockets on the people's conversations, in turn, and the milliseconds until each had joined."""
    free = asyncio.Semaphore(CONNECTING_AT_ONCE)
    places = [(person, one) for person in people for one in person.conversations]

    async def join(number: int) -> tuple[SocketClient, float]:
        async with free:
            began = time.perf_counter()
            client = await open_socket(bench, *places[number % len(places)])
            return client, (time.perf_counter() - began) * 1000

    joined = await asyncio.gather(*(join(number) for number in range(count)))
    return [client for client, _ in joined], [taken_ms for _, taken_ms in joined]


async def close_all(clients: list[SocketClient]) -> None:
    await asyncio.gather(*(client.aclose() for client in clients))


async def idle(bench: Bench, count: int, hold_s: float) -> None:
    """Print what sockets cost on which nothing happens."""
    people = await asyncio.to_thread(
        bench.people, -(-count // SOCKETS_A_PERSON), min(count, SOCKETS_A_PERSON)
    )
    before_kb, our_kb = bench.meter.anonymous_kb(), pss_kb(os.getpid(), "Pss_Anon")
    before = bench.meter.cpu_s()
    clients, joined_ms = await open_many(bench, people, count)
    opened = bench.meter.cpu_s()
    await asyncio.sleep(hold_s)
    holding = less(bench.meter.cpu_s(), opened)
    socket_kb = (bench.meter.anonymous_kb() - before_kb) / count
    our_socket_kb = (pss_kb(os.getpid(), "Pss_Anon") - our_kb) / count
    lost = sum(client.closed_with is not None for client in clients)
    await close_all(clients)
    rows: list[list[object]] = [
        ["kB a socket", socket_kb],
        ["kB a socket in the client, which holds the same connections", our_socket_kb],
        ["CPU ms to open one", own(less(opened, before)) * 1000 / count],
        ["CPU ms a second while all are held", own(holding) * 1000 / hold_s],
        [f"joined p50 ms ({CONNECTING_AT_ONCE} at a time)", percentile(joined_ms, 50)],
        ["joined p99 ms", percentile(joined_ms, 99)],
        [f"closed within {hold_s:g} s", lost],
    ]
    print(f"\n### {count:,} idle sockets ({bench.mode})\n")
    print(table(["", "value"], rows), flush=True)


async def streams(
    bench: Bench, session: aiohttp.ClientSession, count: int, ais: int, seconds: float, tokens_per_s: int
) -> None:
    """Print whether so many sockets get so many streams each without a gap, and how late."""
    name = model(tokens_per_s, seconds)
    turns = min(count, WORKER_TURNS) if bench.mode == "scaled" else count
    direct = await _directly(bench, session, turns * ais, min(seconds, DIRECT_S), tokens_per_s)
    people = await asyncio.to_thread(bench.people, turns)
    clients, _ = await open_many(bench, people, count)
    before = bench.meter.cpu_s()
    for client in clients[:turns]:
        await client.ask(targets(ais, name))
        await asyncio.sleep(ASK_EVERY_S)
    async with asyncio.timeout(turns * ASK_EVERY_S + seconds + PATIENCE_S):
        while not all(client.is_complete or client.closed_with is not None for client in clients):
            await asyncio.sleep(0.5)
    used = less(bench.meter.cpu_s(), before)
    latencies_ms = [latency for client in clients for latency in client.samples.latencies_ms()]
    expected = count * ais * round(tokens_per_s * seconds)
    rows: list[list[object]] = [
        ["tokens", f"{expected:,}", "–"],
        ["not come as deltas", expected - len(latencies_ms), "–"],
        ["gaps in the offsets", sum(client.gaps for client in clients), "–"],
        ["resumes sent", sum(client.resumes for client in clients), "–"],
        ["characters missing at an answer's end", sum(client.missing_chars for client in clients), "–"],
        ["failed answers", sum(len(client.failed) for client in clients), "–"],
        ["sockets closed", sum(client.closed_with is not None for client in clients), "–"],
        *([f"p{rank} ms", percentile(latencies_ms, rank), percentile(direct, rank)] for rank in (50, 95, 99)),
        ["server CPU s for 1,000 tokens", own(used) * 1000 / expected, "–"],
    ]
    await close_all(clients)
    what = f"{count} sockets × {ais} streams of {tokens_per_s} tokens/s, {seconds:g} s"
    print(f"\n### {what}, {turns} turns ({bench.mode})\n")
    print(table(["", "through WeBox", "direct client"], rows), flush=True)


async def _directly(
    bench: Bench, session: aiohttp.ClientSession, count: int, seconds: float, tokens_per_s: int
) -> list[float]:
    samples = Samples()
    name = model(tokens_per_s, seconds)
    await asyncio.gather(*(ask_directly(session, bench.vendor_url, name, samples) for _ in range(count)))
    return samples.latencies_ms()


async def measure(bench: Bench, options: argparse.Namespace) -> None:
    await warm_up(bench)
    is_short = not (options.idle or options.sockets or options.storm or options.soak)
    if options.idle or is_short:
        await idle(bench, options.idle or SHORT_IDLE, options.hold)
    if options.sockets or is_short:
        async with direct_session(bench.trust) as session:
            seconds = options.minutes * 60
            count = options.sockets or SHORT_SOCKETS
            await streams(bench, session, count, options.streams, seconds, options.pace)
    if options.storm or is_short:
        await storm(bench, options.storm or SHORT_STORM, WORKER_TURNS)
    if options.soak:
        await soak(bench, options.soak)


def raise_descriptor_limit() -> None:
    """As many files and sockets as this process may have; the site inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    parser.add_argument("--mode", choices=["embedded", "scaled"], default="embedded")
    parser.add_argument("--tls", action="store_true", help="the vendor speaks TLS")
    parser.add_argument("--no-deflate", action="store_true", help="sockets do not offer to compress")
    parser.add_argument("--idle", type=int, help="idle sockets to open")
    parser.add_argument("--hold", type=float, default=10.0, help="seconds to hold them")
    parser.add_argument("--sockets", type=int, help="sockets that watch streams")
    parser.add_argument("--streams", type=int, default=4, help="streams a socket")
    parser.add_argument("--minutes", type=float, default=0.2, help="how long they last")
    parser.add_argument("--pace", type=int, default=10, help="tokens a second of each")
    parser.add_argument("--storm", type=int, help="sockets to cut in mid-stream within 5 s")
    parser.add_argument("--soak", type=float, help="minutes of everyday use")
    options = parser.parse_args()
    raise_descriptor_limit()
    with running_bench(options.mode, tls=options.tls, deflate=not options.no_deflate) as bench:
        run(measure(bench, options))


if __name__ == "__main__":
    main()
