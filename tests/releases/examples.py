"""Changes of tables as CONTRIBUTING.md advises them, and as it warns of them, on two tables of their own."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

APP = "chat"
ID: Any = ("id", models.BigAutoField(primary_key=True))
INDEX = models.Index(fields=["label"], name="example_book_by_label")


def of_books(change: str) -> Callable[[Any, BaseDatabaseSchemaEditor], None]:
    """`add_index` or `remove_index`, beside people who write; SQLite knows no other way."""

    def run(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        beside = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
        getattr(schema_editor, change)(apps.get_model(APP, "ExampleBook"), INDEX, **beside)

    return run


def nothing(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What fills a column would stand here."""


def reference(**more: Any) -> "models.ForeignKey[Any, Any]":
    """To a shelf."""
    return models.ForeignKey(f"{APP}.ExampleShelf", models.CASCADE, related_name="+", **more)


OLD: list[Operation] = [
    CreateModel("ExampleShelf", [ID, ("name", models.CharField(max_length=100))]),
    CreateModel(
        "ExampleBook",
        [
            ID,
            ("shelf", reference()),
            ("label", models.CharField(max_length=100)),
            ("pages", models.IntegerField(null=True)),
            ("lines", models.IntegerField(null=True)),
        ],
        options={"indexes": [models.Index(fields=["pages"], name="example_book_by_pages")]},
    ),
]
"""What there is before."""

NEW: list[Operation] = [
    CreateModel(
        "ExampleCard",
        [ID, ("shelf", reference()), ("name", models.CharField(max_length=100))],
        options={
            "constraints": [models.UniqueConstraint(fields=["shelf", "name"], name="example_card_once")]
        },
    ),
    AddIndex("examplecard", models.Index(fields=["name"], name="example_card_by_name")),
]

SAFE: dict[str, list[Operation]] = {
    "a new table": NEW,
    "a column that may be null": [AddField("examplebook", "stars", models.IntegerField(null=True))],
    "a column with a default in the database": [
        AddField("examplebook", "is_new", models.BooleanField(db_default=False))
    ],
    "filled, then enforced with a default in the database": [
        AddField("examplebook", "stars", models.IntegerField(null=True)),
        RunPython(nothing, RunPython.noop),
        AlterField("examplebook", "stars", models.IntegerField(db_default=0)),
    ],
    "an index beside people who write": [
        SeparateDatabaseAndState(
            [RunPython(of_books("add_index"), of_books("remove_index"))], [AddIndex("examplebook", INDEX)]
        )
    ],
    "a reference without an index": [
        AddField("examplebook", "second_shelf", reference(null=True, db_index=False))
    ],
    "a column that the code forgets first": [
        AlterField("examplebook", "label", models.CharField(max_length=100, null=True)),
        SeparateDatabaseAndState([], [RemoveField("examplebook", "label")]),
    ],
}
"""What it is → the operations of one migration."""

UNSAFE: dict[str, list[Operation]] = {
    "ADD_CHECK": [
        AddConstraint(
            "examplebook", models.CheckConstraint(condition=models.Q(pages__gt=0), name="example_pages")
        )
    ],
    "ADD_UNIQUE": [
        AddConstraint("examplebook", models.UniqueConstraint(fields=["label"], name="example_label_once"))
    ],
    "ALTER_COLUMN": [AlterField("examplebook", "pages", models.CharField(max_length=9, null=True))],
    "CREATE_INDEX": [AddIndex("examplebook", INDEX)],
    "DROP_COLUMN": [RemoveField("examplebook", "label")],
    "DROP_INDEX": [RemoveIndex("examplebook", "example_book_by_pages")],
    "DROP_TABLE": [DeleteModel("ExampleBook")],
    "NOT_NULL": [AddField("examplebook", "is_new", models.BooleanField(default=False))],
    "RENAME_COLUMN": [RenameField("examplebook", "label", "title")],
    "RENAME_TABLE": [RenameModel("ExampleBook", "ExampleVolume")],
    "RUNPYTHON_REVERSIBLE": [RunPython(nothing)],
    "RUNSQL_REVERSIBLE": [RunSQL("SELECT 1")],
}
"""The linter's code → operations that it is about, and nothing else."""

HIDDEN: dict[str, list[Operation]] = {
    "NOT_NULL": [
        *UNSAFE["NOT_NULL"],
        AddField("examplebook", "is_old", models.BooleanField(db_default=False)),
        *NEW,
    ],
    "NOT_NULL afterwards": [
        AlterField("examplebook", "lines", models.IntegerField(db_default=0)),
        AlterField("examplebook", "pages", models.IntegerField(default=0)),
    ],
    "CREATE_INDEX": [*NEW, AddIndex("examplebook", INDEX)],
}
"""The same beside what is safe: the code, and where there is more to say."""


def example(name: str, operations: list[Operation]) -> Migration:
    """A migration with these operations, not within a transaction."""
    kind = type("Example", (Migration,), {"operations": operations, "atomic": False})
    migration: Migration = kind(name, APP)
    return migration
