"""A Redis and a PostgreSQL of our own, on free loopback ports, to be killed and started again by a test."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2
import redis

from tests.site.running import free_port

START_S = 30
STOP_S = 30
LOOK_EVERY_S = 0.1


def wait_until(is_so: Callable[[], bool], within_s: float, what: str) -> None:
    """Return once it is so; fails with `what` when it is not in time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(LOOK_EVERY_S)


class Service(ABC):
    """A server process in a folder of its own under the system's temporary one; use it with `with`."""

    name = ""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix=f"webox-{self.name}-"))
        self.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.signal_and_wait(signal.SIGINT)
        shutil.rmtree(self.folder)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start on the same port as ever, and wait until it answers; nothing where it runs."""
        if self.is_running:
            return
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self.answers, START_S, f"{self.name} answers on port {self.port}")

    def signal_and_wait(self, number: int) -> None:
        """Send a signal and wait for the end; nothing where it does not run."""
        if self.process is not None and self.is_running:
            self.process.send_signal(number)
            self.process.wait(STOP_S)

    @abstractmethod
    def prepare(self) -> None:
        """Make what has to be there before the first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command that runs it in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be used now."""


class OwnRedis(Service):
    """A Redis that keeps nothing on disk: killed, it comes back empty."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """It needs nothing."""

    def command(self) -> list[str]:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed"
        own = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [program, *own, "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def kill(self) -> None:
        self.signal_and_wait(signal.SIGKILL)

    def flush_all(self) -> None:
        """Take everything out of it while it runs."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


class OwnPostgres(Service):
    """A PostgreSQL that trusts whoever reaches it."""

    name = "postgres"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        # Whoever runs the server must reach its folder, below one that is its maker's alone.
        self.folder.chmod(0o711)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(data, "postgres")
        own = [
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        made = subprocess.run(
            [*as_postgres(), str(programs() / "initdb"), *own],
            cwd="/",
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert made.returncode == 0, made.stderr.decode()

    def command(self) -> list[str]:
        own = ["-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        return [*as_postgres(), str(programs() / "postgres"), *own, "-c", "fsync=off"]

    def answers(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(self.url, connect_timeout=5).close()
            return True
        return False

    def kill(self) -> None:
        self.signal_and_wait(signal.SIGKILL)

    def stop_fast(self) -> None:
        """What its administrators call a fast shutdown: every connection is cut, what was committed stays."""
        self.signal_and_wait(signal.SIGINT)

    def restart_fast(self) -> None:
        self.stop_fast()
        self.start()


def programs() -> Path:
    """The folder of the newest PostgreSQL's own programs, which are seldom on the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parent.parent.name)
    )
    on_path = shutil.which("postgres")
    assert found or on_path, "PostgreSQL is not installed"
    return (found[-1] if found else Path(on_path or "")).parent


def as_postgres() -> list[str]:
    """What goes before a command of PostgreSQL, which refuses to run as root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
