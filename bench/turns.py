"""What a turn costs and how late its tokens come, each beside a client that asks the vendor itself.

Run: `.venv/bin/python -m bench.turns --mode embedded` (Linux: it reads /proc). `--only` names what is
measured, `--help` the rest. All of one run is measured on one new site, which ends with it.
"""

import argparse
import asyncio
import statistics

from bench.first import cpu_to_start, first_tokens, idle_cpu, together, warm_up
from bench.growth import growth
from bench.kit.clients import direct_session, run
from bench.kit.measure import judged, table
from bench.kit.site import Bench, running_bench
from bench.load import load

MEASURES = ("idle", "first", "cpu", "load", "together", "growth")
STARTS = 4
IDLE_AIM_MB, START_AIM_S = 120.0, 3.0
SETTLE_S = 3.0


async def idle(bench: Bench) -> None:
    """Print what a site needs that nobody uses, and how long it took to start."""
    await asyncio.sleep(SETTLE_S)
    memory_kb = bench.meter.pss_kb()
    cpu = await idle_cpu(bench)
    megabytes = sum(memory_kb.values()) / 1024
    again_s = statistics.median(bench.starts_s[1:] or bench.starts_s)
    memory_aim = judged(megabytes, IDLE_AIM_MB) if bench.mode == "embedded" else "–"
    rows: list[list[object]] = [
        ["memory MB (PSS)", megabytes, memory_aim, _by_part(memory_kb, 1024)],
        ["CPU ms a second", sum(cpu.values()) * 1000, "–", _by_part(cpu, 1 / 1000)],
        ["first start to first page s", bench.starts_s[0], "–", "migrates"],
        ["later starts s", again_s, judged(again_s, START_AIM_S), f"median of {len(bench.starts_s) - 1}"],
    ]
    print(f"\n### Idle ({bench.mode})\n")
    print(table(["", "value", "aim", "of it"], rows), flush=True)


def _by_part(values: dict[str, int] | dict[str, float], unit: float) -> str:
    return ", ".join(f"{part} {value / unit:.1f}" for part, value in sorted(values.items()))


async def measure(bench: Bench, options: argparse.Namespace) -> None:
    wanted = options.only or MEASURES
    if "idle" in wanted:
        await idle(bench)
    async with direct_session(bench.trust) as session:
        await warm_up(bench)
        if "first" in wanted:
            await first_tokens(bench, session, options.turns)
        if "cpu" in wanted:
            await cpu_to_start(bench, session, options.turns)
        if "load" in wanted:
            await load(bench, session, options.sizes, options.seconds, options.rounds)
        if "together" in wanted:
            await together(bench, session, options.rounds)
        if "growth" in wanted:
            await growth(bench, session, options.messages, options.conversations)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    parser.add_argument("--mode", choices=["embedded", "scaled"], default="embedded")
    parser.add_argument("--tls", action="store_true", help="the vendor speaks TLS")
    parser.add_argument("--no-deflate", action="store_true", help="sockets do not offer to compress")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help="all unless given")
    parser.add_argument("--turns", type=int, default=100, help="turns of `first` and `cpu`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 64, 128, 256], help="streams of `load`")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each stream of `load` lasts")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of `load` and `together`")
    parser.add_argument("--messages", type=int, default=1000, help="the long conversation of `growth`")
    parser.add_argument("--conversations", type=int, default=100_000, help="the owner's of `growth`")
    options = parser.parse_args()
    starts = STARTS if "idle" in (options.only or MEASURES) else 1
    deflate = not options.no_deflate
    with running_bench(options.mode, tls=options.tls, starts=starts, deflate=deflate) as bench:
        run(measure(bench, options))


if __name__ == "__main__":
    main()
