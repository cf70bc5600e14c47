"""All migrations forward, looked at one by one, and back again, on a new database; told as JSON.

It runs inside a site's own Django, whose database it fills and empties.
"""

import json
import sys
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from tests.releases import examples
from tests.releases.analysis import Linter

APPS = ("dashboard", "chat", "accounts")
"""Ours, those first that build on the others."""


def main() -> None:
    """Tell what is not safe in each migration (on PostgreSQL), and what is left after the way back."""
    is_linted = connection.vendor == "postgresql"
    linter, executor = Linter(), MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    unsafe: dict[str, list[str]] = {}
    state = ProjectState()
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if is_linted and migration.app_label in APPS:
            unsafe[f"{migration.app_label}.{migration.name}"] = linter.codes(migration)
        state = executor.apply_migration(state, migration)
    told: dict[str, Any] = {"unsafe": unsafe} | of_examples(linter, state, is_linted=is_linted)
    try:
        for app in APPS:
            call_command("migrate", app, "zero", verbosity=0)
    except IrreversibleError as error:
        told["stuck"] = str(error)
    told["left"] = [table for table in connection.introspection.table_names() if table.startswith(APPS)]
    json.dump(told, sys.stdout)


def of_examples(linter: Linter, state: ProjectState, *, is_linted: bool) -> dict[str, dict[str, list[str]]]:
    """What the linter says of each example; those that are safe are done on either engine, and undone."""
    [last] = linter.migration_loader.graph.leaf_nodes(examples.APP)
    old = added(linter, "example tables", examples.OLD, last)
    with connection.schema_editor() as editor:
        with_tables = old.apply(state.clone(), editor)
    told: dict[str, dict[str, list[str]]] = {"SAFE": {}, "UNSAFE": {}, "HIDDEN": {}}
    for kind, codes in told.items():
        for name, operations in getattr(examples, kind).items():
            one = added(linter, f"example {kind} {name}", operations, (old.app_label, old.name))
            codes[name] = linter.codes(one) if is_linted else []
            if kind == "SAFE":
                forth_and_back(one, with_tables)
    with connection.schema_editor() as editor:
        old.unapply(state.clone(), editor)
    return told


def added(linter: Linter, name: str, operations: list[Any], after: tuple[str, str]) -> Migration:
    """An example in the place after this migration."""
    migration, graph = examples.example(name, operations), linter.migration_loader.graph
    key = (migration.app_label, migration.name)
    graph.add_node(key, migration)
    graph.add_dependency(migration, key, after)
    return migration


def forth_and_back(migration: Migration, state: ProjectState) -> None:
    """Apply an example, and take it back."""
    with connection.schema_editor(atomic=False) as editor:
        migration.apply(state.clone(), editor)
    with connection.schema_editor(atomic=False) as editor:
        migration.unapply(state.clone(), editor)
