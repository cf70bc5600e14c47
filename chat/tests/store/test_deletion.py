"""Deleting a conversation: gone at once, had back for a while, removed for good later."""

import threading
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat import limits
from chat.actions import asking
from chat.ais.targets import resolve
from chat.models import Answer, Attachment, Conversation, Message, Tag
from chat.store import erasing
from chat.store.saving import Question
from chat.store.tags import set_tags
from chat.tests.api.conversations.test_views import LIST, make, make_turn
from chat.tests.store.test_uploads import picture
from tests.site.vendor import Exchange, Vendor


def test_what_is_deleted_is_gone_from_everywhere_at_once(as_alice: Client, alice: User) -> None:
    conversation = make(alice, "secret", folder="Private")
    make_turn(conversation, "?", openai="!")
    answer, assistant = Answer.objects.get(), Message.objects.get(role="assistant")
    image = Attachment.objects.create(
        owner=alice, message=assistant.parent, media_type="image/png", width=1, height=1, size_bytes=1,
        data=picture(),
    )  # fmt: skip
    paths = [
        f"{LIST}/{conversation.pk}",
        f"{LIST}/{conversation.pk}/messages",
        f"/api/chat/messages/{assistant.pk}",
        f"/api/chat/messages/{assistant.pk}/events",
        f"/api/chat/messages/{assistant.pk}/branches",
        f"/api/chat/answers/{answer.pk}",
        f"/api/chat/attachments/{image.pk}",
        f"/chat/{conversation.pk}",
    ]
    for path in paths[:3] + paths[4:]:
        assert as_alice.get(path).status_code == 200, path
    assert as_alice.delete(f"{LIST}/{conversation.pk}").status_code == 204
    for path in paths:
        assert as_alice.get(path).status_code == 404, path
    assert as_alice.get(LIST).json() == as_alice.get("/api/chat/tags").json() == []
    # The folder is there, and nothing in it.
    assert {one["count"] for one in as_alice.get("/api/chat/folders").json()} == {0}
    assert b"secret" not in as_alice.get("/chat/").content
    figures = as_alice.get("/api/stats/user").json()
    assert (figures["total_conversations"], figures["total_messages"]) == (0, 0)
    body = {"conversation_id": conversation.pk, "message": "x", "selected_providers": ["demo"]}
    assert as_alice.post("/api/chat/send", body, content_type="application/json").status_code == 404
    assert as_alice.delete(f"{LIST}/{conversation.pk}").status_code == 404


def test_it_can_be_had_back_as_it_was(as_alice: Client, alice: User) -> None:
    conversation = make(alice, "back", folder="Work")
    set_tags(conversation, ["kept"])
    make_turn(conversation, "?", openai="!")
    path = f"{LIST}/{conversation.pk}"
    before, messages = as_alice.get(path).json(), as_alice.get(f"{path}/messages").json()
    as_alice.delete(path)
    assert as_alice.post(f"{path}/undo").json() == before
    assert as_alice.get(path).json() == before
    assert as_alice.get(f"{path}/messages").json() == messages
    # There is nothing left to undo.
    again = as_alice.post(f"{path}/undo")
    assert (again.status_code, again.json()["code"]) == (404, "nothing_to_undo")


def test_an_outsider_can_not_bring_it_back(as_alice: Client, as_bob: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice).pk}"
    as_alice.delete(path)
    assert as_bob.post(f"{path}/undo").status_code == 404
    assert not Conversation.objects.for_user(alice).exists()


def test_after_an_hour_it_is_too_late(as_alice: Client, alice: User) -> None:
    path = f"{LIST}/{make(alice).pk}"
    as_alice.delete(path)
    an_hour_ago = timezone.now() - timedelta(seconds=limits.UNDO_S)
    Conversation.objects.update(deleted_at=an_hour_ago)
    assert as_alice.post(f"{path}/undo").status_code == 404
    assert erasing.purge_deleted() == 1
    assert not Conversation.objects.exists()


def test_only_what_was_deleted_long_ago_is_removed(alice: User) -> None:
    kept, recent, old = make(alice), make(alice), make(alice)
    make_turn(old, "?", openai="!")
    set_tags(old, ["gone with it", "shared"])
    set_tags(recent, ["shared"])
    Conversation.objects.filter(pk=recent.pk).update(deleted_at=timezone.now())
    Conversation.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(hours=2))
    assert erasing.purge_deleted() == 1
    assert {*Conversation.objects.values_list("pk", flat=True)} == {kept.pk, recent.pk}
    assert not Message.objects.exists()
    assert Tag.objects.get().name == "shared"


def test_what_is_not_kept_is_never_had_back(as_alice: Client, alice: User) -> None:
    conversation = make(alice)
    Conversation.objects.update(is_temporary=True, deleted_at=timezone.now())
    assert as_alice.post(f"{LIST}/{conversation.pk}/undo").status_code == 404


def test_its_running_answers_are_stopped_and_stay_so(as_alice: Client, alice: User, vendor: Vendor) -> None:
    begun, left = threading.Event(), threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Half of it")
        begun.set()
        try:
            for _ in range(2000):
                exchange.text(" more")
                left.wait(0.01)
        except ConnectionError:
            left.set()
            raise

    vendor.scripts["openai"] = script
    asked = asking.ask(alice, None, Question(message="Hello", targets=resolve(alice, ["openai"])))
    assert begun.wait(30)
    path = f"{LIST}/{asked.conversation_id}"
    assert as_alice.delete(path).status_code == 204
    assert left.wait(30), "the vendor is still being paid"
    assert asked.running is not None
    asked.running.result(30)
    as_alice.post(f"{path}/undo")
    [_, assistant] = as_alice.get(f"{path}/messages").json()
    [answer] = assistant["answers"]
    assert answer["status"] == "stopped"
    assert answer["text"].startswith("Half of it")


@pytest.mark.parametrize("way", ["retry", "stop", "choose"])
def test_nothing_can_be_done_to_its_answers(as_alice: Client, alice: User, way: str) -> None:
    conversation = make(alice)
    make_turn(conversation, "?", openai="!")
    as_alice.delete(f"{LIST}/{conversation.pk}")
    assert as_alice.post(f"/api/chat/answers/{Answer.objects.get().pk}/{way}").status_code == 404
