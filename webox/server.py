"""The process inside the virtual environment: brings the database up to date and serves.

`python3 -m webox` starts it; a container may start it directly. With REDIS_URL it starts web, turn
worker, statistics worker and beat as children of its own, unless `--only` names one of them.
"""

import io
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import django
import redis
import uvicorn
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from prometheus_client import start_wsgi_server

from common.http.address import public_url
from common.http.socket_protocol import SocketProtocol
from common.process import health
from common.signals import process_stops
from webox.alone import be_alone
from webox.celery import app as celery
from webox.launcher import port
from webox.launcher.cli import PARTS, ROOT, serve_options
from webox.launcher.processes import STOP_SIGNALS, interrupt, run_together, wear_leash
from webox.launcher.words import Problem, say

SOCKET_BYTES = 2 * 1024 * 1024
STOP_SLACK_S = 10
REDIS_WITHIN_S = 5
STATISTICS_THREADS = 2
METRICS_PARTS = ("web", "worker", "stats")
"""Each has the next port, so that all can run on one machine."""
MIGRATION_LOCK = 0x5765426F78
"""The number of an advisory lock: “WeBox” in ASCII."""


class Server(uvicorn.Server):
    """uvicorn, which says when it is ready and tells the engine before it waits for open requests."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event | None = None) -> None:
        super().__init__(config)
        self.ready = ready or threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, then set `ready`."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the stop has begun: open answers may take some seconds to be saved."""
        print(say("stopping"), flush=True)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, after the time in which the proxy in front learns of it; at once when told twice."""
        if settings.DRAIN_S and not health.draining.is_set():
            health.draining.set()
            threading.Timer(settings.DRAIN_S, self._stop, [sig, frame]).start()
        else:
            self._stop(sig, frame)

    def _stop(self, sig: int, frame: FrameType | None) -> None:
        # The engine ends its long requests, which uvicorn waits for before the lifespan.
        process_stops.send(sender=Server)
        super().handle_exit(sig, frame)


def main(words: list[str]) -> int:
    """Run what the command line says until it is told to stop; 0 when it was, 1 when it can’t go on."""
    parser = serve_options("python3 -m webox.server")
    parser.add_argument("--leash", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(words)
    for number in STOP_SIGNALS:
        signal.signal(number, interrupt)
    if options.leash:
        wear_leash()
    try:
        load()
        if settings.SCALED:
            reach_redis()
        elif options.only not in (None, "web"):
            raise Problem("only_needs_redis", name=options.only)
        if options.only in (None, "web"):
            listener = port.bind(options.host, options.port)
            be_alone()
            prepare_database()
        if settings.SCALED and options.only is None:
            listener.close()
            return run_together({name: part_command(name, words) for name in PARTS}, ROOT)
        if options.only in (None, "web"):
            serve_figures("web", options.host)
            serve(listener, options.host, browser=not options.no_browser)
            return 0
        serve_figures(options.only, options.host)
        celery.start(celery_words(options.only))
        return 0
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def load() -> None:
    """Read the settings and set Django up.

    Raises Problem for a wrong setting, and for a folder that can’t be written to.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")
    try:
        django.setup()
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    except (ImproperlyConfigured, ValueError) as error:
        raise Problem("setting", detail=error) from error
    except OSError as error:
        raise Problem("not_writable", path=error.filename, detail=error.strerror) from error
    for message in checks.run_checks():
        if message.is_serious():
            raise Problem("setting", detail=" ".join(filter(None, (str(message.msg), message.hint))))


def reach_redis() -> None:
    """Raise Problem unless Redis answers."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=REDIS_WITHIN_S) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise Problem("redis", detail=error) from error


def prepare_database() -> None:
    """Apply the migrations that are missing; raises Problem when the database can’t be used."""
    try:
        with migrating_alone():
            executor = MigrationExecutor(connection)
            steps = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            if steps:
                print(say("migrating", count=steps), flush=True)
                call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise Problem("database", detail=str(error).strip().replace("\n", " ")) from error
    except UnicodeDecodeError as error:
        # A server on a Windows that speaks French refuses in the letters of that system.
        said = bytes(error.object).decode("cp1252", "replace")
        raise Problem("database", detail=said.strip().replace("\n", " ")) from error


@contextmanager
def migrating_alone() -> Iterator[None]:
    """Of several web processes that start at once on PostgreSQL, one migrates and the others wait for it."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def serve_figures(part: str, host: str) -> None:
    """Serve what operations.metrics tells of this process on its port, if there is one.

    Raises Problem where the port can't be had.
    """
    if not settings.METRICS_PORT or part not in METRICS_PARTS:
        return
    wanted = settings.METRICS_PORT + METRICS_PARTS.index(part)
    try:
        start_wsgi_server(wanted, host)
    except OSError as error:
        raise port.explain(error, host, wanted) from error


def owner_link(base_url: str) -> str:
    """The one-time link that makes the owner’s account, "" where there is an owner."""
    if settings.OWNER_EMAIL and settings.OWNER_PASSWORD:
        call_command("ensure_owner")
        return ""
    said = io.StringIO()
    call_command("owner_link", base_url=base_url, stdout=said)
    return said.getvalue().strip()


def serve(listener: socket.socket, host: str, *, browser: bool) -> None:
    """Serve on a bound socket until a signal says stop."""
    url = public_url() or port.url_of(host, listener.getsockname()[1])
    link = owner_link(url)
    config = uvicorn.Config(
        "webox.asgi:application",
        ws=SocketProtocol,
        # Frames are small: without compression they cost half as much memory and less time.
        ws_per_message_deflate=False,
        lifespan="on",
        ws_max_size=SOCKET_BYTES,
        timeout_graceful_shutdown=settings.STOP_GRACE_S + STOP_SLACK_S,
        access_log=False,
        server_header=False,
        proxy_headers=settings.PROXY_COUNT > 0,
        # Django’s settings say how to log; the server’s own story (“Started server process”) is told below.
        log_config=None,
        log_level=logging.WARNING,
    )
    server = Server(config)
    threading.Thread(target=announce, args=(server.ready, url, link, browser), daemon=True).start()
    # Once everything is closed, uvicorn raises the signal again: main() takes it for the clean stop it is.
    server.run(sockets=[listener])


def announce(ready: threading.Event, url: str, link: str, browser: bool) -> None:
    """Say where WeBox is once it serves, and open it where somebody looks at this terminal."""
    ready.wait()
    if link:
        print(say("owner_link", url=link), flush=True)
    print(say("ready", url=url), flush=True)
    # Without a display Python would open a text browser inside this terminal.
    has_display = (
        sys.platform in ("win32", "darwin") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    )
    if browser and has_display and sys.stdout.isatty():
        webbrowser.open(link or url)


def part_command(name: str, words: list[str]) -> list[str]:
    """The command that runs one of the processes of scaled mode."""
    own = [word for word in words if word != "--leash"]
    return [sys.executable, "-m", "webox.server", "--leash", "--only", name, *own]


def celery_words(name: str) -> list[str]:
    """The command line of Celery for the turn worker, the statistics worker or beat."""
    if name == "beat":
        return ["beat", "-s", str(settings.VAR_DIR / "beat-schedule")]
    queue, threads = {
        "worker": ("turns", settings.TURNS_PER_WORKER),
        "stats": ("statistics", STATISTICS_THREADS),
    }[name]
    pool = ["-P", "threads", "-c", str(threads), "--without-gossip", "--without-mingle"]
    return ["worker", "-Q", queue, *pool, "-n", f"{queue}@%h"]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
