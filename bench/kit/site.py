"""A site to measure: a new WeBox, the vendor it asks, and the accounts that use it."""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import redis

from bench.kit import certificate, vendors
from bench.kit.measure import Meter
from tests import ROOT
from tests.site.fixtures import new_database
from tests.site.running import Site, environment, free_port, running_site, server_command

Mode = Literal["embedded", "scaled"]
LONG_S = str(24 * 3600)
HIGHEST_REDIS = 11
"""The tests count their Redis databases down from 15."""


@dataclass(frozen=True)
class Person:
    """An account: its token, and conversations that nobody has used yet."""

    token: str
    conversations: list[int]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Bench:
    """A running site and its vendor."""

    mode: Mode
    site: Site
    meter: Meter
    env: dict[str, str]
    vendor_url: str
    trust: ssl.SSLContext | None
    """What a direct client needs to trust the vendor; None where the vendor speaks plain HTTP."""
    starts_s: list[float]
    """Seconds from each start's command to the first page; the first one migrates."""
    deflate: bool
    """Whether sockets offer to compress, as browsers do."""

    def people(self, count: int, conversations: int = 1) -> list[Person]:
        """So many new accounts, each with so many empty conversations."""
        return self.seed("people", count, conversations)

    def seed(self, *words: object) -> list[Person]:
        """What bench.kit.seed makes of these words."""
        command = [sys.executable, "-m", "bench.kit.seed", *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True)
        rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return [Person(row["token"], row["conversations"]) for row in rows]


@contextmanager
def running_bench(
    mode: Mode, *, tls: bool = False, starts: int = 1, deflate: bool = True, **settings: str
) -> Iterator[Bench]:
    """A new site with new data, gone at the end; it is started so often, and stays the last time."""
    with tempfile.TemporaryDirectory(prefix="webox-bench-") as name:
        folder = Path(name)
        more = settings | {"ACCESS_TOKEN_EXPIRE_MINUTES": "2880", "WEBOX_VENDOR_TOTAL_S": LONG_S}
        if tls:
            certificate.make(folder)
            more |= certificate.trusting_environment(folder)
        with _running_vendor(folder if tls else None) as vendor_url, _storage(mode) as storage:
            # Nobody waits for a place here: what is measured is how fast WeBox is, not how polite.
            more["WEBOX_CALLS_PER_PROVIDER"] = "1000"
            env = environment(folder, **vendors.settings(vendor_url), **storage, **more)
            starts_s = [_timed_start_and_stop(env, folder) for _ in range(starts - 1)]
            began = time.perf_counter()
            port = free_port()
            with running_site(server_command(port), env, port, folder / "log") as site:
                _read_first_page(site)
                starts_s.append(time.perf_counter() - began)
                database = storage.get("DATABASE_URL", "").rpartition("/")[2]
                meter = Meter(site.process.pid, storage.get("REDIS_URL", ""), database)
                trust = certificate.client_context(folder) if tls else None
                yield Bench(mode, site, meter, env, vendor_url, trust, starts_s, deflate)


def _timed_start_and_stop(env: dict[str, str], folder: Path) -> float:
    began, port = time.perf_counter(), free_port()
    with running_site(server_command(port), env, port, folder / "log") as site:
        _read_first_page(site)
        return time.perf_counter() - began


def _read_first_page(site: Site) -> None:
    with urllib.request.urlopen(f"{site.url}/", timeout=30) as page:  # noqa: S310  # our own address
        page.read()


@contextmanager
def _running_vendor(certificate_folder: Path | None) -> Iterator[str]:
    words = ["--tls", str(certificate_folder)] if certificate_folder else []
    vendor = subprocess.Popen(
        [sys.executable, "-m", "bench.kit.stamp_vendor", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert vendor.stdout is not None
    try:
        scheme = "https" if certificate_folder else "http"
        yield f"{scheme}://127.0.0.1:{vendor.stdout.readline().strip()}/v1"
    finally:
        vendor.communicate(timeout=10)


@contextmanager
def _storage(mode: Mode) -> Iterator[dict[str, str]]:
    """The variables that name a site's databases: none in embedded mode, else two of its own."""
    if mode == "embedded":
        yield {}
        return
    admin_url = os.environ.get("WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    server = os.environ.get("WEBOX_TEST_REDIS_URL", "redis://127.0.0.1:6379/15").rpartition("/")[0]
    with new_database(admin_url, f"webox_bench_{free_port()}") as database_url, _claimed_redis(server) as url:
        yield {"DATABASE_URL": database_url, "REDIS_URL": url}


@contextmanager
def _claimed_redis(server: str) -> Iterator[str]:
    """A Redis database that was empty, marked as taken, and emptied at the end."""
    for number in range(HIGHEST_REDIS, 0, -1):
        url = f"{server}/{number}"
        with redis.Redis.from_url(url) as client:
            if client.dbsize() == 0 and client.set("webox-bench", "taken", nx=True):
                try:
                    yield url
                finally:
                    client.flushdb()
                return
    raise RuntimeError("Every Redis database below the tests' own holds something.")
