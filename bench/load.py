"""Many streams at once: CPU a token, latency of every token, memory a stream, beside the direct client."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp

from bench.kit.clients import Samples, ask_directly, open_socket
from bench.kit.measure import judged, less, own, percentile, table
from bench.kit.site import Bench
from bench.kit.stamp_vendor import now_us
from bench.kit.vendors import VENDORS, model, targets, tokens_of

TOKENS_PER_S = 50
ASKED_WITHIN_S = 1.0
"""People come one after another: all in one moment is bench.first's measure."""
RAMP_S, TAIL_S = 3.0, 1.0
"""What is not steady: the start, and the end."""
PATIENCE_S = 60
CPU_AIMS_S = {8: 0.15, 64: 0.07, 256: 0.06}
TLS_AIM_S = 0.03
PART_AIMS_S = {"web": 0.025, "worker": 0.07, "redis": 0.006}
PARTS_AT = 64
P99_AIMS_MS = {64: 45.0, 128: 50.0, 256: 75.0}
QUIET_P99_MS = 5.0
"""Where the direct client itself sees more, the machine was too busy to judge."""
STREAM_AIM_KB = 60.0


@dataclass
class Load:
    """One run of so many streams. CPU is in seconds for 1,000 tokens."""

    cpu: dict[str, float]
    steady_cpu: dict[str, float]
    latency_ms: list[float]
    steady_latency_ms: list[float]
    stream_kb: float = 0.0
    failed: int = 0
    gaps: int = 0


class Window:
    """The steady part of a run."""

    def __init__(self, read_cpu: Callable[[], dict[str, float]]) -> None:
        self._read = read_cpu
        self.began_us = self.ended_us = 0
        self.used: dict[str, float] = {}

    async def wait(self, seconds: float) -> None:
        """Lasts from after the start to before the end of streams of so many seconds, begun now."""
        await asyncio.sleep(RAMP_S)
        before, self.began_us = await asyncio.to_thread(self._read), now_us()
        await asyncio.sleep(max(1.0, seconds - RAMP_S - TAIL_S))
        self.used, self.ended_us = less(await asyncio.to_thread(self._read), before), now_us()


