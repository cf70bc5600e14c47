"""Querysets whose SQL is built once, for what every question to an AI reads.

Django takes about ten times longer to build a query than a database takes to answer it by its key.
"""

from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
_NUMBER_MARK = 7 << 59
_TEXT_MARK = "\ue000aB"
"""Lower or upper case would be noticed."""


def prepared(build: Callable[P, QuerySet[M]]) -> Callable[P, list[M]]:
    """Make a function that returns a queryset one that returns its rows, from SQL kept by the first call.

    It takes integers, texts, UUIDs, None and collections of these, by position, and must hand each to the
    queryset as it is: a value it looks into would be the first caller's for ever. One that can't be found
    again in the SQL raises ValueError. Rows come without related objects and annotations.
    """
    statements: dict[tuple[int | None, ...], tuple[type[M], str, list[Any]] | None] = {}

    @wraps(build)
    def read(*args: P.args, **kwargs: P.kwargs) -> list[M]:
        values = [_padded(value) for value in args]
        # Another number of values, or None in place of one, is another statement.
        shape = tuple(None if value is None else len(value) for value in values)
        if shape not in statements:
            statements[shape] = _compile(build, args, values)
        statement = statements[shape]
        if statement is None:
            return []
        model, sql, params = statement
        flat = [_as_stored(one) for value in values if value is not None for one in value]
        bound = [flat[one.place] if isinstance(one, _Place) else one for one in params]
        return list(model._default_manager.raw(sql, bound))

    return read


class _Place:
    """Where a value goes among a statement's parameters: the number of the value."""

    def __init__(self, place: int) -> None:
        self.place = place


def _padded(value: object) -> tuple[Any, ...] | None:
    """A value as a tuple; of a collection so long that few lengths are ever asked, the last one repeated."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Collection):
        return (value,)
    values = tuple(value)
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else ()


def _compile(
    build: Callable[..., QuerySet[M]], args: Collection[object], values: list[tuple[Any, ...] | None]
) -> tuple[type[M], str, list[Any]] | None:
    """The model, its SQL, and its parameters with places for the values; None where no row can match."""
    places: dict[Any, _Place] = {}
    marked = [_marked(arg, value, places) for arg, value in zip(args, values, strict=True)]
    queryset = build(*marked)
    compiler = queryset.query.get_compiler(connection=connections[DEFAULT_DB_ALIAS])
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    bound = [places.get(param, param) for param in params]
    if {id(one) for one in bound if isinstance(one, _Place)} != {id(one) for one in places.values()}:
        raise ValueError(f"{build.__name__} does not hand every value to its queryset as it is.")
    return queryset.model, sql, bound


def _marked(arg: object, value: tuple[Any, ...] | None, places: dict[Any, _Place]) -> Any:
    """In place of an argument, one with values that are found again in the SQL's parameters."""
    if value is None:
        return None
    marks = [*_marks(value, len(places))]
    places |= {_as_stored(mark): _Place(len(places) + number) for number, mark in enumerate(marks)}
    return marks if isinstance(arg, Collection) and not isinstance(arg, str) else marks[0]


def _marks(value: tuple[Any, ...], first: int) -> Iterator[int | str | UUID]:
    for number, one in enumerate(value, first):
        if isinstance(one, str):
            yield f"{_TEXT_MARK}{number}"
        else:
            mark = _NUMBER_MARK + number
            yield UUID(int=mark) if isinstance(one, UUID) else mark


def _as_stored(value: Any) -> Any:
    """A value as the driver takes it: SQLite has no UUIDs."""
    if isinstance(value, UUID) and not connections[DEFAULT_DB_ALIAS].features.has_native_uuid_field:
        return value.hex
    return value
