"""OpenAI's protocol, as the official client speaks it: unchanged, against running sites."""

import base64
import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from chat.tests.store.test_uploads import picture
from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Vendor

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
THREE = "openai/gpt-5.4-mini,mistral/first-model,groq/second-model"


@functools.cache
def account(site: Site) -> Account:
    return site.account("tool")


@functools.cache
def key(site: Site) -> str:
    made = account(site).post("/api/auth/tokens", name="A tool", scope="chat")
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


@contextmanager
def client_of(site: Site, api_key: str = "") -> Iterator[openai.OpenAI]:
    with (
        openai.DefaultHttpxClient(trust_env=False, timeout=60) as transport,
        openai.OpenAI(
            base_url=f"{site.url}/v1", api_key=api_key or key(site), http_client=transport, max_retries=0
        ) as client,
    ):
        yield client


def says(*pieces: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(*pieces)


def bodies(vendor: Vendor, name: str) -> list[dict[str, Any]]:
    """What was asked of one AI; who left an earlier test may be noted beside it."""
    return [body for asked, body in vendor.asked if asked == name]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_models_are_listed_as_provider_and_model(embedded_site: Site) -> None:
    with client_of(embedded_site) as client:
        listed = {model.id: model for model in client.models.list()}
        assert listed["openai/gpt-5.4-mini"].owned_by == "openai"
        assert "demo/quick" in listed
        # Without a key nobody could ask it.
        assert not any(name.startswith("anthropic/") for name in listed)
        assert client.models.retrieve("demo/quick").id == "demo/quick"
        with pytest.raises(openai.NotFoundError, match="There is no model"):
            client.models.retrieve("demo/none")


def test_one_ai_answers_as_openai_would(site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = says("Bon", "jour", " 🙂")
    with client_of(site) as client:
        got = client.chat.completions.create(
            model="openai/gpt-5.4-mini",
            messages=[
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": [{"type": "text", "text": "In French?"}]},
            ],
            temperature=0.2,
            max_completion_tokens=50,
            stop=["END"],
            user="somebody",
        )
    [choice] = got.choices
    assert (choice.index, choice.message.role, choice.message.content) == (0, "assistant", "Bonjour 🙂")
    assert (choice.finish_reason, got.object, got.model) == ("stop", "chat.completion", "openai/gpt-5.4-mini")
    assert got.usage
    assert (got.usage.prompt_tokens, got.usage.completion_tokens, got.usage.total_tokens) == (5, 3, 8)
    [body] = bodies(vendor_scripts, "openai")
    assert body["messages"] == [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "In French?"},
    ]
    assert (body["temperature"], body["max_completion_tokens"], body["stop"]) == (0.2, 50, ["END"])
    # Nobody asked to keep it.
    listed = account(site).get("/api/chat/conversations").json()
    assert "Hi" not in {conversation["title"] for conversation in listed}


def test_a_streamed_answer_comes_in_pieces_with_its_tokens_last(site: Site, vendor_scripts: Vendor) -> None:
    go_on = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("first ")
        exchange.wait_for(go_on)
        exchange.text("second")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    with client_of(site) as client:
        stream = client.chat.completions.create(
            model="openai", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        texts: list[str] = []
        for chunk in stream:
            texts += [choice.delta.content for choice in chunk.choices if choice.delta.content]
            if texts == ["first "]:
                # It is here before the vendor has said more.
                go_on.set()
            last = chunk
    assert "".join(texts) == "first second"
    assert (last.choices, last.usage and last.usage.total_tokens) == ([], 8)


def test_three_ais_are_three_choices_that_equal_what_is_stored(site: Site, vendor_scripts: Vendor) -> None:
    for name, words in (("openai", "one two"), ("mistral", "un deux"), ("groq", "eins zwei")):
        vendor_scripts.scripts[name] = says(*(f"{word} " for word in words.split()))
    texts: dict[str, str] = {}
    ends: dict[int, str | None] = {}
    conversation_ids = set()
    with client_of(site) as client:
        for chunk in client.chat.completions.create(model=THREE, messages=HELLO, stream=True, store=True):
            conversation_ids.add(chunk.model_dump()["conversation_id"])
            for choice in chunk.choices:
                name = choice.model_dump()["model"]
                assert name == THREE.split(",")[choice.index]
                texts[name] = texts.get(name, "") + (choice.delta.content or "")
                ends[choice.index] = choice.finish_reason
    assert ends == {0: "stop", 1: "stop", 2: "stop"}
    [conversation_id] = conversation_ids
    question, assistant = account(site).messages(conversation_id)
    assert question["content"] == "Hello"
    answers: Any = assistant["answers"]
    assert texts == {f"{one['provider']}/{one['model']}": one["text"] for one in answers}
    assert texts["mistral/first-model"] == "un deux "
    assert account(site).get(f"/api/chat/conversations/{conversation_id}").json()["title"] == "Hello"


def test_one_that_fails_does_not_touch_the_others(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = says("well")
    vendor_scripts.scripts["mistral"] = lambda exchange: exchange.refuse(400, "no", code="content_filter")
    with client_of(embedded_site) as client:
        got = client.chat.completions.create(model="openai,mistral", messages=HELLO)
        pieces = [*client.chat.completions.create(model="openai,mistral", messages=HELLO, stream=True)]
    assert [choice.message.content for choice in got.choices] == ["well", None]
    good, bad = (choice.model_dump() for choice in got.choices)
    assert ("error" in good, bad["finish_reason"]) == (False, "error")
    assert bad["error"]["message"]
    [end] = [
        choice.model_dump()
        for piece in pieces
        for choice in piece.choices
        if choice.index == 1 and choice.finish_reason
    ]
    assert end["error"] == bad["error"]


def test_a_line_up_is_a_model_by_its_name(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = vendor_scripts.scripts["groq"] = says("here")
    made = account(embedded_site).post(
        "/api/chat/line-ups",
        name="My two",
        targets=["openai", {"target": "groq:first-model", "settings": {"system_prompt": "Be kind."}}],
    )
    assert made.status_code == 201, made.text
    with client_of(embedded_site) as client:
        assert client.models.retrieve("My two").owned_by == "webox"
        got = client.chat.completions.create(model="my two", messages=HELLO)
    assert [choice.message.content for choice in got.choices] == ["here", "here"]
    asked = dict(vendor_scripts.asked)
    assert asked["groq"]["messages"][0] == {"role": "system", "content": "Be kind."}


def test_n_asks_each_ai_so_often(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = says("again")
    with client_of(embedded_site) as client:
        got = client.chat.completions.create(model="openai", messages=HELLO, n=3)
        with pytest.raises(openai.BadRequestError, match="at most 8"):
            client.chat.completions.create(model="openai,groq", messages=HELLO, n=5)
    assert [(choice.index, choice.message.content) for choice in got.choices] == [
        (0, "again"), (1, "again"), (2, "again"),
    ]  # fmt: skip
    assert got.usage
    assert got.usage.completion_tokens == 3


def test_an_image_reaches_the_ai(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = says("a square")
    data = base64.b64encode(picture()).decode()
    with client_of(embedded_site) as client:
        got = client.chat.completions.create(
            model="openai",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
                    ],
                }
            ],
        )
        with pytest.raises(openai.BadRequestError, match="data:image"):
            client.chat.completions.create(
                model="openai",
                messages=[
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "What is it?"},
                            {"type": "image_url", "image_url": {"url": "http://127.0.0.1/secret.png"}},
                        ],
                    }
                ],
            )
    assert got.choices[0].message.content == "a square"
    [body] = bodies(vendor_scripts, "openai")
    text, image = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"].startswith("data:image/")