async def through_webox(bench: Bench, streams: int, seconds: float, idle_kb: int) -> Load:
    """One socket a user, eight AIs a user. `idle_kb` is what the site needed before all runs."""
    count = min(streams, len(VENDORS))
    name = model(TOKENS_PER_S, seconds)
    people = await asyncio.to_thread(bench.people, streams // count)
    clients = [await open_socket(bench, person, person.conversations[0]) for person in people]
    before = bench.meter.cpu_s()
    window = Window(bench.meter.cpu_s)
    steady = asyncio.create_task(window.wait(seconds))
    turns = []
    for client in clients:
        turns.append(await client.ask(targets(count, name)))
        await asyncio.sleep(ASKED_WITHIN_S / len(clients))
    await steady
    running_kb = await asyncio.to_thread(bench.meter.anonymous_kb)
    async with asyncio.timeout(seconds + PATIENCE_S):
        await asyncio.gather(*(turn.complete for turn in turns))
    await asyncio.sleep(ASKED_WITHIN_S)
    used = less(bench.meter.cpu_s(), before)
    for client in clients:
        await client.aclose()
    return _load(
        [client.samples for client in clients],
        used,
        window,
        stream_kb=(running_kb - idle_kb) / streams,
        failed=sum(len(client.failed) + bool(client.missing_chars) for client in clients),
        gaps=sum(client.gaps for client in clients),
        expected=streams * tokens_of(name),
    )


async def directly(bench: Bench, session: aiohttp.ClientSession, streams: int, seconds: float) -> Load:
    """The same streams read by a client that asks the vendor itself, in this process."""

    def read_cpu() -> dict[str, float]:
        return {"client": time.process_time()}

    async def read(number: int) -> Samples:
        samples = Samples()
        await asyncio.sleep(ASKED_WITHIN_S * number / streams)
        await ask_directly(session, bench.vendor_url, name, samples)
        return samples

    name = model(TOKENS_PER_S, seconds)
    before, window = read_cpu(), Window(read_cpu)
    steady = asyncio.create_task(window.wait(seconds))
    samples = await asyncio.gather(*(read(number) for number in range(streams)))
    await steady
    used = less(read_cpu(), before)
    return _load(samples, used, window, expected=streams * tokens_of(name))


def _load(
    samples: Sequence[Samples],
    used: dict[str, float],
    window: Window,
    *,
    expected: int,
    stream_kb: float = 0.0,
    failed: int = 0,
    gaps: int = 0,
) -> Load:
    whole = [latency for one in samples for latency in one.latencies_ms()]
    steady = [latency for one in samples for latency in one.latencies_ms(window.began_us, window.ended_us)]
    if len(whole) != expected:
        print(f"{expected - len(whole)} of {expected} tokens did not come as deltas", flush=True)
    return Load(
        {part: cpu_s * 1000 / expected for part, cpu_s in used.items()},
        {part: cpu_s * 1000 / max(1, len(steady)) for part, cpu_s in window.used.items()},
        whole,
        steady,
        stream_kb,
        failed,
        gaps,
    )


async def load(
    bench: Bench, session: aiohttp.ClientSession, sizes: Sequence[int], seconds: float, rounds: int
) -> None:
    """Print the tables of every size: the direct client and WeBox one after the other, each round."""
    found: dict[int, list[tuple[Load, Load]]] = {}
    idle_kb = bench.meter.anonymous_kb()
    for streams in sizes:
        found[streams] = []
        for _ in range(rounds):
            direct = await directly(bench, session, streams, seconds)
            found[streams].append((direct, await through_webox(bench, streams, seconds, idle_kb)))
    how = f"({bench.mode}{', TLS' if bench.trust else ''}), {seconds:g} s, median of {rounds}"
    print(f"\n### Server CPU seconds for 1,000 tokens {how}\n")
    heads = ["streams", "whole run", "steady", "aim", "direct client", "× direct", "kB a stream", "aim"]
    print(table(heads, [_cpu_row(bench, *one) for one in found.items()]))
    if bench.mode == "scaled":
        _print_parts(found)
    print(f"\n### Milliseconds from the vendor's write to the socket client {how}\n")
    heads = ["streams", "steady p50", "steady p99", "aim", "whole run p50", "p99"]
    heads += ["direct p50", "direct p99", "failed answers", "gaps"]
    print(table(heads, [_latency_row(*one) for one in found.items()]), flush=True)


def _median(runs: Sequence[tuple[Load, Load]], value: Callable[[Load, Load], float]) -> float:
    return statistics.median(value(*one) for one in runs)


def _cpu_row(bench: Bench, streams: int, runs: Sequence[tuple[Load, Load]]) -> list[object]:
    whole = _median(runs, lambda _, webox: own(webox.cpu))
    aim = CPU_AIMS_S.get(streams, float("nan")) + (TLS_AIM_S if bench.trust else 0)
    stream_kb = _median(runs, lambda _, webox: webox.stream_kb)
    is_judged = streams in CPU_AIMS_S and bench.mode == "embedded"
    return [
        streams,
        whole,
        _median(runs, lambda _, webox: own(webox.steady_cpu)),
        judged(whole, aim) if is_judged else "–",
        _median(runs, lambda direct, _: own(direct.cpu)),
        _median(runs, lambda direct, webox: own(webox.cpu) / own(direct.cpu)),
        stream_kb,
        judged(stream_kb, STREAM_AIM_KB),
    ]


def _print_parts(found: dict[int, list[tuple[Load, Load]]]) -> None:
    parts = sorted({part for runs in found.values() for _, webox in runs for part in webox.cpu})
    rows: list[list[object]] = []
    for streams, runs in found.items():
        medians = {part: statistics.median(webox.cpu.get(part, 0.0) for _, webox in runs) for part in parts}
        rows.append([streams, *medians.values()])
        if streams == PARTS_AT:
            rows.append(
                [
                    "aim",
                    *(
                        judged(value, PART_AIMS_S[part]) if part in PART_AIMS_S else "–"
                        for part, value in medians.items()
                    ),
                ]
            )
    print("\n### The same by process, whole run\n")
    print(table(["streams", *parts], rows))


def _latency_row(streams: int, runs: Sequence[tuple[Load, Load]]) -> list[object]:
    steady_p99 = _median(runs, lambda _, webox: percentile(webox.steady_latency_ms, 99))
    direct_p99 = _median(runs, lambda direct, _: percentile(direct.steady_latency_ms, 99))
    aim = P99_AIMS_MS.get(streams)
    return [
        streams,
        _median(runs, lambda _, webox: percentile(webox.steady_latency_ms, 50)),
        steady_p99,
        judged(steady_p99, aim, valid=direct_p99 <= QUIET_P99_MS) if aim else "–",
        _median(runs, lambda _, webox: percentile(webox.latency_ms, 50)),
        _median(runs, lambda _, webox: percentile(webox.latency_ms, 99)),
        _median(runs, lambda direct, _: percentile(direct.steady_latency_ms, 50)),
        direct_p99,
        sum(webox.failed for _, webox in runs),
        sum(webox.gaps for _, webox in runs),
    ]
