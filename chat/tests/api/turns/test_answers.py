"""Asking without waiting, and single answers over REST: how far they are, stop, ask again."""

import threading
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.actions import waiting
from chat.engine.process import engine_of_process
from chat.models import Answer, Conversation
from chat.tests.api.turns.test_send import answers_ok
from tests.site.vendor import Exchange, Vendor

PATIENCE_S = 30


class Held:
    """A vendor's script that writes one word, and another when it is let go."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.start()
        exchange.text("First")
        self.has_begun.set()
        exchange.wait_for(self.may_end)
        exchange.text(" and last")
        exchange.finish()


def ask(client: Client, *providers: str, prefer: str = "respond-async") -> Any:
    body = {"message": "Hello", "selected_providers": [*providers]}
    return client.post("/api/chat/send", body, content_type="application/json", headers={"Prefer": prefer})


def wait_for_all(sent: dict[str, Any], user: User) -> None:
    waiting.wait(sent["conversation_id"], sent["message_id"], user.pk, PATIENCE_S)


def answer_path(sent: dict[str, Any], position: int = 0) -> str:
    return f"/api/chat/answers/{sent['answers'][position]['id']}"


@pytest.mark.parametrize("prefer", ["respond-async", "wait=1, Respond-Async"])
def test_who_prefers_it_does_not_wait(as_alice: Client, alice: User, vendor: Vendor, prefer: str) -> None:
    held = vendor.scripts["openai"] = Held()
    sent = ask(as_alice, "openai", prefer=prefer)
    assert sent.status_code == 202
    assert sent["Preference-Applied"] == "respond-async"
    assert sent.json()["errors"]["openai"]["code"] == "still_running"
    assert held.has_begun.wait(PATIENCE_S)
    held.may_end.set()
    wait_for_all(sent.json(), alice)
    message = as_alice.get(sent["Location"].removeprefix("http://testserver"))
    assert message.json()["ai_responses"] == {"openai": "First and last"}
    assert message.json()["errors"] == {}


def test_an_answer_is_stopped_and_keeps_what_was_shown(as_alice: Client, alice: User, vendor: Vendor) -> None:
    held = vendor.scripts["openai"] = Held()
    vendor.scripts["mistral"] = answers_ok("whole")
    sent = ask(as_alice, "openai", "mistral").json()
    assert held.has_begun.wait(PATIENCE_S)
    engine = engine_of_process()
    shown = {sent["answers"][0]["id"]}
    while not any(one.text.length for one in engine.running_answers() if one.id in shown):
        # A pass through the engine's loop, until it has read what the vendor wrote.
        engine.reap().result(PATIENCE_S)
    path = answer_path(sent)
    for _ in range(2):
        stopped = as_alice.post(f"{path}/stop").json()
        assert (stopped["status"], stopped["text"]) == ("stopped", "First")
    wait_for_all(sent, alice)
    other = answer_path(sent, 1)
    assert as_alice.post(f"{other}/stop").json()["status"] == "done"
    assert as_alice.get(other).json()["text"] == "whole"


def test_an_ended_answer_is_asked_again_beside_the_old_one(
    as_alice: Client, alice: User, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = answers_ok("once")
    sent = ask(as_alice, "openai").json()
    wait_for_all(sent, alice)
    vendor.scripts["openai"] = answers_ok("twice")
    again = as_alice.post(f"{answer_path(sent)}/retry")
    assert again.status_code == 202
    assert (again.json()["position"], again.json()["version"]) == (0, 2)
    wait_for_all(sent, alice)
    assert as_alice.get(again["Location"].removeprefix("http://testserver")).json()["text"] == "twice"
    assert as_alice.get(answer_path(sent)).json()["text"] == "once"
    message = as_alice.get(f"/api/chat/messages/{sent['message_id']}").json()
    assert message["ai_responses"] == {"openai": "twice"}


def test_a_running_answer_is_not_asked_again(as_alice: Client, vendor: Vendor) -> None:
    held = vendor.scripts["openai"] = Held()
    sent = ask(as_alice, "openai").json()
    assert held.has_begun.wait(PATIENCE_S)
    again = as_alice.post(f"{answer_path(sent)}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "still_running")
    assert Answer.objects.count() == 1
    held.may_end.set()


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("get", "/api/chat/messages/{message}", "message_not_found"),
        ("get", "/api/chat/answers/{answer}", "answer_not_found"),
        ("post", "/api/chat/answers/{answer}/stop", "answer_not_found"),
        ("post", "/api/chat/answers/{answer}/retry", "answer_not_found"),
    ],
)
def test_an_outsider_gets_404_and_changes_nothing(
    as_alice: Client, as_bob: Client, alice: User, vendor: Vendor, method: str, path: str, code: str
) -> None:
    vendor.scripts["openai"] = answers_ok("Alice’s own")
    sent = ask(as_alice, "openai").json()
    wait_for_all(sent, alice)
    before = list(Answer.objects.values())
    path = path.format(message=sent["message_id"], answer=sent["answers"][0]["id"])
    for client, status in ((as_bob, 404), (Client(), 401)):
        got = getattr(client, method)(path)
        assert got.status_code == status
        assert "Alice" not in got.content.decode()
    assert as_bob.get(path.replace("/stop", "").replace("/retry", "")).json()["code"] == code
    assert list(Answer.objects.values()) == before
    Conversation.objects.all().delete()
    assert getattr(as_alice, method)(path).json()["code"] == code