def test_a_bad_key_is_an_authentication_error(embedded_site: Site) -> None:
    for bad in ("webox_nobodys", "sk-nobodys"):
        with client_of(embedded_site, bad) as client, pytest.raises(openai.AuthenticationError) as refused:
            client.chat.completions.create(model="demo/quick", messages=HELLO)
        assert refused.value.code == "invalid_api_key"


def test_a_key_that_may_only_read_lists_and_does_not_ask(embedded_site: Site) -> None:
    made = account(embedded_site).post("/api/auth/tokens", name="A reader", scope="read")
    with client_of(embedded_site, made.json()["token"]) as client:
        assert client.models.list().data
        with pytest.raises(openai.PermissionDeniedError):
            client.chat.completions.create(model="demo/quick", messages=HELLO)


def test_an_unknown_model_is_not_found(embedded_site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.refuse(404, "no", code="model_not_found")
    with client_of(embedded_site) as client:
        for name in ("nobody/model", "nobody", "openai/none", "openai,nobody/x", "a" * 1000, "/", "demo/"):
            with pytest.raises(openai.NotFoundError) as refused:
                client.chat.completions.create(model=name, messages=HELLO)
            assert refused.value.code == "model_not_found", name


def test_a_vendors_failure_is_an_error_in_openais_shape(embedded_site: Site, vendor_scripts: Vendor) -> None:
    def breaks(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("half ")

    vendor_scripts.scripts["openai"] = breaks
    with client_of(embedded_site) as client:
        with pytest.raises(openai.InternalServerError) as refused:
            client.chat.completions.create(model="openai", messages=HELLO)
        assert (refused.value.status_code, refused.value.code) == (502, "cut_off")
        # What was paid for is not paid for again.
        assert refused.value.response.headers["x-should-retry"] == "false"
        stream = client.chat.completions.create(model="openai", messages=HELLO, stream=True)
        texts: list[str] = []
        with pytest.raises(openai.APIError, match="closed the connection"):
            texts.extend(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
    assert "".join(texts) == "half "


def endless(exchange: Exchange) -> None:
    exchange.start()
    for number in range(10_000):
        exchange.text(f"{number} ")
        time.sleep(0.02)


def test_who_cancels_a_stream_stops_what_it_asked(site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = vendor_scripts.scripts["groq"] = endless
    with client_of(site) as client:
        with client.chat.completions.create(model="openai,groq", messages=HELLO, stream=True) as stream:
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
        left = {"openai left", "groq left"}
        wait_until(lambda: left <= {name for name, _ in vendor_scripts.asked})


def test_who_goes_away_while_it_waits_stops_what_it_asked(site: Site, vendor_scripts: Vendor) -> None:
    vendor_scripts.scripts["openai"] = endless
    with client_of(site) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="openai", messages=HELLO, timeout=2)
    wait_until(lambda: "openai left" in {name for name, _ in vendor_scripts.asked})


def test_what_is_kept_goes_on_when_its_program_goes_away(embedded_site: Site, vendor_scripts: Vendor) -> None:
    go_on = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("half ")
        exchange.wait_for(go_on)
        exchange.text("whole")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    person = account(embedded_site)
    with (
        client_of(embedded_site) as client,
        client.chat.completions.create(model="openai", messages=HELLO, stream=True, store=True) as stream,
    ):
        conversation_id = next(iter(stream)).model_dump()["conversation_id"]
    go_on.set()

    def texts() -> list[str]:
        answers: Any = person.messages(conversation_id)[-1]["answers"]
        return [one["text"] for one in answers if one["status"] == "done"]

    wait_until(lambda: texts() == ["half whole"])


def test_a_kept_conversation_that_is_deleted_ends_its_stream_with_a_reason(
    embedded_site: Site, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts["openai"] = endless
    person = account(embedded_site)
    with client_of(embedded_site) as client:
        stream = client.chat.completions.create(model="openai", messages=HELLO, stream=True, store=True)
        conversation_id = next(iter(stream)).model_dump()["conversation_id"]
        path = f"{embedded_site.url}/api/chat/conversations/{conversation_id}"
        assert httpx.delete(path, headers=person.headers, trust_env=False).status_code == 204
        with pytest.raises(openai.APIError, match="Conversation not found"):
            list(stream)
    wait_until(lambda: "openai left" in {name for name, _ in vendor_scripts.asked})
