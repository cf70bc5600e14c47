"""What the chat page costs the browser, beside the naive way: the whole text rendered as each piece comes.

Run: `.venv/bin/python -m bench.browser` (Linux, with Chromium). Eight AIs write code and tables into one
turn, in a new conversation and in a long one, which is also opened; both ways in one run, on one site.
"""

import argparse
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession

from bench.kit.measure import judged, percentile, table
from bench.kit.site import Bench, Person, running_bench
from bench.kit.vendors import VENDORS, prose_model, targets
from tests.browser.kit.browser import DESKTOP, Visitor, running_chromium, session_of
from tests.site.running import Account

HERE = Path(__file__).parent
PROBE = HERE / "browser_probe.js"
WAYS = ("WeBox", "naive")
READER = "reader"
BUSY_AIM_PERCENT, TASK_AIM_MS, FRAMES_AIM, OPEN_AIM_S = 50.0, 200.0, 50, 1.5
QUIET_LOAD = 1.0
"""Processes that want a processor before the run; with more of them, figures by the clock say little."""
POLL_S = 1.0
FASTEST_TASK_MS = 50
"""Browsers report no task that is shorter."""


@dataclass(frozen=True)
class Turn:
    """What one turn took of the page's main thread, until all is shown or patience ends."""

    way: str
    where: str
    seconds: float
    shown_percent: float
    busy_percent: float
    cpu_s: float
    frames_a_second: float
    tasks_ms: list[float]
    states: dict[str, int]

    @property
    def longest_ms(self) -> float:
        return max(self.tasks_ms, default=0.0)


@dataclass(frozen=True)
class Opening:
    """Seconds after the address was entered."""

    received_s: float
    """The page's HTML is there, with all messages in it."""
    shown_s: float


class Reader:
    """A person with a browser, which has the page as it is, or with the naive way in it."""

    def __init__(self, browser: Browser, bench: Bench, account: Account, way: str) -> None:
        self._account = account
        self._way = way
        self._visitor = Visitor(browser, bench.site, DESKTOP).carry(session_of(bench.site, account.name))
        context = self._visitor.context
        context.add_init_script(path=PROBE)
        if way == "naive":
            for name in ("markdown.js", "flusher.js"):
                code = (HERE / "naive" / name).read_text()
                context.route(f"**/static/*/chat/{name}", _serve(code))
        self._page = self._visitor.page
        self._devtools: CDPSession = context.new_cdp_session(self._page)
        self._devtools.send("Performance.enable")

    def close(self) -> None:
        self._visitor.close()

    def open(self, conversation_id: int) -> Opening:
        """Enter the conversation's address, and wait for the frame that shows the last turn's answers."""
        self._page.goto(f"/chat/{conversation_id}", wait_until="commit")
        self._page.wait_for_function("() => probe.shownAt !== null")
        received_ms, shown_ms = self._page.evaluate("probe.opened()")
        self._leave()
        return Opening(received_ms / 1000, shown_ms / 1000)

    def watch(self, conversation_id: int, where: str, model: str, patience_s: float) -> Turn:
        """Ask eight AIs, and look at what their answers cost."""
        self._page.goto(f"/chat/{conversation_id}", wait_until="networkidle")
        self._page.evaluate("probe.begin()")
        before, began = self._metrics(), time.monotonic()
        with self._asked(conversation_id, model) as asked:
            progress = self._follow(began + patience_s)
            measured = self._page.evaluate("probe.end()")
            used = _less(self._metrics(), before)
            written = asked.result()
        self._leave()
        seconds = (measured["to"] - measured["from"]) / 1000
        return Turn(
            way=self._way,
            where=where,
            seconds=seconds,
            shown_percent=100 * progress["chars"] / written,
            busy_percent=100 * used["TaskDuration"] / used["Timestamp"],
            cpu_s=used["ThreadTime"],
            frames_a_second=_median_frames(measured["frames"], measured["from"], measured["to"]),
            tasks_ms=[duration for _, duration in measured["tasks"]],
            states=dict(Counter(progress["states"])),
        )

    def _follow(self, until: float) -> dict[str, Any]:
        """Wait until all is on the page, or until it is time; how far the page is by then."""
        while True:
            progress: dict[str, Any] = self._page.evaluate("probe.progress()")
            if progress["ended"] or time.monotonic() > until:
                return progress
            self._page.wait_for_timeout(POLL_S * 1000)

    @contextmanager
    def _asked(self, conversation_id: int, model: str) -> Iterator[Future[int]]:
        """The turn, asked by another client of the same person: how many characters were written."""
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(_ask, self._account, conversation_id, targets(len(VENDORS), model))

    def _leave(self) -> None:
        """Cost nothing while the other way is measured."""
        self._page.goto("about:blank")

    def _metrics(self) -> dict[str, float]:
        got = self._devtools.send("Performance.getMetrics")
        return {one["name"]: one["value"] for one in got["metrics"]}


def _serve(code: str) -> Any:
    return lambda route: route.fulfill(body=code, content_type="text/javascript")


