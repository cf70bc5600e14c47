"""Running sites for the whole-system tests: one of each kind a session, with a vendor beside them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from psycopg2 import sql

from tests.browser.kit.browser import chromium, visit
from tests.site.running import (
    OWNER_EMAIL,
    PASSWORD,
    Site,
    environment,
    free_port,
    manage,
    running_site,
    server_command,
)
from tests.site.scene import Scene
from tests.site.vendor import Vendor, running_vendor

__all__ = ["chromium", "visit"]  # fixtures

SERVED_BY_VENDOR = {"OPENAI": "openai", "MISTRAL": "mistral", "GROQ": "groq", "XAI": "xai"}


@pytest.fixture(scope="session")
def far_vendor() -> Iterator[Vendor]:
    """The vendor that the running sites ask."""
    with running_vendor() as vendor:
        yield vendor


@pytest.fixture
def vendor_scripts(far_vendor: Vendor) -> Iterator[Vendor]:
    """The vendor, with scripts for one test alone."""
    far_vendor.scripts.clear()
    far_vendor.models.clear()
    far_vendor.asked.clear()
    yield far_vendor
    far_vendor.scripts.clear()


def vendor_settings(vendor: Vendor) -> dict[str, str]:
    settings = {"WEBOX_VENDOR_SILENCE_S": "2", "WEBOX_SIGNUP": "open"}
    for variable, name in SERVED_BY_VENDOR.items():
        settings |= {f"{variable}_API_KEY": "sk-test", f"{variable}_BASE_URL": vendor.address(name)}
    return settings


@pytest.fixture(scope="session")
def embedded_site(far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One process, SQLite: what `python3 -m webox` starts."""
    var, port = tmp_path_factory.mktemp("embedded"), free_port()
    env = environment(var, **vendor_settings(far_vendor))
    with running_site(server_command(port), env, port, var / "log") as site:
        yield site


@pytest.fixture(scope="session")
def keyless_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """As it starts for somebody without a key: the demonstrations alone. Its owner is in the environment."""
    var, port = tmp_path_factory.mktemp("keyless"), free_port()
    env = environment(var, WEBOX_OWNER_EMAIL=OWNER_EMAIL, WEBOX_OWNER_PASSWORD=PASSWORD)
    with running_site(server_command(port), env, port, var / "log") as site:
        yield site


@pytest.fixture(scope="session")
def daphne_site(far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The plain Django way: `migrate`, then `runserver`, which is daphne's."""
    var, port = tmp_path_factory.mktemp("daphne"), free_port()
    env = environment(var, **vendor_settings(far_vendor))
    manage(env, "migrate", "--verbosity", "0")
    command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
    with running_site(command, env, port, var / "log") as site:
        yield site


@pytest.fixture(scope="session")
def scaled_site(far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Web, turn worker, statistics worker and beat on PostgreSQL and Redis."""
    var, port = tmp_path_factory.mktemp("scaled"), free_port()
    admin_url = os.environ.get("WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    redis_url = own_redis(os.environ.get("WEBOX_TEST_REDIS_URL", "redis://127.0.0.1:6379/15"))
    with new_database(admin_url, f"webox_test_{port}") as database_url:
        env = environment(var, DATABASE_URL=database_url, REDIS_URL=redis_url, **vendor_settings(far_vendor))
        with running_site(server_command(port), env, port, var / "log") as site:
            yield site


def own_redis(url: str) -> str:
    """The URL of a Redis database that no other process of this test run uses, counted down from the given.

    In a shared one, the workers of two sites would take each other's turns.
    """
    server, _, database = url.rpartition("/")
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{server}/{int(database) - process}"


@contextmanager
def new_database(admin_url: str, name: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that exists for as long as the block lasts."""
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    identifier = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        yield admin_url.rsplit("/", 1)[0] + "/" + name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
        connection.close()


@pytest.fixture(scope="session")
def prepared_scene(embedded_site: Site, keyless_site: Site, far_vendor: Vendor) -> Scene:
    return Scene(embedded_site, keyless_site, far_vendor)


@pytest.fixture
def scene(prepared_scene: Scene, vendor_scripts: Vendor) -> Scene:
    """The sites with their example conversation; the vendor has forgotten the scripts of other tests."""
    return prepared_scene


@pytest.fixture(params=["embedded", "daphne", pytest.param("scaled", marks=pytest.mark.services)])
def site(request: pytest.FixtureRequest) -> Site:
    """Every kind of site in turn: the main job is the same on each."""
    found = request.getfixturevalue(f"{request.param}_site")
    assert isinstance(found, Site)
    return found
