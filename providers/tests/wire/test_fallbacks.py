"""What is asked a second time, and how: images, roles and parameters that a vendor refuses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.adapters.anthropic import AnthropicAdapter
from providers.adapters.cohere import CohereAdapter
from providers.adapters.gemini import GeminiAdapter
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.openai import OpenAIAdapter
from providers.adapters.openai_responses import ResponsesAdapter
from providers.base import Adapter, ChatMessage, ChatRequest, Image, Note, Noted, Quirk, TextDelta
from providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    CutOff,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
    Stalled,
)
from providers.tests.vendor import Heard, Reply, VendorServer, listen, sse
from providers.wire.http import Call, ProviderClient

JSON = {"Content-Type": "application/json"}
PICTURE = Image("image/png", b"\x89PNG")
WORDS = ChatRequest("m", (ChatMessage("system", "Be brief."), ChatMessage("user", "What?")))
LOOK = ChatRequest("m", (ChatMessage("system", "Be brief."), ChatMessage("user", "What?", (PICTURE,))))

# Each protocol's shortest whole answer.
ANSWERS: dict[type[Adapter], bytes] = {
    OpenAIAdapter: sse({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}, "[DONE]"),
    ResponsesAdapter: sse(
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.completed", "response": {"status": "completed"}},
    ),
    AnthropicAdapter: sse(
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ),
    GeminiAdapter: sse({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}),
    CohereAdapter: sse(
        {"type": "content-delta", "delta": {"message": {"content": {"text": "Hi"}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    ),
    OllamaAdapter: b'{"message": {"content": "Hi"}, "done": true, "done_reason": "stop"}\n',
}
WHOLE = Reply((ANSWERS[OpenAIAdapter],))


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


@pytest.fixture
async def impatient() -> AsyncIterator[ProviderClient]:
    """Repeats nothing, so that no wish to wait is followed."""
    client = ProviderClient(retries=0)
    yield client
    await client.aclose()


def refusal(status: int, message: str, **more: object) -> Reply:
    return Reply((json.dumps({"error": {"message": message, **more}}).encode(),), status, JSON)


def whole(adapter: type[Adapter]) -> Reply:
    kind = "application/x-ndjson" if adapter is OllamaAdapter else "text/event-stream"
    return Reply((ANSWERS[adapter],), headers={"Content-Type": kind, "x-request-id": "req-9"})


async def ask(adapter: Adapter, vendor: VendorServer, request: ChatRequest = WORDS, *quirks: Quirk) -> Heard:
    endpoint = vendor.endpoint()
    quirky = type(endpoint)(
        endpoint.vendor, endpoint.base_url, endpoint.api_key, 20.0, frozenset(quirks), may_be_private=True
    )
    return await listen(adapter.stream(request, quirky))


@pytest.mark.parametrize("adapter", ANSWERS)
async def test_an_image_that_is_seen_needs_no_note(client: ProviderClient, adapter: Any) -> None:
    async with VendorServer(whole(adapter)) as vendor:
        answer = await ask(adapter(client), vendor, LOOK)
    assert (answer.text, answer.notes) == ("Hi", [])
    assert PICTURE.base64 in json.dumps(vendor.requests[0].body)
    assert answer.finished is not None
    assert (answer.finished.attempts, answer.finished.request_id) == (1, "req-9")


@pytest.mark.parametrize("adapter", ANSWERS)
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Invalid content type. image_url is only supported by certain models."),
        (400, "This model does not support vision."),
        (404, "No endpoints found that support image input"),
        (422, "Input should be a valid string: multimodal content"),
        (500, "this model is missing data required for image input"),
    ],
)
async def test_a_model_that_sees_nothing_is_asked_again_in_words_and_a_note_says_so(
    client: ProviderClient, adapter: Any, status: int, message: str
) -> None:
    async with VendorServer(refusal(status, message), whole(adapter)) as vendor:
        answer = await ask(adapter(client), vendor, LOOK)
    assert (answer.text, answer.notes, answer.error) == ("Hi", [Note.IMAGES_LEFT_OUT], None)
    assert answer.finished is not None
    assert answer.finished.attempts == 2
    seen, told = vendor.requests
    assert PICTURE.base64 in json.dumps(seen.body)
    # Words and settings are the same; only the image is gone, and whatever held it.
    assert "What?" in json.dumps(told.body)
    assert "Be brief." in json.dumps(told.body)
    assert not {PICTURE.base64, "image"} & set(json.dumps(told.body).replace(",", '"').split('"'))
    assert seen.body.keys() == told.body.keys()


async def test_the_note_comes_before_the_first_delta(client: ProviderClient) -> None:
    async with VendorServer(refusal(400, "no images"), WHOLE) as vendor:
        stream = OpenAIAdapter(client).stream(LOOK, vendor.endpoint())
        assert [await anext(stream), await anext(stream)] == [Noted(Note.IMAGES_LEFT_OUT), TextDelta("Hi")]
        await stream.aclose()


async def test_images_are_left_out_once(client: ProviderClient) -> None:
    async with VendorServer(refusal(400, "bad image")) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor, LOOK)
    assert type(answer.error) is BadRequest
    assert answer.error.attempts == len(vendor.requests) == 2


async def test_a_question_without_images_is_not_asked_again_for_them(client: ProviderClient) -> None:
    async with VendorServer(refusal(400, "images are not supported")) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor)
    assert (type(answer.error), answer.notes) == (BadRequest, [])
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(401, "the image model needs another key"), BadKey),
        (refusal(402, "no credit for vision"), NoCredit),
        (refusal(429, "too many images", retry_after="x"), RateLimited),
    ],
    ids=["401", "402", "429"],
)
async def test_a_refusal_for_another_reason_leaves_no_image_out(
    client: ProviderClient, reply: Reply, kind: type[ProviderError]
) -> None:
    async with VendorServer(reply) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor, LOOK)
    assert (type(answer.error), answer.notes) == (kind, [])
    assert all(PICTURE.base64 in json.dumps(request.body) for request in vendor.requests)


def roles(vendor: VendorServer) -> list[str]:
    return [request.body["messages"][0]["role"] for request in vendor.requests]


async def test_a_refused_developer_becomes_the_system(client: ProviderClient) -> None:
    refused = refusal(400, "Invalid value: 'developer'. Supported values are: 'system', 'user'.")
    async with VendorServer(refused, WHOLE) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor, WORDS, Quirk.DEVELOPER_ROLE)
    assert (answer.text, answer.notes) == ("Hi", [])
    assert roles(vendor) == ["developer", "system"]
    assert vendor.requests[1].body["messages"][1:] == vendor.requests[0].body["messages"][1:]


async def test_without_a_system_prompt_or_the_quirk_no_role_is_changed(client: ProviderClient) -> None:
    async with VendorServer(refusal(400, "developer")) as vendor:
        await ask(OpenAIAdapter(client), vendor, WORDS)
        await ask(OpenAIAdapter(client), vendor, ChatRequest("m", WORDS.messages[1:]), Quirk.DEVELOPER_ROLE)
    assert roles(vendor) == ["system", "user"]


@pytest.mark.parametrize("first", ["images", "developer"])
async def test_images_and_the_developer_may_be_refused_one_after_the_other(
    client: ProviderClient, first: str
) -> None:
    class Old(VendorServer):
        """A model that knows neither; which it names first is its own affair."""

        def reply_to(self, request: Any) -> Reply:
            faults = {
                "images": PICTURE.base64 in json.dumps(request.body),
                "developer": request.body["messages"][0]["role"] == "developer",
            }
            found = [name for name in sorted(faults, key=lambda name: name != first) if faults[name]]
            return refusal(400, f"{found[0]} not supported") if found else WHOLE

    async with Old() as vendor:
        answer = await ask(OpenAIAdapter(client), vendor, LOOK, Quirk.DEVELOPER_ROLE)
    assert (answer.text, answer.notes) == ("Hi", [Note.IMAGES_LEFT_OUT])
    assert len(vendor.requests) == 3


async def test_what_was_left_out_before_stays_out_of_the_question_in_words(client: ProviderClient) -> None:
    request = ChatRequest("m", LOOK.messages, temperature=0.5)
    replies = refusal(400, "no", param="temperature"), refusal(400, "no images"), WHOLE
    async with VendorServer(*replies) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor, request)
    assert answer.text == "Hi"
    assert ["temperature" in request.body for request in vendor.requests] == [True, False, False]


async def test_geminis_thoughts_are_left_out_where_they_are_refused(client: ProviderClient) -> None:
    refused = refusal(400, "Unknown name thinkingConfig at 'generation_config'", code=400)
    request = ChatRequest("m", WORDS.messages, temperature=0.5, max_tokens=9, show_reasoning=True)
    async with VendorServer(refused, whole(GeminiAdapter)) as vendor:
        assert (await ask(GeminiAdapter(client), vendor, request)).text == "Hi"
    limits = {"temperature": 0.5, "maxOutputTokens": 9}
    assert [request.body["generationConfig"] for request in vendor.requests] == [
        limits | {"thinkingConfig": {"includeThoughts": True}},
        limits,
    ]


async def test_a_question_is_never_changed_for_the_next_one(client: ProviderClient) -> None:
    request = ChatRequest("m", WORDS.messages, temperature=0.5, show_reasoning=True)
    refused = refusal(400, "no", param="generationConfig.temperature")
    async with VendorServer(refused, whole(GeminiAdapter)) as vendor:
        for _ in range(2):
            await ask(GeminiAdapter(client), vendor, request)
    assert vendor.requests[2].body == vendor.requests[0].body


async def test_attempts_and_the_name_of_the_last_request_are_told_with_an_answer(
    client: ProviderClient,
) -> None:
    busy = Reply(status=503, headers=JSON | {"x-request-id": "req-1"})
    async with VendorServer(busy, busy, whole(OpenAIAdapter)) as vendor:
        answer = await ask(OpenAIAdapter(client), vendor)
    assert answer.finished is not None
    assert (answer.finished.attempts, answer.finished.request_id) == (3, "req-9")


@pytest.mark.parametrize("header", ["x-request-id", "request-id", "apim-request-id", "x-generation-id"])
async def test_attempts_and_the_name_of_the_last_request_are_told_with_an_error(
    client: ProviderClient, header: str
) -> None:
    async with VendorServer(Reply(status=503, headers=JSON | {header: "r" * 300})) as vendor:
        error = (await ask(OpenAIAdapter(client), vendor)).error
    assert type(error) is Overloaded
    assert (error.attempts, error.request_id, error.stage) == (3, "r" * 200, "before stream")


async def test_an_error_inside_a_stream_has_its_name_and_place_too(client: ProviderClient) -> None:
    half = sse({"choices": [{"delta": {"content": "Hi"}}]})
    headers = {"Content-Type": "text/event-stream", "x-request-id": "req-1"}
    async with VendorServer(Reply((half,), headers=headers)) as vendor:
        error = (await ask(OpenAIAdapter(client), vendor)).error
    assert type(error) is CutOff
    assert (error.attempts, error.request_id, error.stage) == (1, "req-1", "mid-stream")


@pytest.mark.parametrize(
    "wish",
    [
        {"retry-after": "Wed, 21 Oct 2015 07:28:00 +99999999999999999"},
        {"retry-after": "9" * 400},
        {"retry-after-ms": "1e400"},
    ],
    ids=["a date of no zone", "digits", "infinity"],
)
async def test_a_wish_to_wait_that_is_none_is_not_kept(
    impatient: ProviderClient, wish: dict[str, str]
) -> None:
    async with VendorServer(Reply(status=429, headers=JSON | wish)) as vendor:
        error = (await ask(OpenAIAdapter(impatient), vendor)).error
    assert type(error) is RateLimited
    assert "retry_after_s" not in error.params


@pytest.mark.parametrize("delay", ["9" * 400 + "s", "9" * 5000 + "s"], ids=len)
async def test_a_wish_of_the_body_to_wait_for_ever_is_not_kept(impatient: ProviderClient, delay: str) -> None:
    told = {"error": {"code": 429, "details": [{"retryDelay": delay}]}}
    async with VendorServer(Reply((json.dumps(told).encode(),), 429, JSON)) as vendor:
        error = (await ask(OpenAIAdapter(impatient), vendor)).error
    assert type(error) is RateLimited
    # Infinity is no JSON: whoever is told of it could not read the message.
    json.dumps(error.params, allow_nan=False)


async def fetch(client: ProviderClient, vendor: VendorServer, silence_s: float = 20.0) -> Any:
    endpoint = vendor.endpoint(silence_s=silence_s)
    return await client.fetch(Call(endpoint, f"{endpoint.base_url}/models", {"X-Key": "k"}))


async def test_a_fetch_is_repeated_where_that_may_help(client: ProviderClient) -> None:
    busy = refusal(429, "slow", retry_after="0.001")
    async with VendorServer(busy, Reply(status=503), Reply((b'{"a": 1}',), headers=JSON)) as vendor:
        assert await fetch(client, vendor) == {"a": 1}
    assert [request.method for request in vendor.requests] == ["GET"] * 3
    assert vendor.requests[0].body is None


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_fetch_takes_every_status_of_success(client: ProviderClient, status: int) -> None:
    async with VendorServer(Reply((b"[1]",), status, JSON)) as vendor:
        assert await fetch(client, vendor) == [1]


@pytest.mark.parametrize(
    ("reply", "kind", "attempts"),
    [
        (Reply(status=503), Overloaded, 3),
        (refusal(401, "no"), BadKey, 1),
        (refusal(400, "no"), BadRequest, 1),
        (Reply(status=307, headers={"Location": "/"}), BadStream, 1),
        (Reply((b"<html>",), headers={"Content-Type": "text/html"}), BadStream, 1),
        (Reply((b'{"a"',), headers=JSON, then="cut"), CutOff, 1),
    ],
    ids=["503", "401", "400", "307", "html", "cut"],
)
async def test_a_fetch_that_fails_says_why_and_how_often_it_tried(
    client: ProviderClient, reply: Reply, kind: type[ProviderError], attempts: int
) -> None:
    async with VendorServer(reply) as vendor:
        with pytest.raises(ProviderError) as caught:
            await fetch(client, vendor)
    assert type(caught.value) is kind
    assert caught.value.attempts == len(vendor.requests) == attempts


@pytest.mark.parametrize("reply", [Reply(silent=True), Reply((b'{"a"',), headers=JSON, then="hang")])
async def test_silence_in_a_fetch_is_a_stall(client: ProviderClient, reply: Reply) -> None:
    async with VendorServer(reply) as vendor:
        with pytest.raises(Stalled):
            await fetch(client, vendor, silence_s=0.2)
    assert len(vendor.requests) == 1
