"""The API has one clock: every moment is in UTC and ends with Z, whatever the site's time zone is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
ADDRESSES = (
    "/api/chat/conversations",
    "/api/chat/conversations/{conversation}",
    "/api/chat/conversations/{conversation}/messages",
    "/api/chat/messages/{message}",
    "/api/chat/messages/{message}/branches",
    "/api/chat/line-ups",
    "/api/chat/search?words=clock",
    "/api/chat/providers",
    "/api/auth/me",
    "/api/auth/tokens",
    "/api/stats/user",
    "/api/usage",
)


def moments(value: Any) -> Iterator[str]:
    """Every string in a body that says a moment."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from moments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from moments(inner)
    elif isinstance(value, str) and MOMENT.match(value):
        yield value


def test_every_moment_is_in_utc(as_alice: Client, alice: User, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Paris"
    asked = {"message": "What does the clock say?", "selected_providers": ["demo:quick"]}
    sent = as_alice.post("/api/chat/send", asked, content_type="application/json").json()
    as_alice.post(
        "/api/chat/line-ups", {"name": "All", "targets": ["demo:quick"]}, content_type="application/json"
    )
    as_alice.post("/api/auth/tokens", {"name": "Script", "scope": "read"}, content_type="application/json")
    message = as_alice.get(f"/api/chat/conversations/{sent['conversation_id']}/messages").json()[0]
    without = []
    for address in ADDRESSES:
        path = address.format(conversation=sent["conversation_id"], message=message["id"])
        got = as_alice.get(path)
        assert got.status_code == 200, path
        found = [*moments(got.json())]
        assert [moment for moment in found if not moment.endswith("Z")] == [], path
        without += [] if found else [address]
    # These have none for a new account; every other one was really looked at.
    assert {*without} <= {"/api/chat/search?words=clock", "/api/chat/providers", "/api/usage"}


@pytest.mark.parametrize("order", ["created_at", "-updated_at"])
def test_lists_are_ordered_by_the_same_moments(as_alice: Client, order: str) -> None:
    for title in ("one", "two"):
        as_alice.post("/api/chat/conversations", {"title": title}, content_type="application/json")
    listed = as_alice.get(f"/api/chat/conversations?order={order}").json()
    key = order.removeprefix("-")
    assert [one[key] for one in listed] == sorted((one[key] for one in listed), reverse=order[0] == "-")
