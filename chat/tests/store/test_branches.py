"""Asking again in other words: branches, which one is shown, and the answer that is chosen."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.actions import waiting
from chat.models import Answer, Conversation, Message
from chat.tests.api.conversations.test_views import LIST, make, make_turn
from tests.site.vendor import Vendor

SEND = "/api/chat/send"


def ask(client: Client, message: str, **body: object) -> Any:
    body = {"message": message, "selected_providers": ["openai"]} | body
    return client.post(SEND, body, content_type="application/json")


@pytest.fixture
def spoken(as_alice: Client, vendor: Vendor) -> list[dict[str, Any]]:
    """Two turns of one conversation, as it lists them."""
    vendor.scripts["openai"] = lambda exchange: exchange.answer(f"to {len(vendor.asked)}")
    first = ask(as_alice, "One").json()
    ask(as_alice, "Two", conversation_id=first["conversation_id"])
    return listed(as_alice, first["conversation_id"])


def listed(client: Client, conversation_id: int, **query: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = client.get(f"{LIST}/{conversation_id}/messages", query).json()
    return messages


def words(messages: list[dict[str, Any]]) -> list[str]:
    return [one["content"] or "".join(one["ai_responses"].values()) for one in messages]


def test_a_question_in_the_place_of_another_begins_a_branch(
    as_alice: Client, vendor: Vendor, spoken: list[dict[str, Any]]
) -> None:
    conversation_id, after = spoken[0]["conversation_id"], spoken[1]["id"]
    assert words(spoken) == ["One", "to 1", "Two", "to 2"]
    other = ask(as_alice, "Other", conversation_id=conversation_id, parent_id=after)
    assert other.status_code == 200
    shown = listed(as_alice, conversation_id)
    assert words(shown) == ["One", "to 1", "Other", "to 3"]
    # The AI is told of its own branch alone.
    assert [one["content"] for one in vendor.asked[-1][1]["messages"]] == ["One", "to 1", "Other"]
    # Nothing is lost, and what is asked next goes on from what is shown.
    assert words(listed(as_alice, conversation_id, branch="all")) == [
        "One", "to 1", "Two", "to 2", "Other", "to 3",
    ]  # fmt: skip
    ask(as_alice, "Next", conversation_id=conversation_id)
    assert words(listed(as_alice, conversation_id)) == ["One", "to 1", "Other", "to 3", "Next", "to 4"]


def test_the_first_question_can_be_asked_anew(
    as_alice: Client, vendor: Vendor, spoken: list[dict[str, Any]]
) -> None:
    conversation_id = spoken[0]["conversation_id"]
    ask(as_alice, "Anew", conversation_id=conversation_id, parent_id=None)
    assert words(listed(as_alice, conversation_id)) == ["Anew", "to 3"]
    assert [one["content"] for one in vendor.asked[-1][1]["messages"]] == ["Anew"]
    assert Conversation.objects.get().title == "One"


def test_the_end_of_what_is_shown_is_no_branch(as_alice: Client, spoken: list[dict[str, Any]]) -> None:
    ask(as_alice, "Three", conversation_id=spoken[0]["conversation_id"], parent_id=spoken[-1]["id"])
    assert Conversation.objects.get().head_id is None


def test_branches_are_listed_and_each_can_be_shown(as_alice: Client, spoken: list[dict[str, Any]]) -> None:
    conversation_id, after, two = spoken[0]["conversation_id"], spoken[1]["id"], spoken[2]["id"]
    only = as_alice.get(f"/api/chat/messages/{two}/branches").json()
    assert [(one["content"], one["is_active"]) for one in only] == [("Two", True)]
    other = ask(as_alice, "Other", conversation_id=conversation_id, parent_id=after).json()
    ask(as_alice, "Further", conversation_id=conversation_id)
    # By the question or by its answers.
    for message_id in (two, spoken[3]["id"], other["message_id"]):
        beside = as_alice.get(f"/api/chat/messages/{message_id}/branches").json()
        assert [(one["content"], one["is_active"]) for one in beside] == [("Two", False), ("Other", True)]
    assert as_alice.post(f"/api/chat/messages/{two}/show").status_code == 204
    assert words(listed(as_alice, conversation_id)) == ["One", "to 1", "Two", "to 2"]
    # A branch is shown to its newest end.
    as_alice.post(f"/api/chat/messages/{other['message_id']}/show")
    assert words(listed(as_alice, conversation_id)) == ["One", "to 1", "Other", "to 3", "Further", "to 4"]


def test_the_page_shows_the_same_branch(as_alice: Client, spoken: list[dict[str, Any]]) -> None:
    conversation_id = spoken[0]["conversation_id"]
    ask(as_alice, "Other", conversation_id=conversation_id, parent_id=spoken[1]["id"])
    page = as_alice.get(f"/chat/{conversation_id}").content.decode()
    assert '"Other"' in page
    assert '"Two"' not in page


def test_a_question_can_not_go_just_anywhere(
    as_alice: Client, as_bob: Client, vendor: Vendor, spoken: list[dict[str, Any]]
) -> None:
    conversation_id = spoken[0]["conversation_id"]
    foreign = ask(as_bob, "Bob’s", selected_providers=["demo:quick"]).json()
    for parent_id, status, code in (
        (spoken[0]["id"], 400, "bad_parent"),
        (foreign["message_id"], 404, "message_not_found"),
        (10**15, 404, "message_not_found"),
        (0, 400, "invalid"),
    ):
        got = ask(as_alice, "Lost", conversation_id=conversation_id, parent_id=parent_id)
        assert (got.status_code, got.json()["code"]) == (status, code), parent_id
    # A new conversation has nothing to go after.
    assert ask(as_alice, "Lost", parent_id=spoken[1]["id"]).status_code == 404
    assert not Message.objects.filter(content="Lost").exists()
    assert Conversation.objects.count() == 2


def test_the_same_words_in_another_place_are_another_question(
    as_alice: Client, spoken: list[dict[str, Any]]
) -> None:
    body = {
        "message": "Once",
        "selected_providers": ["openai"],
        "conversation_id": spoken[0]["conversation_id"],
    }
    headers = {"Idempotency-Key": "k1"}
    first = as_alice.post(SEND, body, content_type="application/json", headers=headers)
    moved = body | {"parent_id": spoken[1]["id"]}
    conflict = as_alice.post(SEND, moved, content_type="application/json", headers=headers)
    assert (first.status_code, conflict.status_code) == (200, 409)


def test_an_outsider_finds_no_branches(as_alice: Client, as_bob: Client, alice: User) -> None:
    conversation = make(alice)
    make_turn(conversation, "?", openai="!")
    for message in Message.objects.all():
        assert as_bob.get(f"/api/chat/messages/{message.pk}/branches").status_code == 404
        assert as_bob.post(f"/api/chat/messages/{message.pk}/show").status_code == 404
    assert Conversation.objects.get().head_id is None


def test_one_answer_of_a_turn_is_chosen(as_alice: Client, alice: User) -> None:
    conversation = make(alice)
    make_turn(conversation, "?", openai="first", mistral="second")
    first, second = Answer.objects.order_by("pk")
    for answer in (first, second):
        got = as_alice.post(f"/api/chat/answers/{answer.pk}/choose").json()
        assert (got["id"], got["is_chosen"]) == (answer.pk, True)
    [_, assistant] = listed(as_alice, conversation.pk)
    assert [one["is_chosen"] for one in assistant["answers"]] == [False, True]
    assert assistant["content"] == "second"
    # Who was not chosen can't be chosen less.
    as_alice.delete(f"/api/chat/answers/{first.pk}/choose")
    assert as_alice.get(f"/api/chat/answers/{second.pk}").json()["is_chosen"] is True
    assert as_alice.delete(f"/api/chat/answers/{second.pk}/choose").json()["is_chosen"] is False
    assert listed(as_alice, conversation.pk)[1]["content"] == ""


def test_an_ai_is_told_the_version_that_was_chosen(
    as_alice: Client, alice: User, vendor: Vendor, spoken: list[dict[str, Any]]
) -> None:
    old = spoken[3]["answers"][0]["id"]
    vendor.scripts["openai"] = lambda exchange: exchange.answer("again")
    begun = as_alice.post(f"/api/chat/answers/{old}/retry").json()
    waiting.wait(spoken[0]["conversation_id"], begun["message_id"], alice.pk, 30, [begun["id"]])
    conversation_id = spoken[0]["conversation_id"]
    ask(as_alice, "Three", conversation_id=conversation_id)
    as_alice.post(f"/api/chat/answers/{old}/choose")
    ask(as_alice, "Four", conversation_id=conversation_id)
    told = [[one["content"] for one in body["messages"]] for _, body in vendor.asked[-2:]]
    assert told == [
        ["One", "to 1", "Two", "again", "Three"],
        ["One", "to 1", "Two", "to 2", "Three", "again", "Four"],
    ]
