"""The door to vendors against a real server on loopback."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest

from providers.adapters.anthropic import AnthropicAdapter
from providers.adapters.gemini import GeminiAdapter
from providers.adapters.openai import OpenAIAdapter
from providers.base import ChatMessage, ChatRequest, Endpoint, TextDelta, Usage
from providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    ContextTooLong,
    CutOff,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
    Stalled,
    Unreachable,
)
from providers.tests.vendor import Heard, Reply, VendorServer, listen, sse
from providers.wire import chunks
from providers.wire.http import ProviderClient

REQUEST = ChatRequest("m", (ChatMessage("user", "Why? ☕"),), temperature=0.7, max_tokens=20)
HI = {"id": "c1", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
WHOLE = Reply((sse(HI), sse(STOP, "[DONE]")))
HALF = (sse(HI),)


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


def refusal(status: int, error: dict[str, object], **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": error}).encode()
    return Reply((body,), status, {"Content-Type": "application/json", **named})


async def ask(client: ProviderClient, endpoint: Endpoint) -> Heard:
    return await listen(OpenAIAdapter(client).stream(REQUEST, endpoint))


async def test_an_answer_arrives_and_the_request_is_as_documented(client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert (answer.text, answer.error) == ("Hi", None)
    (request,) = vendor.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer key-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Why? ☕"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
        "max_tokens": 20,
    }


async def test_anthropic_gets_its_headers_and_address(client: ProviderClient) -> None:
    done = [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]
    async with VendorServer(Reply((sse(*done),))) as vendor:
        for path in ("", "/v1"):
            endpoint = vendor.endpoint(path=path)
            assert (await listen(AnthropicAdapter(client).stream(REQUEST, endpoint))).finished
    assert {request.path for request in vendor.requests} == {"/v1/messages"}
    headers = vendor.requests[0].headers
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("key-1", "2023-06-01")
    assert "authorization" not in headers


async def test_geminis_key_is_in_a_header_and_its_model_can_leave_no_path(client: ProviderClient) -> None:
    reply = Reply((sse({"candidates": [{"finishReason": "STOP"}]}),))
    async with VendorServer(reply) as vendor:
        for model in ("gemini-9", "models/gemini-9", "../../x?y#z"):
            request = ChatRequest(model, REQUEST.messages)
            assert (await listen(GeminiAdapter(client).stream(request, vendor.endpoint()))).finished
    paths = [request.path for request in vendor.requests]
    assert paths[:2] == ["/v1/models/gemini-9:streamGenerateContent?alt=sse"] * 2
    assert paths[2] == "/v1/models/..%2F..%2Fx%3Fy%23z:streamGenerateContent?alt=sse"
    assert vendor.requests[0].headers["x-goog-api-key"] == "key-1"


async def test_a_vendor_without_a_key_gets_no_authorization(client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        await ask(client, vendor.endpoint(key=""))
    assert "authorization" not in vendor.requests[0].headers


async def test_the_request_id_of_the_headers_is_kept(client: ProviderClient) -> None:
    headers = {"Content-Type": "text/event-stream", "x-request-id": "req-7"}
    async with VendorServer(Reply(WHOLE.pieces, headers=headers)) as vendor:
        finished = (await ask(client, vendor.endpoint())).finished
    assert finished is not None
    assert (finished.request_id, finished.usage) == ("req-7", Usage())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(401, {"message": "Invalid key sk-1", "code": "invalid_api_key"}), BadKey),
        (refusal(402, {"message": "Insufficient Balance"}), NoCredit),
        (refusal(429, {"message": "x", "code": "insufficient_quota"}), NoCredit),
        (refusal(400, {"message": "max_tokens: context length", "param": "max_tokens"}), ContextTooLong),
        (refusal(400, {"message": "bad image"}), BadRequest),
        (refusal(503, {"message": "no"}, x_should_retry="false"), Overloaded),
        (refusal(429, {"message": "no"}, retry_after="31"), RateLimited),
        (Reply((b"x" * 200_000,), 400, {"Content-Type": "text/html"}), BadRequest),
        (Reply((b"",), 302, {"Location": "/elsewhere"}), BadStream),
        (Reply((b"",), 307, {"Location": "http://127.0.0.1:9/"}), BadStream),
        (Reply((b"<html>Sign in</html>",), headers={"Content-Type": "text/html"}), BadStream),
        (
            Reply((b"x",), headers={"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}),
            BadStream,
        ),
    ],
    ids=lambda value: "",
)
async def test_a_final_refusal_is_asked_for_once(
    client: ProviderClient, reply: Reply, kind: type[ProviderError]
) -> None:
    async with VendorServer(reply) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert type(answer.error) is kind
    assert len(vendor.requests) == 1


async def test_a_wish_to_wait_is_told(client: ProviderClient) -> None:
    async with VendorServer(refusal(429, {"message": "no"}, retry_after="3600")) as vendor:
        error = (await ask(client, vendor.endpoint())).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 3600
    assert error.params["retry_after_s"] == 3600


@pytest.mark.parametrize(
    "replies",
    [
        [refusal(429, {"message": "no"}, retry_after="0.01")],
        [refusal(503, {"message": "no"}), refusal(529, {"type": "overloaded_error"})],
        [Reply(status=500), Reply(status=408)],
        [Reply((sse({"error": {"code": 503, "message": "busy"}}),))],
    ],
    ids=["429", "503 then 529", "500 then 408", "overloaded inside a 200"],
)
async def test_a_passing_refusal_is_retried_before_the_first_delta(
    client: ProviderClient, replies: list[Reply]
) -> None:
    async with VendorServer(*replies, WHOLE) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert (answer.text, answer.error) == ("Hi", None)
    assert len(vendor.requests) == len(replies) + 1


async def test_it_gives_up_after_two_retries(client: ProviderClient) -> None:
    async with VendorServer(Reply(status=503)) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert type(answer.error) is Overloaded
    assert len(vendor.requests) == 3


async def test_nothing_is_retried_after_the_first_delta(client: ProviderClient) -> None:
    busy = sse(HI, {"error": {"type": "overloaded_error", "message": "busy"}})
    async with VendorServer(Reply((busy,)), WHOLE) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert (answer.text, type(answer.error)) == ("Hi", Overloaded)
    assert len(vendor.requests) == 1


async def test_waiting_for_a_retry_can_be_cancelled(client: ProviderClient) -> None:
    async with VendorServer(refusal(429, {"message": "no"}, retry_after="25")) as vendor:
        task = asyncio.create_task(ask(client, vendor.endpoint()))
        await vendor.got_request.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(vendor.requests) == 1


async def test_a_refused_parameter_is_left_out(client: ProviderClient) -> None:
    temperature = refusal(400, {"message": "Unsupported value", "param": "temperature"})
    options = Reply(
        (json.dumps({"message": {"detail": [{"loc": ["body", "stream_options"]}]}}).encode(),), 422
    )
    async with VendorServer(temperature, options, WHOLE) as vendor:
        assert (await ask(client, vendor.endpoint())).text == "Hi"
    assert vendor.requests[0].body.keys() - vendor.requests[2].body.keys() == {
        "temperature",
        "stream_options",
    }


async def test_a_token_limit_is_spelled_the_other_way_then_left_out(client: ProviderClient) -> None:
    old = refusal(400, {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens"})
    new = refusal(400, {"message": "Too large", "param": "max_completion_tokens"})
    async with VendorServer(old, new, WHOLE) as vendor:
        assert (await ask(client, vendor.endpoint())).text == "Hi"
    limits = [
        {name: value for name, value in request.body.items() if name.startswith("max_")}
        for request in vendor.requests
    ]
    assert limits == [{"max_tokens": 20}, {"max_completion_tokens": 20}, {}]


async def test_a_refusal_that_never_ends_ends(client: ProviderClient) -> None:
    async with VendorServer(refusal(400, {"message": "Bad value", "param": "temperature"})) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert type(answer.error) is BadRequest
    assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(silent=True), ""),
        (Reply((), then="hang"), ""),
        (Reply(HALF, then="hang"), "Hi"),
        (Reply((b": keep-alive\n\n",), then="hang"), ""),
    ],
    ids=["no status", "no byte", "in mid-stream", "after a comment"],
)
async def test_silence_is_a_stall_and_the_text_stays(client: ProviderClient, reply: Reply, text: str) -> None:
    async with VendorServer(reply) as vendor:
        answer = await ask(client, vendor.endpoint(silence_s=0.2))
        assert (answer.text, type(answer.error)) == (text, Stalled)
        assert answer.error is not None
        assert answer.error.params["silence_s"] == "0.2"
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("then", ["cut", "end"])
async def test_a_stream_without_its_end_is_cut_however_it_ends(client: ProviderClient, then: str) -> None:
    reply = Reply(HALF, then="cut" if then == "cut" else "end")
    async with VendorServer(reply) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert (answer.text, type(answer.error)) == ("Hi", CutOff)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "reply", [Reply((sse(HI, STOP),), then="cut"), Reply((sse(HI, STOP, "[DONE]"),), then="hang")]
)
async def test_how_a_finished_answer_ends_does_not_matter(client: ProviderClient, reply: Reply) -> None:
    async with VendorServer(reply) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert (answer.text, answer.error) == ("Hi", None)


async def test_an_answer_without_bound_is_stopped(
    client: ProviderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "ANSWER_BYTES", 1000)
    async with VendorServer(Reply((sse(*[HI] * 40),))) as vendor:
        answer = await ask(client, vendor.endpoint())
    assert type(answer.error) is BadStream


async def test_a_refused_connection_is_retried_and_then_named(client: ProviderClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    answer = await ask(
        client, Endpoint("Vendor", f"http://127.0.0.1:{port}/v1", "k", 5.0, may_be_private=True)
    )
    assert type(answer.error) is Unreachable


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://x/", "http://[::1", "http://"])
async def test_an_address_that_is_none_is_unreachable(client: ProviderClient, address: str) -> None:
    assert type((await ask(client, Endpoint("Vendor", address, "k", 5.0))).error) is Unreachable


@pytest.mark.parametrize("key", ["sk–1", "sk-1\nX-Evil: 1", "clé"])
async def test_a_key_that_no_header_can_hold_is_not_sent(client: ProviderClient, key: str) -> None:
    async with VendorServer(WHOLE) as vendor:
        assert type((await ask(client, vendor.endpoint(key=key))).error) is BadKey
    assert vendor.requests == []


async def test_blanks_around_a_key_do_not_count(client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        await ask(client, vendor.endpoint(key=" key-1\n"))
    assert vendor.requests[0].headers["authorization"] == "Bearer key-1"


async def test_cookies_do_not_travel_from_one_question_to_the_next(client: ProviderClient) -> None:
    headers = {"Content-Type": "text/event-stream", "Set-Cookie": "user=alice; Path=/"}
    async with VendorServer(Reply(WHOLE.pieces, headers=headers)) as vendor:
        # aiohttp's own jar would keep none of an address without a name.
        vendor.url = vendor.url.replace("127.0.0.1", "localhost")
        await ask(client, vendor.endpoint())
        await ask(client, vendor.endpoint())
    assert len(vendor.requests) == 2
    assert all("cookie" not in request.headers for request in vendor.requests)


async def test_a_proxy_of_the_environment_is_not_used(
    client: ProviderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with VendorServer(WHOLE) as vendor:
        assert (await ask(client, vendor.endpoint())).text == "Hi"


@pytest.mark.parametrize("reply", [WHOLE, Reply(WHOLE.pieces, then="end later")])
async def test_a_connection_is_used_again(client: ProviderClient, reply: Reply) -> None:
    async with VendorServer(reply) as vendor:
        for _ in range(3):
            await ask(client, vendor.endpoint())
    assert (len(vendor.requests), vendor.connections) == (3, 1)


async def test_more_than_a_hundred_answers_stream_at_once(client: ProviderClient) -> None:
    async with VendorServer(Reply(HALF, then="hang")) as vendor:
        streams = [OpenAIAdapter(client).stream(REQUEST, vendor.endpoint()) for _ in range(120)]
        firsts = await asyncio.gather(*(anext(stream) for stream in streams))
        assert firsts == [TextDelta("Hi")] * 120
        for stream in streams:
            await stream.aclose()


async def test_leaving_early_ends_the_connection(client: ProviderClient) -> None:
    async with VendorServer(Reply(HALF, then="hang"), WHOLE) as vendor:
        stream = OpenAIAdapter(client).stream(REQUEST, vendor.endpoint())
        assert await anext(stream) == TextDelta("Hi")
        await stream.aclose()
        assert (await ask(client, vendor.endpoint())).text == "Hi"
        assert vendor.connections == 2


async def test_a_client_may_be_used_again_after_it_was_closed(client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        await ask(client, vendor.endpoint())
        await client.aclose()
        assert (await ask(client, vendor.endpoint())).text == "Hi"


async def test_a_key_never_shows_in_what_may_be_logged(client: ProviderClient) -> None:
    async with VendorServer(refusal(401, {"message": "Incorrect API key provided: key-1"})) as vendor:
        endpoint = vendor.endpoint()
        error = (await ask(client, endpoint)).error
    assert error is not None
    assert "key-1" not in repr(endpoint) + repr(error) + str(error.params) + error.detail
