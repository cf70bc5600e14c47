"""A seeded chaos run: users do at random what users do, while the site's parts are broken one by one.

Run: `.venv/bin/python -m bench.chaos --minutes 20 --seed 7`. It starts a PostgreSQL, a Redis, a scaled site
(two web processes, worker, stats, beat) and a vendor of its own, and ends them. At the end nothing is
broken any more, every answer must end within 90 s, and the invariants of the fault tests are looked at for
all that happened; all violations are printed with their evidence, and the exit code is 1.

A seed gives the same faults at the same times and the same steps of each user, drawn from a random source
for the faults and one for each user. It does not give the same run: how far a user gets, which answers are
running when something is killed, and who wins a race is up to the processes and the machine.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

from bench.chaos import plan
from bench.chaos.checks import Scene, disagreements, violations
from bench.chaos.faults import Injector
from bench.chaos.report import progress, report
from bench.chaos.tab import Pulse
from bench.chaos.users import User, Violation
from bench.chaos.vendor import Book, prepare
from tests import ROOT
from tests.faults.invariants import SECRET
from tests.faults.parts import ScaledSite
from tests.faults.rows import Rows
from tests.faults.services import OwnPostgres, OwnRedis
from tests.site.fixtures import vendor_settings
from tests.site.running import Account, environment, open_free_plan
from tests.site.vendor import running_vendor

TELL_EVERY_S = 30.0
SETTLE_S = 90.0
AGREE_S = 15.0
LAST_STEP_S = 180.0
"""What a user has begun it may end, however long each wait of it is."""
PROBE_S = 30.0
PROBE = "openai"


@dataclass
class Stage:
    """A whole site with accounts, before anybody uses it."""

    site: ScaledSite
    book: Book
    tokens: list[str]
    folder: Path

    @property
    def logs(self) -> list[Path]:
        return [*self.site.logs, self.site.redis.folder / "log", self.site.postgres.folder / "log"]

    def doors(self, number: int) -> list[Account]:
        """One account at each web process."""
        return [Account(web.site, f"user {number}", self.tokens[number]) for web in self.site.webs]


@contextmanager
def running_stage(folder: Path, users: int) -> Iterator[Stage]:
    """A site with so many accounts, and one more to probe it with; all of it ends with the block."""
    with running_vendor() as vendor, OwnRedis() as own_redis, OwnPostgres() as own_postgres:
        settings = vendor_settings(vendor) | {"ACCESS_TOKEN_EXPIRE_MINUTES": "2880"}
        settings |= {name: SECRET for name in settings if name.endswith("_API_KEY")}
        book = prepare(vendor)
        site = ScaledSite(folder, settings, own_redis, own_postgres)
        try:
            site.start()
            env = environment(folder, DATABASE_URL=own_postgres.url, REDIS_URL=own_redis.url, **settings)
            open_free_plan(env)
            yield Stage(site, book, _accounts(env, users + 1), folder)
        finally:
            site.close()


def _accounts(env: Mapping[str, str], count: int) -> list[str]:
    """The tokens of so many new accounts, made past the limits on signing up."""
    command = [sys.executable, "-m", "bench.kit.seed", "people", str(count), "0"]
    done = subprocess.run(command, cwd=ROOT, env=dict(env), check=True, capture_output=True, text=True)
    return [str(row["token"]) for row in json.loads(done.stdout.splitlines()[-1])]


class Run:
    """One run on a stage: users and faults together, then the look at what is left."""

    def __init__(self, stage: Stage, options: argparse.Namespace) -> None:
        self._stage = stage
        self._length_s = options.minutes * 60
        self._pulse = Pulse()
        self._over = threading.Event()
        self._users = [
            User(
                f"user {number}",
                stage.doors(number),
                plan.steps(Random(f"{options.seed}:{number}")),
                self._pulse,
                self._over,
            )
            for number in range(options.users)
        ]
        faults = plan.faults(Random(options.seed), self._length_s, options.fault_every_s)
        self._injector = Injector(stage.site, faults, self._over)
        self._began = time.monotonic()

    def play(self) -> None:
        """Let the users and the faults loose for as long as was asked for."""
        self._began = time.monotonic()
        telling = threading.Thread(target=self._tell, daemon=True)
        for user in self._users:
            user.start()
        telling.start()
        try:
            self._injector.run()
            self._over.wait(max(0.0, self._began + self._length_s - time.monotonic()))
        finally:
            self._over.set()
        telling.join()

    def settle(self) -> Scene:
        """Make the site whole, let everything end, and return what happened and the rows then."""
        self._injector.heal()
        deadline = time.monotonic() + LAST_STEP_S
        for user in self._users:
            if not user.has_ended(max(0.0, deadline - time.monotonic())):
                self._injector.damage.violations.append(Violation("a user's last step ends", user.name))
        rows = self._rows_at_rest()
        self._injector.damage.violations += list(self._probe())
        self._injector.restart_what_died()
        # The probe's own turns are among them.
        rows = self._stage.site.database.read() if not rows.unfinished() else rows
        scene = Scene(
            [user.record for user in self._users],
            rows,
            self._stage.book,
            self._injector.damage,
            self._stage.logs,
        )
        self._wait_until_tabs_agree(scene)
        return scene

    def leave(self) -> None:
        self._over.set()
        for user in self._users:
            user.leave()

    def finish(self) -> int:
        """Look, print what came of it, and return the exit code."""
        scene = self.settle()
        found = violations(scene)
        print(f"\n{report(scene, self._pulse, self._began + self._length_s, found)}", flush=True)
        return 1 if found else 0

    def _tell(self) -> None:
        while not self._over.wait(TELL_EVERY_S):
            records = [user.record for user in self._users]
            print(progress(self._began, records, self._injector.damage), flush=True)

    def _rows_at_rest(self) -> Rows:
        deadline = time.monotonic() + SETTLE_S
        while (rows := self._stage.site.database.read()).unfinished() and time.monotonic() < deadline:
            time.sleep(1)
        return rows

    def _probe(self) -> Iterator[Violation]:
        """After all that, a question is answered at every door."""
        for number, door in enumerate(self._stage.doors(len(self._users))):
            question = f"Chaos {number:016x}? {PROBE}=flow/5+5"
            body = {"message": question, "selected_providers": [PROBE]}
            url = f"{door.site.url}/api/chat/send"
            try:
                got = httpx.post(url, json=body, headers=door.headers, trust_env=False, timeout=PROBE_S)
            except httpx.TransportError as error:
                yield Violation("the site works afterwards", f"door {number}: {error!r}")
                continue
            if not got.is_success or got.json()["errors"]:
                yield Violation("the site works afterwards", f"door {number}: {got.text[:300]}")

    def _wait_until_tabs_agree(self, scene: Scene) -> None:
        """Tabs may still read what has ended by now; what they then show is checked with the rest."""
        tabs = [tab for tab in scene.tabs if not tab.is_left and tab.conversation_id not in scene.deleted]
        deadline = time.monotonic() + AGREE_S
        while time.monotonic() < deadline:
            if all(tab.is_online and not disagreements(tab, scene.answers) for tab in tabs):
                return
            time.sleep(0.2)


@contextmanager
def _folder(named: str | None) -> Iterator[Path]:
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="webox-chaos-") as name:
        yield Path(name)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="how long users and faults go on")
    parser.add_argument("--seed", type=int, help="a new one unless given; it is printed")
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--fault-every-s", type=float, default=15.0)
    parser.add_argument(
        "--folder", help="keep the site's data and logs there; gone with the run unless given"
    )
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    print(f"Seed {options.seed}: {options.users} users, {options.minutes:g} minutes", flush=True)
    # However it is ended, nothing it started stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _folder(options.folder) as folder, running_stage(folder, options.users) as stage:
        run = Run(stage, options)
        try:
            run.play()
            return run.finish()
        finally:
            # None of its tabs tries to come back while the site ends.
            run.leave()


if __name__ == "__main__":
    sys.exit(main())
