"""Migrations: new ones can run beside the code of the release before, all can be taken back, none are two."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader

from operations.tests.test_backup import run
from tests.releases import examples, released_migrations
from tests.releases.linting import APPS
from tests.site.fixtures import new_database
from tests.site.running import environment, free_port

# A process for every step: together they take minutes.
pytestmark = pytest.mark.fuzz

ACCEPTED: dict[str, tuple[str, ...]] = {}
"""Migration → codes of the linter that hold no danger there, each with a comment that says why."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What is told of all migrations, forward and back, on a new database of each engine."""
    env = environment(tmp_path_factory.mktemp("migrations") / "var")
    if request.param == "sqlite":
        yield walk(env)
        return
    admin = os.environ.get("WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    with new_database(admin, f"webox_migrations_{free_port()}") as url:
        yield walk(env | {"DATABASE_URL": url})


def walk(env: dict[str, str]) -> Any:
    words = "from tests.releases import linting; linting.main()"
    done = run(env, "shell", "--no-imports", "--command", words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


on_postgresql = pytest.mark.parametrize(
    "walked", [pytest.param("postgresql", marks=pytest.mark.services)], indirect=True, scope="module"
)


def ours() -> dict[str, Migration]:
    """Every migration of WeBox's own."""
    found = MigrationLoader(None).disk_migrations
    return {f"{app}.{name}": one for (app, name), one in found.items() if app in APPS}


# --- Beside the release before --------------------------------------------------------------------------


@on_postgresql
def test_what_is_newer_than_a_release_can_run_beside_its_code(walked: Any) -> None:
    assert walked["unsafe"].keys() == ours().keys()
    dangers = {
        name: [code for code in codes if code not in ACCEPTED.get(name, ())]
        for name, codes in walked["unsafe"].items()
        if name not in released_migrations()
    }
    assert {name: codes for name, codes in dangers.items() if codes} == {}


@on_postgresql
def test_the_lint_sees_what_the_migrations_before_the_first_release_did(walked: Any) -> None:
    unsafe = walked["unsafe"]
    assert unsafe["accounts.0001_initial"] == unsafe["dashboard.0001_usage_hours"] == []
    assert unsafe["accounts.0003_plans_and_ledger"] == ["CREATE_INDEX"]
    assert unsafe["accounts.0004_audit_and_rules_for_data"] == ["ADD_CHECK"]
    assert unsafe["chat.0004_conversations_and_line_ups"] == ["CREATE_INDEX", "DROP_INDEX", "NOT_NULL"]
    assert unsafe["chat.0005_search_folders_tags"] == ["CREATE_INDEX", "NOT_NULL"]
    assert unsafe["chat.0006_context_of_turns"] == ["NOT_NULL"]
    assert unsafe["dashboard.0002_last_calls_of_providers"] == ["CREATE_INDEX", "DROP_INDEX"]


@on_postgresql
def test_what_is_advised_is_safe_and_what_is_warned_of_is_found(walked: Any) -> None:
    assert walked["SAFE"] == {name: [] for name in examples.SAFE}
    assert walked["UNSAFE"] == {code: [code] for code in examples.UNSAFE}
    assert walked["HIDDEN"] == {name: name.split()[:1] for name in examples.HIDDEN}


# --- And back -------------------------------------------------------------------------------------------


def test_all_that_migrations_made_is_gone_on_the_way_back(walked: Any) -> None:
    if "stuck" in walked:
        assert any(getattr(one, "irreversible", "") for one in ours().values()), walked["stuck"]
    else:
        assert walked["left"] == []


def irreversible(migration: Migration) -> list[str]:
    """What of it can't be taken back and gives no reason in `irreversible`."""
    if getattr(migration, "irreversible", ""):
        return []
    operations = [
        inner
        for one in migration.operations
        for inner in (one.database_operations if isinstance(one, SeparateDatabaseAndState) else [one])
    ]
    return [repr(one) for one in operations if not one.reversible]


def test_every_migration_can_be_taken_back_or_says_why_not() -> None:
    assert {name: found for name, one in ours().items() if (found := irreversible(one))} == {}


def test_a_migration_without_a_way_back_would_be_noticed() -> None:
    one_way = examples.example("one way", [SeparateDatabaseAndState([RunPython(examples.nothing)])])
    assert len(irreversible(one_way)) == 1
    one_way.irreversible = "Nobody knows what was there."  # type: ignore[attr-defined]
    assert irreversible(one_way) == []


# --- In one line ----------------------------------------------------------------------------------------


def twins(names: list[str]) -> list[str]:
    """Of `app.0001_name` those numbers that an application has more than once."""
    counted = Counter(name.partition("_")[0] for name in names)
    return sorted(number for number, count in counted.items() if count > 1)


def test_no_two_migrations_of_an_application_have_the_same_number() -> None:
    assert twins([*ours()]) == []
    assert twins(["chat.0001_a", "chat.0002_b", "chat.0002_c", "accounts.0001_d"]) == ["chat.0002"]


def test_what_a_release_has_had_is_still_there() -> None:
    released = {name for name in released_migrations() if name.partition(".")[0] in APPS}
    assert released
    assert released <= ours().keys()
