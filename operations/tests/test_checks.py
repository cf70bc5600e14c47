"""What would not be safe to give to others is refused before the start, with id, reason and cure."""

import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import checks
from pytest_django import Settings

from tests import ROOT
from tests.site.running import Site, environment, free_port, server_command


def found(*, deploy: bool = False) -> set[str]:
    messages = checks.run_checks(tags=["security"], include_deployment_checks=deploy)
    assert all(message.hint for message in messages if str(message.id).startswith("webox."))
    return {str(message.id) for message in messages if str(message.id).startswith("webox.")}


@pytest.fixture(autouse=True)
def safe(settings: Settings) -> None:
    settings.SECRET_KEY = secrets.token_urlsafe(64)
    settings.DEBUG, settings.HTTPS, settings.PROXY_COUNT = False, True, 1
    settings.ALLOWED_HOSTS = ["webox.example.org"]
    settings.SCALED, settings.ENCRYPTION_KEYS = True, ["k" * 40]


def test_a_safe_site_is_found_safe() -> None:
    assert found(deploy=True) == set()


@pytest.mark.parametrize(
    "secret",
    [
        *("short", "x" * 80, "abababababababababababababababababab"),
        *("your-secret-key-change-in-production-please", "django-insecure-0123456789abcdefghijklmnopqrst"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(settings: Settings, secret: str) -> None:
    settings.SECRET_KEY = secret
    assert found() == {"webox.E001"}


def local(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]


@pytest.mark.parametrize(("change", "expected"), [(None, {"webox.E002"}), (local, set())])
def test_debug_is_for_this_machine_alone(
    settings: Settings, change: Callable[[Settings], None] | None, expected: set[str]
) -> None:
    settings.DEBUG = True
    if change:
        change(settings)
    assert found() == expected


def test_https_needs_its_proxy(settings: Settings) -> None:
    settings.PROXY_COUNT = 0
    assert found() == {"webox.E003"}


def test_others_come_over_https(settings: Settings) -> None:
    settings.HTTPS, settings.PROXY_COUNT = False, 0
    assert found() == set()
    assert found(deploy=True) == {"webox.E004"}
    local(settings)
    assert found(deploy=True) == set()


def test_several_processes_share_their_secrets(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = []
    assert found(deploy=True) == {"webox.W001"}
    settings.SCALED = False
    assert found(deploy=True) == set()


def test_the_server_does_not_start_with_such_a_secret(tmp_path: Path) -> None:
    env = environment(tmp_path, SECRET_KEY="change-me")
    done = subprocess.run(
        server_command(free_port()), env=env, capture_output=True, encoding="utf-8", check=False, timeout=60
    )
    assert done.returncode != 0
    assert "SECRET_KEY can be guessed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        server_command(0),
        [sys.executable, "-m", "uvicorn", "webox.asgi:application", "--port", "0", "--lifespan", "on"],
    ],
    ids=["ours", "uvicorn"],
)
def test_a_second_process_without_redis_is_refused(embedded_site: Site, command: list[str]) -> None:
    """Each would hold the messages to its sockets in its own memory."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(embedded_site.env),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "webox.E005" in done.stderr
    assert "REDIS_URL" in done.stderr
