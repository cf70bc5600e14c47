"""Tags: a person's own words on conversations."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Tag
from chat.tests.api.conversations.test_views import LIST, make
from tests.api.problems import fields_of

TAGS = "/api/chat/tags"


def put(client: Client, path: str, *names: object) -> Any:
    return client.patch(path, {"tags": names}, content_type="application/json")


def listed(client: Client) -> list[tuple[str, int]]:
    return [(one["name"], one["count"]) for one in client.get(TAGS).json()]


def test_tags_are_put_on_replaced_and_gone_with_their_last_use(as_alice: Client, alice: User) -> None:
    one = as_alice.post(LIST, {"title": "x", "tags": ["Été", "work"]}, content_type="application/json").json()
    assert one["tags"] == ["Été", "work"]
    other = f"{LIST}/{make(alice).pk}"
    # A tag is the same in any case; it is written as it was first.
    assert put(as_alice, other, "WORK", "ete", "Work").json()["tags"] == ["Été", "work"]
    assert listed(as_alice) == [("Été", 2), ("work", 2)]
    assert put(as_alice, other).json()["tags"] == []
    assert put(as_alice, f"{LIST}/{one['id']}", "work", "new").json()["tags"] == ["new", "work"]
    assert listed(as_alice) == [("new", 1), ("work", 1)]
    assert Tag.objects.count() == 2
    # Who says nothing of them leaves them.
    kept = as_alice.patch(f"{LIST}/{one['id']}", {"title": "y"}, content_type="application/json")
    assert kept.json()["tags"] == ["new", "work"]


def test_conversations_are_found_by_their_tag(
    as_alice: Client, as_bob: Client, alice: User, bob: User
) -> None:
    for number in range(3):
        put(as_alice, f"{LIST}/{make(alice, str(number), number).pk}", *["Été", "odd"][: 1 + number % 2])
    put(as_bob, f"{LIST}/{make(bob, 'theirs').pk}", "Été")
    found = [as_alice.get(LIST, {"tag": tag}).json() for tag in ("ete", "ODD", "none")]
    assert [[one["title"] for one in rows] for rows in found] == [["0", "1", "2"], ["1"], []]
    assert found[1][0]["tags"] == ["Été", "odd"]


def test_what_is_archived_is_not_counted_and_what_is_deleted_not_listed(
    as_alice: Client, alice: User
) -> None:
    path = f"{LIST}/{make(alice).pk}"
    put(as_alice, path, "tag")
    as_alice.patch(path, {"is_archived": True}, content_type="application/json")
    assert listed(as_alice) == [("tag", 0)]
    as_alice.delete(path)
    assert listed(as_alice) == []
    assert as_alice.post(f"{path}/undo").json()["tags"] == ["tag"]


def test_an_outsider_sees_and_changes_none(as_alice: Client, as_bob: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice).pk}"
    put(as_alice, path, "mine")
    assert put(as_bob, path, "taken").status_code == 404
    assert listed(as_bob) == []
    assert listed(as_alice) == [("mine", 1)]


@pytest.mark.parametrize(
    "tags",
    [["x" * 51], [""], [" "], [4], [None], "work", [str(number) for number in range(11)], [["x"]]],
)
def test_bad_tags_are_refused(as_alice: Client, alice: User, tags: object) -> None:
    path = f"{LIST}/{make(alice).pk}"
    for method, address in ((as_alice.patch, path), (as_alice.post, LIST)):
        got = method(address, {"tags": tags}, content_type="application/json")
        assert got.status_code == 400
        assert {field.partition("/")[0] for field in fields_of(got.json())} == {"tags"}
    assert not Tag.objects.exists()


def test_a_long_key_is_no_failure(as_alice: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice).pk}"
    assert put(as_alice, path, "\ufdfa" * 50).json()["tags"] == ["\ufdfa" * 50]
