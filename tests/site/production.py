"""The site of docker-compose.yml without containers: the same commands and settings, on this machine.

`python -m tests.site.production` starts it and says where it is, until Ctrl-C. PostgreSQL and Redis
are its own.
"""

import contextlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests import ROOT
from tests.faults.parts import Part
from tests.faults.services import OwnPostgres, OwnRedis, wait_until
from tests.site.running import START_S, Site, environment, free_port

COMPOSE = ROOT / "docker-compose.yml"
SERVED = ("web-1", "web-2", "worker", "stats", "beat")
READY = {"database": "ok", "redis": "ok", "turns": "ok", "statistics": "ok", "beat": "ok"}


def composed(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The services of docker-compose.yml, `${NAME:-default}` filled in."""
    values = environ or {}
    text = re.sub(
        r"\$\{(\w+):-([^}]*)\}", lambda match: values.get(match[1]) or match[2], COMPOSE.read_text("utf-8")
    )
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


class Front(Part):
    """Caddy with our own file, before web processes at these addresses."""

    def __init__(self, folder: Path, upstreams: Sequence[str], host: str = "localhost") -> None:
        program = shutil.which("caddy")
        assert program, "Caddy is not installed"
        self.http_port, self.https_port = free_port(), free_port()
        self.root_certificate = folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        """Whom a client has to trust: the front signs for localhost itself."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "WEBOX_HOST": host,
            "WEBOX_UPSTREAMS": " ".join(upstreams),
            "WEBOX_HTTP_PORT": str(self.http_port),
            "WEBOX_HTTPS_PORT": str(self.https_port),
        }
        command = [program, "run", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
        super().__init__("front", command, env, folder / "front.log")

    def site(self, env: Mapping[str, str]) -> Site:
        """The site behind it, once it has made its certificate."""
        assert self.process is not None
        trust = ssl.create_default_context(cafile=self.root_certificate)
        return Site(self.https_port, self.process, self.log, env, trust)


class Production:
    """Its processes by their services' names (`worker-1`, `worker-2` for two of one), and two databases."""

    def __init__(
        self, folder: Path, postgres: OwnPostgres, redis: OwnRedis, settings: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.postgres = postgres
        self.redis = redis
        self.services = composed()
        self._settings = settings
        self.parts: dict[str, Part] = {}
        self.ports: dict[str, int] = {}
        for name in SERVED:
            service = self.services[name]
            replicas = service.get("deploy", {}).get("replicas", 0)
            for own_name in [f"{name}-{number + 1}" for number in range(replicas)] or [name]:
                self._add(own_name, service)
        upstreams = [f"127.0.0.1:{port}" for port in self.ports.values()]
        host = self.services["front"]["environment"]["WEBOX_HOST"]
        self.front = Front(folder, upstreams, host)
        self.parts["front"] = self.front

    @property
    def env(self) -> dict[str, str]:
        """What every process of WeBox is told, as in the file, with the addresses of this machine."""
        told = dict(self.services["web-1"]["environment"])
        told |= {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "WEBOX_VAR": str(self.folder / "var"),
            "PGPASSFILE": str(self.folder / "secrets" / "pgpass"),
        }
        return environment(self.folder / "var", **told, **self._settings)

    def _add(self, name: str, service: Mapping[str, Any]) -> None:
        command = [sys.executable, *service["command"][1:]]
        if "--host" in command:
            command[command.index("--host") + 1] = "127.0.0.1"
        if name.startswith("web"):
            self.ports[name] = free_port()
            command += ["--port", str(self.ports[name])]
        # Each container has a network of its own; here they share one, so each has another port.
        env = self.env | {"WEBOX_METRICS_PORT": str(free_port())}
        self.parts[name] = Part(name, command, env, self.folder / f"{name}.log")

    @property
    def site(self) -> Site:
        """It, through the front."""
        return self.front.site(self.env)

    def start(self) -> None:
        """Start in the file's order: secrets, web, then what waits for it. Returns once all is there."""
        secrets = self.folder / "secrets"
        secrets.mkdir()
        words = self.services["secrets"]["command"]
        subprocess.run([sys.executable, *words[1:-1], str(secrets)], cwd=ROOT, check=True, timeout=60)
        for name in [*self.ports, "front"]:
            self.parts[name].start()
        self.wait(lambda: self.is_healthy("web-1") and self.is_healthy("web-2"), "both web processes serve")
        for part in self.parts.values():
            part.start()
        self.wait(lambda: self.readiness() == {"status": "ok"} | READY, "every part shows itself")

    def is_healthy(self, name: str) -> bool:
        """Whether its container would be."""
        test = [str(word) for word in self.services["web-1"]["healthcheck"]["test"][2:]]
        command = [sys.executable, *test]
        command[3] = command[3].replace(":8000", f":{self.ports[name]}")
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=30).returncode == 0

    def readiness(self) -> dict[str, str]:
        """What /readyz says through the front; empty while there is no way through."""
        with contextlib.suppress(httpx.HTTPError, FileNotFoundError, ValueError):
            got: dict[str, str] = httpx.get(f"{self.site.url}/readyz", **self.site.options).json()
            return got
        return {}

    def wait(self, is_so: Any, what: str, within_s: float = START_S) -> None:
        """Return once it is so; fails with the logs where it is not in time."""
        try:
            wait_until(is_so, within_s, what)
        except AssertionError as error:
            told = [
                f"--- {name}\n{part.log.read_text()[-1500:]}"
                for name, part in self.parts.items()
                if part.log.exists()
            ]
            raise AssertionError("\n".join([str(error), *told])) from error

    def stop(self) -> None:
        """End everything, the front first."""
        for part in reversed(self.parts.values()):
            part.signal(signal.SIGTERM)
        for part in self.parts.values():
            part.terminate()


@contextmanager
def production(**settings: str) -> Iterator[Production]:
    """The running site, gone at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="webox-production-") as name,
        OwnPostgres() as postgres,
        OwnRedis() as redis,
    ):
        site = Production(Path(name), postgres, redis, settings)
        try:
            site.start()
            yield site
        finally:
            site.stop()


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), production() as running:
        print(running.parts["web-1"].log.read_text(), flush=True)
        print(f"{running.site.url}; to be trusted: {running.front.root_certificate}", flush=True)
        while True:
            time.sleep(3600)
