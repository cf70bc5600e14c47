"""The REST lists of conversations and messages."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Answer, Conversation, Message
from tests.api.problems import fields_of

LIST = "/api/chat/conversations"


def make(owner: User, title: str = "Title", minutes_ago: int = 0, **more: Any) -> Conversation:
    used = timezone.now() - timedelta(minutes=minutes_ago)
    return Conversation.objects.create(owner=owner, title=title, updated_at=used, **more)


def make_turn(conversation: Conversation, question: str, **answers: str) -> Message:
    asked = Message.objects.create(conversation=conversation, role="user", content=question)
    assistant = Message.objects.create(conversation=conversation, role="assistant", parent=asked)
    for position, (name, text) in enumerate(answers.items()):
        Answer.objects.create(
            message=assistant,
            position=position,
            target=name,
            name=name,
            provider=name,
            text=text,
            status="done",
        )
    return assistant


def test_the_list_is_ones_own_newest_first(as_alice: Client, alice: User, bob: User) -> None:
    make(alice, "older", minutes_ago=5)
    make(alice, "newest")
    make(bob, "foreign")
    listed = as_alice.get(LIST).json()
    assert [one["title"] for one in listed] == ["newest", "older"]
    guides = {"id", "title", "folder", "created_at", "updated_at"}
    assert set(listed[0]) == guides | {"is_pinned", "is_archived", "is_favourite", "tags"}
    assert listed[0]["folder"] == "Général"


def test_pages_are_linked(as_alice: Client, alice: User) -> None:
    for number in range(3):
        make(alice, str(number), minutes_ago=number)
    first = as_alice.get(LIST, {"limit": 2})
    assert [one["title"] for one in first.json()] == ["0", "1"]
    assert 'rel="next"' in first["Link"]
    assert first["X-Total-Count"] == "3"
    assert "offset=2" in first["Link"]
    last = as_alice.get(LIST, {"limit": 2, "offset": 2})
    assert [one["title"] for one in last.json()] == ["2"]
    assert 'rel="prev"' in last["Link"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "all"),
        ("limit", ""),
        ("offset", "-1"),
        ("offset", "9" * 30),
    ],
)
def test_a_page_that_there_is_not_is_refused(as_alice: Client, name: str, value: str) -> None:
    got = as_alice.get(LIST, {name: value})
    assert got.status_code == 400
    assert fields_of(got.json()) == [name]


def test_a_hundred_are_a_page(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    Conversation.objects.bulk_create(Conversation(owner=alice, updated_at=now) for _ in range(101))
    assert len(as_alice.get(LIST).json()) == 100


def test_messages_come_in_order_with_the_guides_fields(as_alice: Client, alice: User) -> None:
    conversation = make(alice)
    make_turn(conversation, "One?", openai="1", mistral="un")
    make_turn(conversation, "Two?", openai="2")
    got: list[dict[str, Any]] = as_alice.get(f"{LIST}/{conversation.pk}/messages").json()
    guides = {"id", "conversation_id", "role", "content", "ai_responses", "created_at"}
    assert all(guides <= set(one) for one in got)
    assert [(one["role"], one["content"]) for one in got] == [
        ("user", "One?"),
        ("assistant", ""),
        ("user", "Two?"),
        ("assistant", ""),
    ]
    assert [one["ai_responses"] for one in got] == [
        None,
        {"openai": "1", "mistral": "un"},
        None,
        {"openai": "2"},
    ]
    assert [one["name"] for one in got[1]["answers"]] == ["openai", "mistral"]


def test_all_messages_unless_a_limit_is_given(as_alice: Client, alice: User) -> None:
    conversation = make(alice)
    Message.objects.bulk_create(
        Message(conversation=conversation, role="user", content=str(number)) for number in range(120)
    )
    path = f"{LIST}/{conversation.pk}/messages"
    assert len(as_alice.get(path).json()) == 120
    assert [one["content"] for one in as_alice.get(path, {"limit": 2}).json()] == ["0", "1"]


def test_lists_ask_the_database_no_more_with_more_rows(
    as_alice: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    conversation = make(alice)
    for number in range(20):
        make_turn(conversation, str(number), openai="a", mistral="b")
    with django_assert_max_num_queries(6):
        as_alice.get(f"{LIST}/{conversation.pk}/messages")


def test_a_conversation_is_started_renamed_moved_and_deleted(as_alice: Client, alice: User) -> None:
    made = as_alice.post(LIST, {"title": "New"}, content_type="application/json")
    assert made.status_code == 201
    path = f"{LIST}/{made.json()['id']}"
    assert made["Location"].endswith(path)
    changed = as_alice.patch(path, {"title": "Renamed", "folder": "Travail"}, content_type="application/json")
    assert (changed.json()["title"], changed.json()["folder"]) == ("Renamed", "Travail")
    make_turn(Conversation.objects.get(), "?", openai="!")
    assert as_alice.delete(path).status_code == 204
    assert as_alice.get(LIST).json() == []
    assert as_alice.delete(path).status_code == 404


def test_renaming_leaves_the_rest_and_the_order(as_alice: Client, alice: User) -> None:
    old = make(alice, "old", minutes_ago=60)
    make(alice, "new")
    as_alice.patch(f"{LIST}/{old.pk}", {"title": "still old"}, content_type="application/json")
    assert [one["title"] for one in as_alice.get(LIST).json()] == ["new", "still old"]


@pytest.mark.parametrize("verb", ["get", "patch", "delete"])
def test_somebody_elses_conversation_is_404(as_bob: Client, alice: User, verb: str) -> None:
    theirs = make(alice, "private")
    got = getattr(as_bob, verb)(f"{LIST}/{theirs.pk}", content_type="application/json")
    assert got.status_code == 404
    assert got.json()["detail"] == "Conversation not found"
    theirs.refresh_from_db()
    assert theirs.title == "private"


def test_not_found_is_never_translated(as_bob: Client, alice: User) -> None:
    got = as_bob.get(f"{LIST}/{make(alice).pk}/messages", headers={"Accept-Language": "fr"})
    assert got.status_code == 404
    assert got.json()["detail"] == "Conversation not found"


@pytest.mark.parametrize(
    "body", [{"title": "x" * 256}, {"title": 3.5e300, "owner": 1}, {"owner": 1}, {"folder": ""}, ["title"]]
)
def test_bad_input_is_400_and_changes_nothing(as_alice: Client, alice: User, body: object) -> None:
    conversation = make(alice, "before")
    for method, path in ((as_alice.patch, f"{LIST}/{conversation.pk}"), (as_alice.post, LIST)):
        assert method(path, body, content_type="application/json").status_code == 400
    assert list(Conversation.objects.values_list("title", flat=True)) == ["before"]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/1", f"{LIST}/1/messages", "/api/"])
def test_nobody_reads_without_signing_in(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 401


def test_the_browsable_pages_work_for_a_signed_in_person(as_alice: Client, alice: User) -> None:
    for path in (LIST, f"{LIST}/{make(alice).pk}", "/api/chat/send", "/api/"):
        page = as_alice.get(path, headers={"Accept": "text/html"})
        # `send` takes POST alone; its page with the form still shows.
        assert page.status_code == (405 if path.endswith("send") else 200)
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert b"onclick=" not in page.content


def test_deleting_a_person_deletes_their_conversations(alice: User) -> None:
    make_turn(make(alice), "?", openai="!")
    alice.delete()
    assert not Conversation.objects.exists()
    assert not Answer.objects.exists()
