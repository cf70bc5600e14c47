"""Which SQL of a migration the code of the release before can't run beside: django-migration-linter's rules.

Three of them are mended: the linter takes a column without a default for safe where another statement of the
migration has one, and an index for one of a new table where an earlier one is; and it knows no checks.
"""

import re

from django.db.migrations import Migration
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType, Issue
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

WARNINGS_THAT_COUNT = ("CREATE_INDEX", "DROP_INDEX", "REINDEX", "RUNPYTHON_REVERSIBLE", "RUNSQL_REVERSIBLE")
"""The others say the same once more, or are about the names of variables."""
STYLE = ("RUNPYTHON_MODEL_IMPORT",)
"""A guess at names, too: it takes what holds a model's manager for a model."""
_TABLE = re.compile(r'ALTER TABLE "(\w+)"')
_ADDED = re.compile(r'ADD COLUMN "(\w+)" (.*)')
_ALTERED = re.compile(r'ALTER COLUMN "(\w+)" (SET NOT NULL|SET DEFAULT|DROP DEFAULT)')
_CHECKED = re.compile(r"ALTER TABLE .* ADD CONSTRAINT .* CHECK \(")


def has_column_that_old_code_leaves_empty(statements: list[str], **_: object) -> bool:
    """Whether a column must have a value from here on, and gets none where the code names none."""
    must: set[tuple[str, str]] = set()
    has_default: set[tuple[str, str]] = set()
    for sql in statements:
        table = "".join(_TABLE.findall(sql))
        for name, rest in _ADDED.findall(sql):
            must |= {(table, name)} if "NOT NULL" in rest else set()
            has_default |= {(table, name)} if re.search("DEFAULT (?!NULL)", rest) else set()
        for name, change in _ALTERED.findall(sql):
            must |= {(table, name)} if change == "SET NOT NULL" else set()
            has_default |= {(table, name)} if change == "SET DEFAULT" else set()
            has_default -= {(table, name)} if change == "DROP DEFAULT" else set()
    return bool(must - has_default)


class Analyser(PostgresqlAnalyser):
    """The linter's rules for PostgreSQL, with ours."""

    migration_checks = [
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="NOT_NULL",
            fn=has_column_that_old_code_leaves_empty,
            message="a column that the old code leaves empty",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
        Check(
            code="ADD_CHECK",
            fn=lambda sql, **_: bool(_CHECKED.search(sql)) and "NOT VALID" not in sql,
            message="a check that the old code does not know",
            mode=CheckMode.ONE_LINER,
            type=CheckType.ERROR,
        ),
    ]


def of_old_tables(statements: list[str]) -> list[str]:
    """Those that touch a table which was there before: nobody waits for a new one."""
    new = {table for sql in statements for table in re.findall(r'^CREATE TABLE ("\w+")', sql)}
    touched = re.compile(r'(?:^CREATE TABLE|^ALTER TABLE|^CREATE (?:UNIQUE )?INDEX .* ON) ("\w+")')
    return [sql for sql in statements if not ((found := touched.search(sql)) and found[1] in new)]


class Linter(MigrationLinter):
    """It looks at one migration after the other, each on the database that those before have made."""

    def __init__(self) -> None:
        super().__init__(
            no_cache=True,
            no_output=True,
            warnings_as_errors_tests=WARNINGS_THAT_COUNT,
            exclude_migration_tests=STYLE,
        )
        self.sql_analyser_class = Analyser
        self.issues: list[Issue] = []

    def codes(self, migration: Migration) -> list[str]:
        """What is not safe in it, by the linter's codes."""
        self.issues = []
        self.lint_migration(migration)
        return sorted({issue.code for issue in self.issues})

    def get_sql(self, app_label: str, migration_name: str) -> list[str]:
        """The statements of a migration, those of new tables left out."""
        migration = self.migration_loader.graph.nodes[app_label, migration_name]
        return of_old_tables(self.migration_loader.collect_sql([(migration, False)]))

    def print_errors(self, errors: list[Issue]) -> None:
        """Keep them, in place of printing them."""
        self.issues += [issue for issue in errors if issue.code not in STYLE]

    @staticmethod
    def get_migration_hash(app_label: str, migration_name: str) -> str:
        """Nothing is kept from one run to the next."""
        return ""
