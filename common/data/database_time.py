"""Database time: what several machines share, however their own clocks go."""

from datetime import timedelta

from django.db import connection
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now


def ago(seconds: float) -> Combinable:
    """So many seconds before now, for the ORM."""
    return ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds), output_field=DurationField()), output_field=DateTimeField()
    )


def now_sql() -> str:
    """Now, for raw SQL, in the form in which Django reads it back."""
    return ago_sql(0)


def ago_sql(seconds: int) -> str:
    """So many seconds before now, for raw SQL."""
    if connection.vendor == "postgresql":
        return f"(STATEMENT_TIMESTAMP() - INTERVAL '{seconds} seconds')"
    return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '-{seconds} seconds')"
