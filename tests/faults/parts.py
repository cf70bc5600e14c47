"""Sites whose processes can be hit one by one: killed, told to stop, started again on the same data."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import ROOT
from tests.faults.rows import Database
from tests.faults.services import LOOK_EVERY_S, OwnPostgres, OwnRedis, wait_until
from tests.site.running import (
    START_S,
    Account,
    Site,
    environment,
    free_port,
    open_free_plan,
    server_command,
)

STOP_S = 40
CLOSE_S = 10
PROBE = "perplexity"
"""The vendor that answers whatever a test does: it shows that a site works."""
PROBE_S = 20


class Part:
    """One process of a site. Its log has all of its lives."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self.env = dict(env)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, without waiting until it is of use; nothing where it runs."""
        if self.is_running:
            return
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> float:
        """End it without a word of warning; returns the moment (`time.monotonic`)."""
        moment = time.monotonic()
        self._end(signal.SIGKILL)
        return moment

    def terminate(self) -> float:
        """Tell it to stop; returns how many seconds it took."""
        before = time.monotonic()
        self._end(signal.SIGTERM)
        return time.monotonic() - before

    def signal(self, number: int) -> None:
        """Send it a signal, without waiting for what comes of it; nothing where it does not run."""
        if self.process is not None and self.is_running:
            self.process.send_signal(number)

    def _end(self, number: int) -> None:
        self.signal(number)
        if self.process is not None:
            self.process.wait(STOP_S)


class Web(Part):
    """A part that serves on a port of its own."""

    def __init__(self, name: str, words: list[str], env: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        super().__init__(name, [*server_command(self.port), *words], env, log)

    @property
    def site(self) -> Site:
        assert self.process is not None
        return Site(self.port, self.process, self.log, self.env)

    def wait_until_it_serves(self) -> None:
        def serves() -> bool:
            assert self.is_running, f"{self.name} did not start:\n{self.log.read_text()[-4000:]}"
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{self.site.url}/healthz", trust_env=False, timeout=5).is_success
            return False

        wait_until(serves, START_S, f"{self.name} serves")


class FaultSite:
    """A site of separate parts, and one person who uses it."""

    def __init__(self, database: Database, webs: list[Web], others: list[Part]) -> None:
        self.database = database
        self.webs = webs
        self.others = others

    @property
    def parts(self) -> list[Part]:
        return [*self.webs, *self.others]

    @property
    def logs(self) -> list[Path]:
        return [part.log for part in self.parts]

    def start(self) -> None:
        """Start what does not run, and wait until all of it serves. The first web process migrates alone."""
        self.webs[0].start()
        self.webs[0].wait_until_it_serves()
        for part in self.parts:
            part.start()
        for web in self.webs:
            web.wait_until_it_serves()

    def sign_up(self, name: str) -> None:
        open_free_plan(self.webs[0].env)
        self.person = self.webs[0].site.account(name)

    def door(self, number: int = 0) -> Account:
        """The person at one of the web processes."""
        return Account(self.webs[number].site, self.person.name, self.person.token)

    @property
    def doors(self) -> list[Account]:
        return [self.door(number) for number in range(len(self.webs))]

    def heal(self) -> None:
        """Make it whole after whatever a test did to it; the next must not pay for the last."""
        self.start()
        if not all(self._works(door) for door in self.doors):
            self.close()
            self.start()
        assert all(self._works(door) for door in self.doors), "the site does not work, even started anew"

    def _works(self, door: Account) -> bool:
        body = {"message": "Probe", "selected_providers": [PROBE]}
        with contextlib.suppress(httpx.TransportError):
            got = httpx.post(
                f"{door.site.url}/api/chat/send",
                json=body,
                headers=door.headers,
                trust_env=False,
                timeout=PROBE_S,
            )
            return got.is_success and not got.json()["errors"]
        return False

    def close(self) -> None:
        """End all parts, politely where they let us."""
        for part in self.parts:
            part.signal(signal.SIGINT)
        deadline = time.monotonic() + CLOSE_S
        while any(part.is_running for part in self.parts) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        for part in self.parts:
            part.kill()


class EmbeddedSite(FaultSite):
    """One process and SQLite."""

    def __init__(self, var: Path, settings: Mapping[str, str]) -> None:
        web = Web("embedded", [], environment(var, **settings), var / "log")
        super().__init__(Database(f"sqlite:///{var / 'webox.sqlite3'}"), [web], [])

    @property
    def writer(self) -> Part:
        """The part that writes answers."""
        return self.webs[0]


class ScaledSite(FaultSite):
    """Two web processes, both workers and beat, on a Redis and a PostgreSQL that can be hit, too."""

    def __init__(
        self, var: Path, settings: Mapping[str, str], own_redis: OwnRedis, own_postgres: OwnPostgres
    ) -> None:
        env = environment(var, DATABASE_URL=own_postgres.url, REDIS_URL=own_redis.url, **settings)
        webs = [Web(name, ["--only", "web"], env, var / f"{name}.log") for name in ("web-1", "web-2")]
        # A part that serves nothing has no use for a port, but it must not be the usual one's.
        command = [sys.executable, "-m", "webox.server", "--no-browser", "--only"]
        others = {
            name: Part(name, [*command, name], env, var / f"{name}.log")
            for name in ("worker", "stats", "beat")
        }
        super().__init__(Database(own_postgres.url), webs, list(others.values()))
        self.redis = own_redis
        self.postgres = own_postgres
        self.worker, self.stats, self.beat = others.values()

    @property
    def writer(self) -> Part:
        """The part that writes answers."""
        return self.worker

    def start(self) -> None:
        self.redis.start()
        self.postgres.start()
        super().start()


@contextmanager
def started(site: FaultSite) -> Iterator[None]:
    """Run it for the length of the block, with a person signed up."""
    try:
        site.start()
        site.sign_up(f"person-{os.getpid()}")
        yield
    finally:
        site.close()
