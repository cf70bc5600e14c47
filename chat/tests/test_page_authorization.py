"""tests/api/authorization.yaml holds for pages: every address outside the API, for everybody."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from chat.tests.api.test_authorization import (
    PAGE_TABLE,
    PASSWORD,
    SECRET,
    World,
    by_jwt,
    by_session,
    by_token,
    everything,
    person,
    signed_out,
    world,
)
from tests.api.openapi import DESCRIBED

__all__ = ["world"]  # a fixture


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Every address outside the API; the admin's own are Django's, and stand for one."""
    for one in patterns:
        route = prefix + str(one.pattern)
        if route.startswith(DESCRIBED):
            continue
        if isinstance(one, URLResolver) and route != "admin/":
            yield from routes(one.url_patterns, route)
        else:
            yield "/" + route.replace("^", "")


def ask(client: Client, page: str, world: World) -> Any:
    nobodys = {"token": "nonsense", "uidb36": "1", "key": "nonsense", "version": "any", "language": "fr"}
    names = world.names | nobodys | {"pk": "1"}
    method, path = page.split(" ") if " " in page else ("GET", page)
    return client.generic(method, path.format(**names))


def check(client: Client, path: str, world: World, status: int, who: str, before: dict[str, Any]) -> None:
    with transaction.atomic():
        cache.clear()
        got = ask(client, path, world)
        assert got.status_code == status, f"{path} by {who}: {got.status_code}"
        if who != "owner":
            assert everything() == before, f"{path} by {who} changed something"
        if who != "owner" and not got.streaming:
            assert SECRET.encode() not in got.content, f"{path} told {who} what is Ana's"
        transaction.set_rollback(True)


def test_every_page_is_in_the_table() -> None:
    named = {path.replace("{", "<").replace("}", ">").removeprefix("POST ") for path in PAGE_TABLE}
    found = {
        path.replace("<int:", "<")
        .replace("<str:", "<")
        .replace("(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)", "<uidb36>-<key>")
        for path in routes(get_resolver().url_patterns)
    }
    assert {path.rstrip("$") for path in found} == named


def cases(world: World, path: str) -> Iterator[tuple[Client, int, str]]:
    """Everybody who asks for a page, with the status they must get, and who they are."""
    row = PAGE_TABLE[path]
    yield by_session(world.ana), row["owner"], "owner"
    for user in (person("ben"), person("pia", is_premium=True)):
        yield by_session(user), row.get("others", row["owner"]), user.username
    staff = row.get("staff", row.get("others", row["owner"]))
    yield by_session(person("tom", is_staff=True)), staff, "staff"
    olga = User.objects.create_superuser("olga", "olga@example.org", PASSWORD)
    yield by_session(olga), staff, "superuser"
    # What is a key to the API is none to a page.
    for client in (by_jwt(world.ana), by_token(world.ana), *signed_out()):
        yield client, row.get("signed_out", 302), "somebody signed out"


@pytest.mark.parametrize("path", PAGE_TABLE)
def test_everybody_gets_the_pages_that_the_table_says(path: str, world: World) -> None:
    everybody = [*cases(world, path)]
    before = everything()
    for client, status, who in everybody:
        check(client, path, world, status, who, before)
