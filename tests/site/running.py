"""WeBox as a person runs it: real processes on loopback, started and stopped by a test."""

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import ROOT

START_S = 60
PASSWORD = "a long enough passphrase"
OWNER_EMAIL = "owner@example.org"
OF_THE_FREE_PLAN = ("--messages-per-day", "--concurrent-answers", "--tokens-per-month", "--usd-per-month")
INHERITED = {"PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "PYTHONPATH", "VIRTUAL_ENV"}


@dataclass(eq=False)
class Site:
    """A running WeBox."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    env: Mapping[str, str]
    trust: ssl.SSLContext | None = None
    """What its clients have to trust where it is behind https, on the name localhost."""

    @property
    def address(self) -> str:
        return f"localhost:{self.port}" if self.trust else f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http{'s' if self.trust else ''}://{self.address}"

    @property
    def socket_url(self) -> str:
        return f"ws{'s' if self.trust else ''}://{self.address}/api/chat/ws"

    @property
    def options(self) -> dict[str, Any]:
        """How httpx asks it."""
        return {"trust_env": False, "timeout": 60, "verify": self.trust or True}

    def account(self, name: str) -> "Account":
        """A new account, signed in as an API client."""
        person = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        made = httpx.post(f"{self.url}/api/auth/register", json=person, **self.options)
        assert made.status_code == 201, made.text
        return self.sign_in(name)

    def sign_in(self, name: str) -> "Account":
        """An account that there is, signed in as an API client."""
        sign_in = {"username": name, "password": PASSWORD}
        got = httpx.post(f"{self.url}/api/auth/token", json=sign_in, **self.options)
        assert got.status_code == 200, got.text
        return Account(self, name, got.json()["access"])


@dataclass
class Account:
    """An API client of one person."""

    site: Site
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.site.url + path, headers=self.headers, **self.site.options)

    def post(self, path: str, **body: object) -> httpx.Response:
        return httpx.post(self.site.url + path, json=body, headers=self.headers, **self.site.options)

    def conversation(self) -> int:
        """The id of a new conversation."""
        made = self.post("/api/chat/conversations")
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def messages(self, conversation_id: int) -> list[dict[str, object]]:
        got = self.get(f"/api/chat/conversations/{conversation_id}/messages")
        assert got.status_code == 200, got.text
        return list(got.json())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(env: Mapping[str, str], *words: str) -> None:
    """Run a management command in the environment of a site."""
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=dict(env), check=True, timeout=120)


def open_free_plan(env: Mapping[str, str]) -> None:
    """Let everybody ask as much as they want with the server's keys; what plans refuse has its own tests."""
    limits = [word for name in OF_THE_FREE_PLAN for word in (name, "none")]
    manage(env, "plan", "set", "free", "--uses-server-keys", "yes", *limits)


def environment(var: Path, **settings: str) -> dict[str, str]:
    """A site's environment: nothing of the tester's own but what a process needs."""
    own = {name: value for name, value in os.environ.items() if name in INHERITED}
    own |= {"WEBOX_VAR": str(var), "WEBOX_ENV_FILE": os.devnull}
    # Tests ask faster than anybody should; how often is too often has tests of its own.
    own |= {
        "WEBOX_API_PER_MINUTE": "0",
        "WEBOX_API_ANONYMOUS_PER_MINUTE": "0",
    }
    # A site serves a whole run, and its accounts keep the token they began with.
    own["ACCESS_TOKEN_EXPIRE_MINUTES"] = "1440"
    return own | settings


@contextmanager
def running_site(command: list[str], env: Mapping[str, str], port: int, log: Path) -> Iterator[Site]:
    """Start the command, wait until it serves, stop it at the end. Fails with its log when it dies first."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    site = Site(port, process, log, env)
    try:
        _wait_until_it_serves(site)
        open_free_plan(env)
        yield site
    finally:
        if process.poll() is None:
            # Not Ctrl-C's signal: what a shell starts in the background never hears that one.
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_serves(site: Site) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if site.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{site.url}/healthz", timeout=5):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"WeBox did not start:\n{site.log.read_text()[-4000:]}")


def server_command(port: int) -> list[str]:
    return [sys.executable, "-m", "webox.server", "--port", str(port), "--no-browser"]
