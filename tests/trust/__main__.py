"""`python -m tests.trust coverage`: every branch; `python -m tests.trust mutate [MODULE…]`: faults put in.

On Linux and macOS. Both say what the tests let through, and end with 1 where it is too much.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.trust.branches import branches_taken
from tests.trust.forks import Tried, try_mutants
from tests.trust.modules import ROOMS, Trusted

KILLED_AT_LEAST = 0.85


def main(words: Sequence[str]) -> int:
    """Do what the words say; 0 where the tests hold the code."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("command", choices=["coverage", "mutate"])
    parser.add_argument("modules", nargs="*", help="paths, or rooms: " + ", ".join(ROOMS))
    args = parser.parse_args(words)
    rooms = {
        room: [one for one in all_ if not args.modules or {room, one.path} & {*args.modules}]
        for room, all_ in ROOMS.items()
    }
    return coverage(rooms) if args.command == "coverage" else mutate(rooms)


def coverage(rooms: dict[str, list[Trusted]]) -> int:
    """Print what no test takes."""
    taken = branches_taken([module for modules in rooms.values() for module in modules])
    if taken is None:
        print("The tests fail.")
        return 1
    by_path = {one.path: one for one in taken}
    for room, modules in rooms.items():
        for module in modules:
            one = by_path[module.path]
            print(
                f"{room:<11} {one.path:<34} {one.lines:>5} lines {one.branches:>5} branches",
                *one.missing,
                sep="  ",
            )
    missing = sum(len(one.missing) for one in taken)
    print(f"In all: {sum(one.branches for one in taken)} branches, {missing} places that no test takes")
    return 1 if missing else 0


def mutate(rooms: dict[str, list[Trusted]]) -> int:
    """Print which faults no test notices."""
    room_of = {module.path: room for room, modules in rooms.items() for module in modules}
    began, done = time.monotonic(), list[Tried]()
    # What pytest says of one test after another is of no use here.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def tell(tried: Tried) -> None:
        done.append(tried)
        print(f"{room_of[tried.path]:<11} {tried.path:<34} {figures(tried)}", file=out)
        for line in tried.survivors:
            print(f"    {tried.path}:{line}", file=out)
        out.flush()

    fault = try_mutants([module for modules in rooms.values() for module in modules], tell)
    if fault:
        print(f"Stopped: {fault}", file=out, flush=True)
        return 1
    killed, count = (sum(getattr(one, name) for one in done) for name in ("killed", "tried"))
    share = killed / count if count else 0.0
    took_s = time.monotonic() - began
    print(f"In all: {killed} of {count} mutants killed ({share:.1%}), {took_s:.0f} s", file=out, flush=True)
    return 0 if share >= KILLED_AT_LEAST else 1


def figures(tried: Tried) -> str:
    """How many were killed, in words."""
    late = f", {tried.timed_out} of them by the clock" if tried.timed_out else ""
    return f"{tried.killed}/{tried.tried} killed{late}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
