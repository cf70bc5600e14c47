"""Mass assignment: every field of every model is sent to whatever writes, and only its own are taken."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction

from chat.tests.api.test_authorization import TABLE, World, ask, by_jwt, everything, world
from gateway.body import NEUTRAL, WITHOUT_EFFECT
from tests.api.openapi import description

__all__ = ["world"]  # a fixture

WRITING = [name for name in TABLE if name.split(" ")[0] in ("POST", "PUT", "PATCH")]
FIELDS = sorted(
    {
        name
        for label in ("accounts", "chat")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.get_fields()
        for name in (field.name, getattr(field, "attname", field.name))
    }
)
VALUES = {"id": 1, "owner": 1, "owner_id": 1, "user": 1, "user_id": 1, "title": "Taken over"}


def body_of(operation: str) -> dict[str, Any] | None:
    """What the description says of an operation's JSON body; None where it takes none."""
    method, path = operation.split(" ")
    described = description()["paths"][path][method.lower()].get("requestBody")
    if described is None:
        return None
    content = described["content"]
    schema = (content.get("application/json") or content["multipart/form-data"])["schema"]
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] | None = schema
    return found


def extra_for(operation: str) -> dict[str, Any]:
    """Every field of a model that is none of this operation's own, with a value that would do harm."""
    own = {*(body_of(operation) or {}).get("properties", {})}
    if operation.startswith("POST /v1/"):
        own |= {*NEUTRAL} | WITHOUT_EFFECT
    return {name: VALUES.get(name, True) for name in FIELDS if name not in own}


def settled(rows: dict[str, Any]) -> str:
    """The rows without what differs by itself: times, and what is made at random."""
    text = json.dumps(rows, default=lambda value: "a time" if isinstance(value, datetime) else str(value))
    return re.sub(r'"(token_hash|heartbeat_at)": "[^"]*"', "", text)


@pytest.mark.parametrize("operation", [name for name in WRITING if body_of(name)])
def test_fields_that_are_not_its_own_are_refused_by_name(operation: str, world: World) -> None:
    client = by_jwt(world.ana)
    cache.clear()
    before = everything()
    extra = extra_for(operation)
    got = ask(client, operation, world, extra)
    if got.status_code == 403:
        # Not for Ana at all; the owner of this WeBox may, for everybody's providers, and is refused the same.
        world.names["slug"] = "openai"
        type(world.ana).objects.filter(pk=world.ana.pk).update(is_superuser=True)
        before = everything()
        got = ask(client, operation, world, extra)
    assert got.status_code == 400, f"{operation}: {got.status_code} {got.content[:300]!r}"
    said = got.content.decode()
    # OpenAI's protocol names the first one that is wrong; all others name each.
    unnamed = [name for name in extra if f'#/{name}"' not in said]
    assert not unnamed or "invalid_body" in said, f"{operation} does not refuse {unnamed}"
    assert everything() == before, f"{operation} changed something"


@pytest.mark.parametrize("operation", [name for name in WRITING if body_of(name) is None])
def test_who_takes_no_body_does_the_same_with_one(operation: str, world: World) -> None:
    client = by_jwt(world.ana)
    before = settled(everything())
    after = []
    for extra in ({}, extra_for(operation)):
        with transaction.atomic():
            cache.clear()
            got = ask(client, operation, world, extra)
            after.append((got.status_code, settled(everything())))
            transaction.set_rollback(True)
    assert after[1] in (after[0], (400, before)), f"{operation} was led astray"
