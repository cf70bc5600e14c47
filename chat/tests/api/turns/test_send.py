"""POST /api/chat/send: one question to several AIs, over REST."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chat.models import Answer, Conversation, Message
from tests.api.problems import fields_of
from tests.site.vendor import Exchange, Vendor


def send(client: Client, **body: object) -> Any:
    return client.post("/api/chat/send", body, content_type="application/json")


def answers_ok(*pieces: str) -> Any:
    return lambda exchange: exchange.answer(*pieces)


def test_the_guides_own_body_works_unchanged(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("Bon", "jour")
    got = send(
        as_alice,
        conversation_id=None,
        message="Bonjour",
        selected_providers=["GPT-4"],
        selected_models={"GPT-4": "gpt-4-turbo"},
        temperature=0.7,
        max_tokens=2000,
    )
    assert got.status_code == 200
    assert got.json()["ai_responses"] == {"GPT-4": "Bonjour"}
    assert got.json()["user_message"] == "Bonjour"
    assert Conversation.objects.get(pk=got.json()["conversation_id"]).title == "Bonjour"
    [(_, asked)] = vendor.asked
    assert asked["model"] == "gpt-4-turbo"
    assert asked["temperature"] == 0.7


def test_all_providers_are_being_asked_before_the_first_answers(as_alice: Client, vendor: Vendor) -> None:
    everybody_is_asked = threading.Barrier(4)

    def script(exchange: Exchange) -> None:
        everybody_is_asked.wait(timeout=60)
        exchange.answer("ok")

    names = ["openai", "mistral", "groq", "xai"]
    vendor.scripts = dict.fromkeys(names, script)
    got = send(as_alice, message="Together?", selected_providers=names)
    assert got.json()["ai_responses"] == dict.fromkeys(names, "ok")


def test_a_hanging_a_refusing_and_a_broken_one_leave_the_others_untouched(
    as_alice: Client, vendor: Vendor, settings: Settings
) -> None:
    settings.VENDOR_SILENCE_S = 1

    def breaks_off(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Half of the ans")

    def hangs(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("Then")
        exchange.hang()

    vendor.scripts = {
        "openai": answers_ok("whole ", "answer"),
        "xai": breaks_off,
        "groq": lambda exchange: exchange.refuse(401, "bad key"),
        "mistral": hangs,
    }
    got = send(
        as_alice, message="Who answers?", selected_providers=["openai", "grok", "groq", "mistral"]
    ).json()
    assert got["ai_responses"] == {
        "openai": "whole answer",
        "grok": "Half of the ans",
        "groq": "",
        "mistral": "Then",
    }
    assert {name: error["code"] for name, error in got["errors"].items()} == {
        "grok": "cut_off",
        "groq": "bad_key",
        "mistral": "stalled",
    }
    states = dict(Answer.objects.values_list("name", "status"))
    assert states == {"openai": "done", "grok": "interrupted", "groq": "failed", "mistral": "interrupted"}


def test_each_ai_is_told_the_whole_conversation_with_its_own_answers(
    as_alice: Client, vendor: Vendor
) -> None:
    vendor.scripts = {"openai": answers_ok("I am O."), "mistral": answers_ok("I am M.")}
    first = send(as_alice, message="Who?", selected_providers=["openai"]).json()
    again = {"conversation_id": first["conversation_id"]}
    send(as_alice, message="And you?", selected_providers=["openai", "mistral"], **again)
    told = {name: asked["messages"] for name, asked in vendor.asked[1:]}
    assert told["openai"] == [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "I am O."},
        {"role": "user", "content": "And you?"},
    ]
    # Mistral was not asked before: the user's messages are merged.
    assert told["mistral"] == [{"role": "user", "content": "Who?\n\nAnd you?"}]


def test_the_same_name_twice_gets_a_number(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("twice")
    got = send(as_alice, message="?", selected_providers=["openai", "openai"])
    assert got.json()["ai_responses"] == {"openai": "twice", "openai#2": "twice"}


def test_a_known_provider_without_key_answers_no_key_beside_the_others(
    as_alice: Client, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = answers_ok("here")
    got = send(as_alice, message="?", selected_providers=["openai", "deepseek"])
    assert got.status_code == 200
    assert got.json()["ai_responses"] == {"openai": "here", "deepseek": ""}
    assert got.json()["errors"]["deepseek"]["code"] == "no_key"


def test_the_servers_keys_are_not_for_the_free_plan(as_bob: Client, vendor: Vendor) -> None:
    got = send(as_bob, message="?", selected_providers=["openai"])
    assert got.json()["errors"]["openai"]["code"] == "premium"
    assert vendor.asked == []


def test_a_title_is_the_first_50_characters(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("ok")
    send(as_alice, message="x" * 50, selected_providers=["openai"])
    send(as_alice, message="y" * 51, selected_providers=["openai"])
    assert set(Conversation.objects.values_list("title", flat=True)) == {"x" * 50, "y" * 50 + "..."}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": ""}, "message"),
        ({"message": "x" * 300_000}, "message"),
        ({"message": None}, "message"),
        ({"message": 7}, "message"),
        ({"selected_providers": [7]}, "selected_providers"),
        ({"selected_providers": []}, "selected_providers"),
        ({"selected_providers": ["openai"] * 9}, "selected_providers"),
        ({"selected_providers": "openai"}, "selected_providers"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": False}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"selected_models": ["gpt-4"]}, "selected_models"),
        ({"conversation_id": "first"}, "conversation_id"),
        ({"is_admin": True}, "is_admin"),
    ],
)
def test_bad_input_is_a_clear_400_and_changes_nothing(
    as_alice: Client, body: dict[str, object], field: str
) -> None:
    got = send(as_alice, **({"message": "Hello", "selected_providers": ["openai"]} | body))
    assert got.status_code == 400
    assert fields_of(got.json()) == [field]
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "   "}, "empty_message"),
        ({"message": "a\x00b"}, "parse_error"),
        ({"selected_providers": ["Clippy"]}, "unknown_provider"),
    ],
)
def test_a_send_that_means_nothing_says_why(as_alice: Client, body: dict[str, object], code: str) -> None:
    got = send(as_alice, **({"message": "Hello", "selected_providers": ["openai"]} | body))
    assert (got.status_code, got.json()["code"]) == (400, code)
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b'{"message": NaN}', b"\xff\xfe{}"]
)
def test_a_body_that_is_no_json_object_is_a_400(as_alice: Client, raw: bytes) -> None:
    got = as_alice.post("/api/chat/send", raw, content_type="application/json")
    assert got.status_code == 400
    assert not Message.objects.exists()


def test_somebody_elses_conversation_is_404_and_stays_as_it_is(
    as_alice: Client, as_bob: Client, bob: User, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = answers_ok("ok")
    foreign = send(as_alice, message="Mine", selected_providers=["openai"]).json()["conversation_id"]
    got = send(as_bob, conversation_id=foreign, message="Let me in", selected_providers=["demo"])
    assert got.status_code == 404
    assert got.json()["detail"] == "Conversation not found"
    assert Message.objects.count() == 2


def test_nobody_asks_without_signing_in(client: Client, db: None) -> None:
    got = send(client, message="Hello", selected_providers=["demo"])
    assert got.status_code == 401
    assert got["WWW-Authenticate"]


def send_with_key(client: Client, key: str, **body: object) -> Any:
    body = {"message": "Once", "selected_providers": ["openai"]} | body
    return client.post(
        "/api/chat/send", body, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_a_repeated_send_is_the_same_turn(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("only once")
    first, second = send_with_key(as_alice, "k1"), send_with_key(as_alice, "k1")
    assert first.json() == second.json()
    assert first.json()["ai_responses"] == {"openai": "only once"}
    assert (Conversation.objects.count(), Answer.objects.count(), len(vendor.asked)) == (1, 1, 1)
    inside = send_with_key(as_alice, "k1", conversation_id=first.json()["conversation_id"])
    assert inside.json() == first.json()


def test_a_repeated_send_starts_what_its_first_process_could_not(
    as_alice: Client, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.scripts["openai"] = answers_ok("in the end")
    with monkeypatch.context() as dying:
        dying.setattr("chat.actions.starting.start", lambda message_id: None)
        headers = {"Idempotency-Key": "k1", "Prefer": "respond-async"}
        body = {"message": "Once", "selected_providers": ["openai"]}
        accepted = as_alice.post("/api/chat/send", body, content_type="application/json", headers=headers)
        assert accepted.status_code == 202
        assert Answer.objects.get().status == "queued"
    again = send_with_key(as_alice, "k1")
    assert again.json()["ai_responses"] == {"openai": "in the end"}
    assert (Answer.objects.count(), len(vendor.asked)) == (1, 1)


def test_other_content_under_the_same_key_is_a_conflict(as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("ok")
    send_with_key(as_alice, "k1")
    refused = send_with_key(as_alice, "k1", message="Something else")
    assert (refused.status_code, refused.json()["code"]) == (409, "client_id_conflict")
    assert Message.objects.filter(role="user").count() == 1


def test_a_key_is_ones_own(as_alice: Client, bob: User, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("ok")
    User.objects.filter(pk=bob.pk).update(is_premium=True)
    as_bob = Client()
    as_bob.force_login(bob)
    ours, theirs = send_with_key(as_alice, "k1"), send_with_key(as_bob, "k1")
    assert ours.json()["conversation_id"] != theirs.json()["conversation_id"]


def test_an_endless_key_is_refused(as_alice: Client) -> None:
    refused = send_with_key(as_alice, "k" * 101)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_idempotency_key")
    assert not Conversation.objects.exists()


def test_twenty_sends_at_once_are_one_turn(alice: User, vendor: Vendor) -> None:
    vendor.scripts["openai"] = answers_ok("only once")
    everybody, got = threading.Barrier(20), list[Any]()

    def send_once() -> None:
        client = Client()
        client.force_login(alice)
        everybody.wait(60)
        got.append(send_with_key(client, "k1").json())
        connection.close()

    threads = [threading.Thread(target=send_once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 20
    assert {one["message_id"] for one in got} == {Message.objects.get(role="assistant").pk}
    assert (Conversation.objects.count(), Answer.objects.count(), len(vendor.asked)) == (1, 1, 1)
