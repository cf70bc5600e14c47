"""How long lists take, for owners of few and of very many conversations.

Run: `.venv/bin/python -m bench.lists --mode embedded`. Owners of all sizes share one site and take turns, so
that what else the machine does meets all of them.
"""

import argparse
import statistics
import time

import httpx

from bench.kit.measure import table
from bench.kit.site import Person, running_bench

WARM_UP = 3
LISTS = {
    "first page": "?limit=100",
    "one folder": "?limit=100&folder=Folder+3",
    "a week": "?limit=100&since={since}&until={until}",
    "archived": "?limit=100&archived=true",
    "search, much found": "?limit=100&search=asked+day",
    "search, one found": "?limit=100&search=day+42",
    "by title": "?limit=100&order=title",
    "last page": "?limit=100&offset={last}",
    "one tag": "?limit=100&tag=tag",
    "favourites": "?limit=100&favourite=true",
    "folders": "/../folders",
    "tags": "/../tags",
    "full text, all titles": "/../search?words=asked+day",
    "full text, many answers": "/../search?words=sentence",
    "full text, a beginning": "/../search?words=a",
    "full text, one found": "/../search?words=42+day",
    "full text, none found": "/../search?words=nowhere",
}


def page_ms(client: httpx.Client, person: Person, path: str) -> float:
    began = time.perf_counter()
    client.get(f"/api/chat/conversations{path}", headers=person.headers).raise_for_status()
    return (time.perf_counter() - began) * 1000


def week_of(owner: int) -> dict[str, str]:
    """The last week; and where the last page begins."""
    now = time.time()
    moments = {"since": now - 7 * 24 * 3600, "until": now}
    words = {name: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for name, at in moments.items()}
    return words | {"last": str(max(0, owner - 100))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("embedded", "scaled"), default="embedded")
    parser.add_argument("--owners", type=int, nargs="*", default=[100, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    with (
        running_bench(options.mode) as bench,
        httpx.Client(base_url=bench.site.url, trust_env=False, timeout=60) as client,
    ):
        people = {owner: bench.seed("many", owner)[0] for owner in options.owners}
        rows = []
        for name, path in LISTS.items():
            found: dict[int, list[float]] = {owner: [] for owner in people}
            for _ in range(WARM_UP + options.repeats):
                for owner, person in people.items():
                    found[owner].append(page_ms(client, person, path.format(**week_of(owner))))
            middle = [statistics.median(times[WARM_UP:]) for times in found.values()]
            rows.append([name, *middle, middle[-1] / middle[0]])
        heads = ["p50 ms", *(f"{owner:,} conversations" for owner in people), "last over first"]
        print(f"\n### Lists ({options.mode})\n")
        print(table(heads, rows))


if __name__ == "__main__":
    main()