def _ask(account: Account, conversation_id: int, names: list[str]) -> int:
    body = {
        "conversation_id": conversation_id,
        "message": "Explain it with code and a table.",
        "selected_providers": names,
    }
    with httpx.Client(base_url=account.site.url, trust_env=False, timeout=None) as client:  # noqa: S113
        got = client.post("/api/chat/send", json=body, headers=account.headers)
    got.raise_for_status()
    return sum(len(text) for text in got.json()["ai_responses"].values())


def _less(later: dict[str, float], earlier: dict[str, float]) -> dict[str, float]:
    return {name: value - earlier[name] for name, value in later.items()}


def _median_frames(frames: list[float], from_ms: float, to_ms: float) -> float:
    """The middle of how many frames each whole second had."""
    by_second = Counter(int((at - from_ms) // 1000) for at in frames)
    return statistics.median(by_second[second] for second in range(max(1, int((to_ms - from_ms) // 1000))))


def turns(readers: dict[str, Reader], person: Person, options: argparse.Namespace) -> Iterator[Turn]:
    """Both ways, in a new conversation and in the long one, taking turns."""
    long, new = person.conversations[0], person.conversations[1:]
    model = prose_model(options.rate, options.seconds)
    patience_s = options.seconds + options.patience
    for way, fresh in zip(WAYS, new, strict=False):
        yield readers[way].watch(fresh, "a new conversation", model, patience_s)
    for way in WAYS:
        yield readers[way].watch(long, f"after {options.turns} turns", model, patience_s)


def opened(readers: dict[str, Reader], conversation_id: int, times: int) -> dict[str, list[Opening]]:
    """The long conversation, opened in turn; each way's first has empty caches."""
    found: dict[str, list[Opening]] = {way: [] for way in WAYS}
    for _ in range(times):
        for way in WAYS:
            found[way].append(readers[way].open(conversation_id))
    return found


def print_opened(found: dict[str, list[Opening]], turns: int, is_quiet: bool) -> None:
    print(f"\n### Opening a conversation of {turns} turns of {len(VENDORS)} AIs\n")
    rows: list[list[object]] = []
    for way, (first, *more) in found.items():
        shown_s = statistics.median(one.shown_s for one in more)
        aim = judged(shown_s, OPEN_AIM_S, valid=is_quiet) if way == "WeBox" else "–"
        received_s = statistics.median(one.received_s for one in more)
        rows.append([way, first.shown_s, received_s, shown_s, max(one.shown_s for one in more), aim])
    heads = ["s", "first, nothing cached", "HTML received p50", "shown p50", "slowest", "aim"]
    print(table(heads, rows), flush=True)


def print_turns(found: Iterable[Turn], options: argparse.Namespace, is_quiet: bool) -> None:
    """Row by row as they come: the naive way can keep one waiting."""
    print(f"\n### {len(VENDORS)} AIs × {options.rate} tokens/s × {options.seconds:g} s\n")
    heads = ["", "measured s", "shown %", "main thread busy %", "its CPU s", "frames/s, median"]
    heads += [f"tasks ≥ {FASTEST_TASK_MS} ms", "p95 ms", "longest ms", "answers"]
    print(table(heads, []), flush=True)
    for one in found:
        print(table(heads, [_row(one)]).rpartition("\n")[2], flush=True)
    print(
        f"\nAims: busy ≤ {BUSY_AIM_PERCENT:g} %, no task over {TASK_AIM_MS:g} ms, {FRAMES_AIM} frames/s."
        f"{'' if is_quiet else ' The machine has other work: what the clock says here says little.'}"
    )


def _row(turn: Turn) -> list[object]:
    return [
        f"{turn.way}, {turn.where}",
        turn.seconds,
        turn.shown_percent,
        turn.busy_percent,
        turn.cpu_s,
        turn.frames_a_second,
        len(turn.tasks_ms),
        percentile(turn.tasks_ms, 95),
        turn.longest_ms,
        ", ".join(f"{count} {state}" for state, count in turn.states.items()),
    ]


def measure(bench: Bench, browser: Browser, options: argparse.Namespace) -> None:
    load = os.getloadavg()[0]
    is_quiet = load <= QUIET_LOAD
    account = bench.site.account(READER)
    user_id = account.get("/api/auth/me").json()["id"]
    [person] = bench.seed("read", user_id, options.turns, len(VENDORS))
    print(f"Load before the run: {load:.1f}", flush=True)
    readers = {way: Reader(browser, bench, account, way) for way in WAYS}
    print_opened(opened(readers, person.conversations[0], options.opens), options.turns, is_quiet)
    print_turns(turns(readers, person, options), options, is_quiet)
    for reader in readers.values():
        reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each answer is written")
    parser.add_argument("--rate", type=int, default=50, help="tokens a second of each answer")
    parser.add_argument("--turns", type=int, default=200, help="of the long conversation")
    parser.add_argument("--opens", type=int, default=6, help="how often it is opened")
    parser.add_argument("--patience", type=float, default=15.0, help="seconds the page may be late")
    options = parser.parse_args()
    with running_bench("embedded") as bench, running_chromium() as browser:
        measure(bench, browser, options)


if __name__ == "__main__":
    main()
