"""`/v1`: what it refuses, what it leaves behind, and how its errors look."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.signing_in.personal_tokens import make
from chat.models import AiPreference, Answer, Attachment, Conversation, Message, Provider
from chat.store import erasing
from chat.tests.engine.test_loop import make_answer
from chat.tests.store.test_uploads import picture
from tests.site.vendor import Vendor

COMPLETIONS = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def as_tool(alice: User) -> Client:
    token = make(alice, name="A tool", scope="chat", days=1)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def complete(client: Client, **body: object) -> Any:
    body = {"model": "openai", "messages": HELLO} | body
    return client.post(COMPLETIONS, body, content_type="application/json")


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_erased() -> bool:
    return Conversation.objects.filter(is_temporary=True, deleted_at__isnull=False).exists()


SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello."}
TOO_LONG = {"role": "user", "content": "x" * 2_000_001}


@pytest.mark.parametrize(
    ("body", "code", "name"),
    [
        ({"messages": []}, "invalid_body", None),
        ({"messages": "Hello"}, "invalid_body", None),
        ({"messages": [ASSISTANT]}, "not_the_users_turn", None),
        ({"messages": [USER, SYSTEM]}, "not_the_users_turn", None),
        ({"messages": [{"role": "user", "content": " "}]}, "not_the_users_turn", None),
        ({"messages": [{"role": "user"}]}, "not_the_users_turn", None),
        ({"messages": [{"role": "tool", "content": "42"}, USER]}, "invalid_body", None),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "invalid_body", None),
        ({"messages": [USER] * 1001}, "invalid_body", None),
        ({"messages": [TOO_LONG]}, "invalid_body", None),
        ({"model": ""}, "invalid_body", None),
        ({"model": 4}, "invalid_body", None),
        ({"temperature": 2.1}, "invalid_body", None),
        ({"max_tokens": 0}, "invalid_body", None),
        ({"n": 0}, "invalid_body", None),
        ({"n": 9}, "invalid_body", None),
        ({"n": True}, "invalid_body", None),
        ({"stop": ["a", "b", "c", "d", "e"]}, "invalid_body", None),
        ({"stop": ""}, "invalid_body", None),
        ({"conversation_id": 1}, "invalid_body", None),
        ({"tools": [{"type": "function", "function": {"name": "x"}}]}, "unsupported_parameter", "tools"),
        ({"top_p": 0.5}, "unsupported_parameter", "top_p"),
        ({"logprobs": True}, "unsupported_parameter", "logprobs"),
        ({"seed": 1}, "unsupported_parameter", "seed"),
        ({"response_format": {"type": "json_object"}}, "unsupported_parameter", "response_format"),
    ],
)
def test_what_it_does_not_take_is_refused_clearly(
    as_tool: Client, vendor: Vendor, body: dict[str, Any], code: str, name: str | None
) -> None:
    got = complete(as_tool, **body)
    assert got.status_code == 400, got.content
    error = got.json()["error"]
    assert (error["code"], error["param"], error["type"]) == (code, name, "invalid_request_error")
    assert error["message"]
    assert (vendor.asked, Conversation.objects.count()) == ([], 0)


def test_what_changes_nothing_is_taken(as_tool: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("yes")
    neutral = {
        "top_p": 1, "n": 1, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "tools": [],
        "response_format": {"type": "text"}, "logprobs": False, "seed": None, "user": "somebody", "stop": [],
        "metadata": {"a": "b"}, "service_tier": "auto", "stream": False, "store": False,
        "stream_options": None,
    }  # fmt: skip
    assert complete(as_tool, **neutral).status_code == 200
    [(_, body)] = vendor.asked
    assert body.keys() <= {"model", "messages", "stream", "stream_options"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 1000, b'{"model": NaN}'])
def test_a_body_that_is_no_json_object_is_a_400(as_tool: Client, raw: bytes) -> None:
    got = as_tool.post(COMPLETIONS, raw, content_type="application/json")
    assert got.status_code == 400
    assert got.json()["error"]["message"]


def test_other_media_types_and_methods_are_refused_in_the_same_shape(as_tool: Client) -> None:
    form = as_tool.post(COMPLETIONS, {"model": "openai"})
    got = as_tool.get(COMPLETIONS)
    assert (form.status_code, got.status_code) == (415, 405)
    assert form.json()["error"]["type"] == got.json()["error"]["type"] == "invalid_request_error"


def test_what_openai_has_and_webox_has_not_is_a_404_in_its_shape(as_tool: Client) -> None:
    for path in ("/v1/embeddings", "/v1/", "/v1/chat/completions/"):
        got = as_tool.post(path, {}, content_type="application/json")
        assert (got.status_code, got.json()["error"]["code"]) == (404, "not_found"), path


def test_a_session_is_no_key(as_alice: Client) -> None:
    got = complete(as_alice)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "invalid_api_key")
    assert got["WWW-Authenticate"]


def test_answers_are_not_stored_by_caches(as_tool: Client) -> None:
    assert as_tool.get("/v1/models")["Cache-Control"] == "no-store"


def test_what_nobody_keeps_is_erased_and_its_figures_stay(as_tool: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("a secret answer")
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_base64(picture())}"}}
    got = complete(
        as_tool,
        messages=[
            SYSTEM,
            {"role": "user", "content": [{"type": "text", "text": "A secret"}, image]},
            ASSISTANT,
            {"role": "user", "content": [{"type": "text", "text": "Another secret"}, image]},
        ],
    )
    assert got.json()["choices"][0]["message"]["content"] == "a secret answer"
    wait_until(is_erased)
    question, assistant = Message.objects.order_by("pk")
    assert (question.content, question.parent_id, assistant.content) == ("", None, "")
    answer = Answer.objects.get()
    assert (answer.text, answer.status, answer.input_tokens, answer.output_tokens) == ("", "done", 5, 1)
    assert answer.total_ms is not None
    assert not Attachment.objects.exists()
    assert not Conversation.objects.exclude(title="").exists()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_nobody_reaches_what_is_not_kept(as_tool: Client, as_alice: Client, vendor: Vendor) -> None:
    """Not even its owner: not by list, id or question."""
    vendor.scripts["openai"] = lambda exchange: exchange.answer("hidden")
    complete(as_tool)
    conversation = Conversation.objects.get()
    assistant = Message.objects.get(role="assistant")
    assert as_alice.get("/api/chat/conversations").json() == []
    for path in (
        f"conversations/{conversation.pk}",
        f"conversations/{conversation.pk}/messages",
        f"messages/{assistant.pk}",
        f"messages/{assistant.pk}/events",
        f"answers/{Answer.objects.get().pk}",
    ):
        assert as_alice.get(f"/api/chat/{path}").status_code == 404, path
    body = {"conversation_id": conversation.pk, "message": "x", "selected_providers": ["demo"]}
    assert as_alice.post("/api/chat/send", body, content_type="application/json").status_code == 404
    assert as_alice.get(f"/chat/{conversation.pk}").status_code == 404


def test_what_a_dead_process_left_is_erased_later(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    running, ended, recent = (make_answer(alice) for _ in range(3))
    Conversation.objects.update(is_temporary=True)
    Message.objects.update(content="secret")
    Answer.objects.filter(pk=ended.pk).update(status="interrupted", text="secret")
    Answer.objects.filter(pk=recent.pk).update(status="done", text="recent")
    old = [running.message.conversation_id, ended.message.conversation_id]
    an_age_ago = recent.created_at - 2 * erasing.LEFT_FOR
    Conversation.objects.filter(pk__in=old).update(created_at=an_age_ago)
    assert erasing.erase_left() == 1
    assert erasing.erase_left() == 0
    assert Answer.objects.get(pk=ended.pk).text == ""
    assert Answer.objects.get(pk=recent.pk).text == "recent"


def test_what_is_kept_can_be_read_and_gone_on_with(as_tool: Client, as_alice: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("kept")
    got = complete(
        as_tool,
        messages=[SYSTEM, USER, ASSISTANT, {"role": "user", "content": "Go on"}],
        store=True,
    )
    conversation_id = got.json()["conversation_id"]
    [listed] = as_alice.get("/api/chat/conversations").json()
    assert (listed["id"], listed["title"]) == (conversation_id, "Hi")
    messages = as_alice.get(f"/api/chat/conversations/{conversation_id}/messages").json()
    assert [(one["role"], one["content"]) for one in messages] == [
        ("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello."), ("user", "Go on"),
        ("assistant", ""),
    ]  # fmt: skip
    assert messages[-1]["ai_responses"] == {"openai": "kept"}
    body = {"conversation_id": conversation_id, "message": "More", "selected_providers": ["openai", "groq"]}
    vendor.scripts["groq"] = vendor.scripts["openai"]
    assert as_alice.post("/api/chat/send", body, content_type="application/json").status_code == 200
    asked = {name: [one["content"] for one in body["messages"]] for name, body in vendor.asked[1:]}
    # What a program says was answered is told to all; what an AI answered here, to itself.
    assert asked["openai"] == ["Be brief.", "Hi", "Hello.", "Go on", "kept", "More"]
    assert asked["groq"] == ["Be brief.", "Hi", "Hello.", "Go on\n\nMore"]


def test_a_persons_own_preferences_stay_aside(as_tool: Client, alice: User, vendor: Vendor) -> None:
    openai = Provider.objects.get(slug="openai", owner=None)
    AiPreference.objects.create(user=alice, provider=openai, model="other", system_prompt="Be a pirate.")
    vendor.scripts["openai"] = lambda exchange: exchange.answer("yes")
    complete(as_tool)
    [(_, body)] = vendor.asked
    assert (body["model"], body["messages"]) == (openai.default_model, HELLO)


def test_stop_is_refused_where_the_vendor_can_not(as_tool: Client, vendor: Vendor) -> None:
    Provider.objects.filter(slug="openai").update(protocol="openai-responses")
    got = complete(as_tool, stop="END")
    assert (got.status_code, got.json()["error"]["param"]) == (400, "stop")
    assert vendor.asked == []


def test_the_demonstration_ends_at_stop(as_tool: Client) -> None:
    whole = complete(as_tool, model="demo/quick").json()["choices"][0]["message"]["content"]
    word = whole.split()[3]
    cut = complete(as_tool, model="demo/quick", stop=["nowhere", word]).json()["choices"][0]["message"]
    assert cut["content"] == whole[: whole.index(word)]


def test_a_refusal_is_no_content(as_tool: Client, vendor: Vendor) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.decline("I would rather not.")
    [choice] = complete(as_tool).json()["choices"]
    assert choice["message"]["refusal"] == "I would rather not."
    assert choice["message"]["content"] is None


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(401, "invalid_api_key", 403), (429, "rate_limit_exceeded", 429), (400, "x", 400), (500, "x", 502)],
)
def test_a_vendors_refusal_has_a_status_that_openais_clients_know(
    as_tool: Client, vendor: Vendor, status: int, code: str, expected: int
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.refuse(status, "sk-secret words", code=code)
    got = complete(as_tool)
    assert got.status_code == expected, got.content
    assert "secret" not in json.dumps(got.json())


def test_errors_are_told_in_the_readers_language(as_tool: Client, vendor: Vendor) -> None:
    got = as_tool.post(
        COMPLETIONS,
        {"model": "nobody/x", "messages": HELLO},
        content_type="application/json",
        headers={"Accept-Language": "fr"},
    )
    assert got.json()["error"]["message"].startswith("Il n’y a pas de modèle")
