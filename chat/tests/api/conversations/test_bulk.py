"""Several conversations at once: all of them, or none."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Answer, Conversation, Folder, Tag
from chat.tests.api.conversations.test_views import LIST, make, make_turn
from tests.api.problems import fields_of


def several(client: Client, what: str, ids: object, **more: object) -> Any:
    return client.post(f"{LIST}/{what}", {"ids": ids} | more, content_type="application/json")


def made(owner: User, count: int = 3) -> list[int]:
    return [make(owner, str(number)).pk for number in range(count)]


def test_all_are_changed_and_come_back_in_the_order_of_the_ids(as_alice: Client, alice: User) -> None:
    ids = made(alice)
    changes = {"folder": "Work", "is_pinned": True, "is_archived": True, "is_favourite": True}
    got = several(as_alice, "change", [ids[2], ids[0], ids[2]], **changes, add_tags=["b", "a"])
    assert got.status_code == 200
    assert [one["id"] for one in got.json()] == [ids[2], ids[0]]
    assert got.json()[0] == as_alice.get(f"{LIST}/{ids[2]}").json()
    for one in got.json():
        assert changes.items() <= one.items()
        assert one["tags"] == ["a", "b"]
    # The third, and what nothing was said of, is as it was.
    assert as_alice.get(f"{LIST}/{ids[1]}").json()["folder"] == "Général"
    again = several(as_alice, "change", ids, remove_tags=["A"], add_tags=["c"], folder="work").json()
    assert [one["tags"] for one in again] == [["b", "c"], ["c"], ["b", "c"]]
    assert [one["is_pinned"] for one in again] == [True, False, True]
    assert {one["folder"] for one in again} == {"Work"}
    several(as_alice, "change", ids, remove_tags=["b", "c"])
    assert not Tag.objects.exists()


def test_changing_leaves_the_time_alone(as_alice: Client, alice: User) -> None:
    [pk] = made(alice, 1)
    before = as_alice.get(f"{LIST}/{pk}").json()["updated_at"]
    assert several(as_alice, "change", [pk], is_pinned=True).json()[0]["updated_at"] == before


def test_with_one_that_is_not_ones_own_nothing_is_changed(as_alice: Client, alice: User, bob: User) -> None:
    ids, theirs = made(alice), make(bob, "theirs").pk
    gone = make(alice).pk
    as_alice.delete(f"{LIST}/{gone}")
    for other in (theirs, gone, 2**40):
        for what, more in (("change", {"folder": "New", "add_tags": ["new"]}), ("delete", {})):
            got = several(as_alice, what, [*ids, other], **more)
            assert (got.status_code, got.json()["code"]) == (404, "conversation_not_found")
    assert not Folder.objects.exists()
    assert not Tag.objects.exists()
    assert Conversation.objects.filter(deleted_at=None).count() == 4


def test_all_are_deleted_and_had_back(as_alice: Client, alice: User) -> None:
    ids = made(alice)
    make_turn(Conversation.objects.get(pk=ids[0]), "?", openai="half")
    Answer.objects.update(status="queued")
    before = as_alice.get(LIST).json()
    assert several(as_alice, "delete", ids).status_code == 204
    assert as_alice.get(LIST).json() == []
    # What ran in one of them is stopped.
    assert Answer.objects.get().status == "stopped"
    assert several(as_alice, "delete", ids).status_code == 404
    back = several(as_alice, "undo", ids[::-1])
    assert (back.status_code, [one["id"] for one in back.json()]) == (200, ids[::-1])
    assert as_alice.get(LIST).json() == before
    assert several(as_alice, "undo", ids).json()["code"] == "nothing_to_undo"


def test_with_one_that_can_not_be_had_back_none_is(as_alice: Client, alice: User, bob: User) -> None:
    [kept, gone] = made(alice, 2)
    theirs = make(bob).pk
    several(as_alice, "delete", [gone])
    Conversation.objects.filter(pk=theirs).update(deleted_at=Conversation.objects.get(pk=gone).deleted_at)
    for other in (kept, theirs, 2**40):
        assert several(as_alice, "undo", [gone, other]).status_code == 404
    assert as_alice.get(f"{LIST}/{gone}").status_code == 404
    assert Conversation.objects.get(pk=theirs).deleted_at is not None


def test_an_outsider_gets_404(as_alice: Client, as_bob: Client, alice: User) -> None:
    ids = made(alice)
    assert several(as_bob, "change", ids, is_pinned=True).status_code == 404
    assert several(as_bob, "delete", ids).status_code == 404
    several(as_alice, "delete", ids)
    assert several(as_bob, "undo", ids).status_code == 404


def test_a_tag_too_many_is_refused_and_nothing_changed(as_alice: Client, alice: User) -> None:
    ids = made(alice)
    path = f"{LIST}/{ids[0]}"
    as_alice.patch(path, {"tags": list("abcdefghij")}, content_type="application/json")
    got = several(as_alice, "change", ids, add_tags=["k"], is_pinned=True)
    assert (got.status_code, got.json()["code"]) == (400, "too_many_tags")
    assert not Conversation.objects.filter(is_pinned=True).exists()
    # One that is taken off makes room for another.
    assert several(as_alice, "change", ids, add_tags=["k"], remove_tags=["a"]).status_code == 200


@pytest.mark.parametrize("what", ["change", "delete", "undo"])
@pytest.mark.parametrize("ids", [[], [0], ["x"], "1", None, [True], [*range(1, 202)]])
def test_bad_ids_are_refused(as_alice: Client, what: str, ids: object) -> None:
    got = several(as_alice, what, ids)
    assert got.status_code == 400
    assert {field.partition("/")[0] for field in fields_of(got.json())} == {"ids"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x"),
        ("owner", 1),
        ("folder", ""),
        ("is_pinned", 1),
        ("add_tags", "x"),
        ("remove_tags", [str(number) for number in range(11)]),
        ("tags", ["x"]),
    ],
)
def test_bad_changes_are_refused_by_name(as_alice: Client, alice: User, field: str, value: object) -> None:
    got = several(as_alice, "change", made(alice, 1), **{field: value})
    assert got.status_code == 400
    assert fields_of(got.json()) == [field]


def test_two_hundred_take_few_queries(
    as_alice: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    ids = made(alice, 200)
    with django_assert_max_num_queries(30):
        assert several(as_alice, "change", ids, folder="F", add_tags=["x"]).status_code == 200
    with django_assert_max_num_queries(15):
        assert several(as_alice, "delete", ids).status_code == 204
