"""What the dashboards and the counting cost with a long history: 1,000 people × 1,000 turns on SQLite.

Run: `.venv/bin/python -m bench.usage`, with `--people`, `--turns`, `--answers`, `--hour`. In one process:
pages are asked through Django’s own handler, so that the time is the server’s alone.
"""

import argparse
import itertools
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from bench.kit.measure import judged, table

PROVIDERS = ("openai", "anthropic", "mistral", "google", "deepseek")
PAGE_AIM_MS, HOUR_AIM_S = 300.0, 60.0
DAYS = 365
COLUMNS = (
    *("user_id", "purpose", "answer_id", "message_id", "conversation_id", "provider", "model", "payer"),
    *("messages", "is_first", "is_first_of_provider", "asked_at", "reserved_input_tokens", "reserved_tokens"),
    *("reserved_nanousd", "outcome", "input_tokens", "output_tokens", "reasoning_tokens", "nanousd"),
    *("is_estimated", "first_token_ms", "total_ms", "settled_at", "is_counted"),
)


def entries(
    user_ids: list[int], turns: int, answers: int, moment: Callable[[int], datetime], first_id: int
) -> Iterator[tuple[Any, ...]]:
    """Ledger rows: so many turns of each person, each put to so many AIs."""
    chance = random.Random(first_id)  # figures, no secrets
    answer_id = first_id
    for user_id in user_ids:
        for turn in range(turns):
            at = moment(turn).isoformat(sep=" ")
            conversation_id = user_id * 1000 + turn // 5
            for position in range(answers):
                answer_id += 1
                first_ms = int(chance.lognormvariate(6.5, 0.5))
                yield (
                    *(user_id, "answer", answer_id, answer_id - position, conversation_id),
                    *(PROVIDERS[(user_id + position) % len(PROVIDERS)], "model", "server"),
                    *(position == 0, position == 0, True, at, 0, 0, 0),
                    *("done" if chance.random() > 0.02 else "failed", 800, 500, 0),
                    *(chance.randrange(1_000_000, 20_000_000), False, first_ms, first_ms + 7_000, at, False),
                )


def insert(rows: Iterator[tuple[Any, ...]]) -> None:
    """Past the ORM: it would take longer than what is measured."""
    connection = import_module("django.db").connection
    places = ", ".join(["%s"] * len(COLUMNS))
    sql = f"INSERT INTO accounts_ledgerentry ({', '.join(COLUMNS)}) VALUES ({places})"  # noqa: S608
    with import_module("django.db.transaction").atomic(), connection.cursor() as cursor:
        # Django keeps a whole iterator that it is given.
        while batch := list(itertools.islice(rows, 10_000)):
            cursor.executemany(sql, batch)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def page_ms(client: Any, path: str, times: int = 15) -> list[float]:
    """How long the server takes for a page, once it is warm."""
    client.get(path)
    found = []
    for _ in range(times):
        began = time.perf_counter()
        answer = client.get(path)
        found.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.status_code
    return found


def people(count: int) -> list[Any]:
    """So many accounts, and the owner, who comes first."""
    user = import_module("accounts.models").User
    owner = user.objects.create_superuser("owner", "owner@example.org", None)
    made = [user.objects.create_user(f"p{number}", f"p{number}@example.org", None) for number in range(count)]
    return [owner, *made]


def measure(options: argparse.Namespace) -> None:
    aggregate = import_module("dashboard.aggregate")
    client_class = import_module("django.test").Client
    now = datetime.now(UTC)
    owner, *others = people(options.people)
    ids = [user.pk for user in others]
    step = timedelta(days=DAYS) / options.turns
    rows: list[list[object]] = []

    def count(first_id: int, user_ids: list[int], turns: int, moment: Callable[[int], datetime]) -> float:
        insert(entries(user_ids, turns, options.answers, moment, first_id))
        return timed(aggregate.count_new)

    few = max(1, options.people // 100)
    spent_s = count(0, ids[:few], options.turns, lambda turn: now - turn * step)
    amount = few * options.turns * options.answers
    rows.append(
        [f"{amount:,} answers of {few} people", f"{spent_s:.1f} s", amount / spent_s, peak_mib(), "–"]
    )
    small = pages(client_class, owner, others[0])
    spent_s = count(10**9, ids[few:], options.turns, lambda turn: now - turn * step)
    amount = (len(ids) - few) * options.turns * options.answers
    rows.append([f"{amount:,} more, of all", f"{spent_s:.1f} s", amount / spent_s, peak_mib(), "–"])
    per_person = max(1, options.hour // options.answers // len(ids))
    spent_s = count(2 * 10**9, ids, per_person, lambda turn: now - timedelta(seconds=turn))
    amount = len(ids) * per_person * options.answers
    aim = judged(spent_s, HOUR_AIM_S, valid=True)
    rows.append([f"one hour’s {amount:,} answers", f"{spent_s:.1f} s", amount / spent_s, peak_mib(), aim])
    large = pages(client_class, owner, others[0])
    print("\n### Counting\n")
    print(table(["", "time", "answers/s", "peak MiB", f"aim: {HOUR_AIM_S:g} s"], rows))
    print("\n### Pages, server time in ms, p50 (slowest)\n")
    told = [
        [
            name,
            f"{statistics.median(small[name]):.0f} ({max(small[name]):.0f})",
            f"{statistics.median(large[name]):.0f} ({max(large[name]):.0f})",
            f"× {statistics.median(large[name]) / statistics.median(small[name]):.2f}",
            judged(statistics.median(large[name]), PAGE_AIM_MS, valid=True),
        ]
        for name in large
    ]
    heads = ["", f"with {few} people", f"with {len(ids)}", "ratio", f"aim: {PAGE_AIM_MS:g} ms"]
    print(table(heads, told))


def pages(client_class: Any, owner: Any, person: Any) -> dict[str, list[float]]:
    """A person's page and the owner's, over a month and a quarter."""
    theirs, owners = client_class(), client_class()
    theirs.force_login(person)
    owners.force_login(owner)
    return {
        "a person’s page, 30 days": page_ms(theirs, "/dashboard/?days=30"),
        "a person’s page, 90 days": page_ms(theirs, "/dashboard/?days=90"),
        "GET /api/stats/user": page_ms(theirs, "/api/stats/user"),
        "everybody’s page, 30 days": page_ms(owners, "/dashboard/site?days=30"),
        "everybody’s page, 90 days": page_ms(owners, "/dashboard/site?days=90"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.usage", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=1000, help="of each person, over a year")
    parser.add_argument("--answers", type=int, default=2, help="of each turn")
    parser.add_argument(
        "--hour", type=int, default=100_000, help="answers in the hour that is counted at last"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="webox-bench-") as folder:
        os.environ |= {"WEBOX_VAR": folder, "WEBOX_ENV_FILE": os.devnull, "WEBOX_API_PER_MINUTE": "0"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "webox.settings"
        os.environ["ALLOWED_HOSTS"] = "testserver,localhost"
        import_module("django").setup()
        import_module("django.core.management").call_command("migrate", verbosity=0)
        measure(options)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
