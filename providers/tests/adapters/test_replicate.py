"""Replicate's predictions. There is no recording: the cases are written after its documentation.

https://replicate.com/docs/topics/predictions/streaming (events `output`, `error`, `done` and their data),
https://replicate.com/docs/topics/predictions/create-a-prediction and https://replicate.com/docs/reference/http
(the prediction, its `urls` and `metrics`, and errors as `{"title", "detail", "status"}`), November 2026.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from providers.adapters.replicate import ReplicateAdapter, ReplicateParser, build_input
from providers.base import (
    ChatMessage,
    ChatRequest,
    Finished,
    FinishReason,
    Image,
    Note,
    TextDelta,
    Usage,
)
from providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    CutOff,
    ModelNotFound,
    NoCredit,
    Overloaded,
    ProviderError,
    VendorFailed,
)
from providers.tests.vendor import Heard, Reply, Request, VendorServer, hear, listen
from providers.wire.http import ProviderClient

REQUEST = ChatRequest("meta/llama", (ChatMessage("user", "Why?"),))
JSON = {"Content-Type": "application/json"}


def named(name: str, *lines: str) -> bytes:
    data = "".join(f"data: {line}\n" for line in lines)
    return f"event: {name}\nid: 1690212292:0\n{data}\n".encode()


DONE = named("done", "{}")
# A line break arrives as data of two empty lines, a blank as one blank.
STORY = (
    named("output", "Once"),
    named("logs", "Loading weights", "Ready"),
    named("output", " "),
    named("output", "upon"),
    named("output", "", "", ""),
    named("output", " a ", "time ☕"),
)
TOLD = "Once upon\n\n a \ntime ☕"


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply((json.dumps(value).encode(),), status, JSON)


class Replicate(VendorServer):
    """A Replicate on loopback with one prediction; `predictions` are its states, asked for in order."""

    def __init__(self, stream: Reply | None, *predictions: dict[str, Any], **urls: str) -> None:
        super().__init__()
        self.stream = stream
        self.predictions = list(predictions) or [{}]
        self.urls = urls
        self.creation: Reply | None = None
        self.cancelled = asyncio.Event()

    def reply_to(self, request: Request) -> Reply:
        if request.path.endswith("/cancel"):
            self.cancelled.set()
            return json_reply({"status": "canceled"})
        if request.method == "POST":
            return self.creation or json_reply(self.made, 201)
        if request.path.startswith("/stream/"):
            assert self.stream is not None
            return self.stream
        return json_reply(self.predictions.pop(0) if len(self.predictions) > 1 else self.predictions[0])

    @property
    def made(self) -> dict[str, Any]:
        here = f"{self.url}/v1/predictions/p1"
        urls = {"get": here, "cancel": f"{here}/cancel"}
        if self.stream is not None:
            urls["stream"] = f"{self.url}/stream/p1"
        return {"id": "p1", "status": "starting", "urls": urls | self.urls}

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


@pytest.fixture
def ask(client: ProviderClient) -> Callable[..., Any]:
    async def ask(vendor: VendorServer, request: ChatRequest = REQUEST) -> Heard:
        return await listen(ReplicateAdapter(client).stream(request, vendor.endpoint()))

    return ask


def heard(*chunks: bytes) -> Heard:
    return hear(ReplicateParser("Vendor"), chunks)


def test_one_question_is_the_prompt_and_a_conversation_a_transcript() -> None:
    system, user = ChatMessage("system", "Be brief."), ChatMessage("user", "Why?")
    assert build_input(ChatRequest("a/b", (user,))) == {"prompt": "Why?"}
    told = (system, user, ChatMessage("assistant", "So."), ChatMessage("user", "And?"))
    assert build_input(ChatRequest("a/b", told, temperature=0.0, max_tokens=9)) == {
        "prompt": "User: Why?\n\nAssistant: So.\n\nUser: And?\n\nAssistant:",
        "system_prompt": "Be brief.",
        "temperature": 0.0,
        "max_tokens": 9,
    }


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_an_answer_is_read_exactly_however_it_is_cut_into_reads(size: int) -> None:
    body = b"".join(STORY) + DONE
    step = size or len(body)
    answer = heard(*(body[at : at + step] for at in range(0, len(body), step)))
    assert (answer.text, answer.error) == (TOLD, None)
    assert answer.finished is not None
    assert (answer.finished.reason, answer.finished.vendor_reason) == (FinishReason.STOP, "done")


def test_a_stream_that_ends_at_any_place_before_done_is_a_cut() -> None:
    body = b"".join(STORY) + DONE
    borders = {sum(map(len, STORY[:count])) for count in range(1, len(STORY) + 1)}
    for at in {*borders, *range(1, len(body) - len("data: {}\n\n"), 5)}:
        cut = heard(body[:at])
        assert type(cut.error) is CutOff
        assert TOLD.startswith(cut.text)


def test_a_leading_think_tag_is_reasoning() -> None:
    tags = heard(named("output", "<thi"), named("output", "nk>Hmm</think>", "", "So"), DONE)
    assert (tags.reasoning, tags.text) == ("Hmm", "So")


def test_text_that_looks_like_json_or_like_an_end_is_text() -> None:
    answer = heard(named("output", '{"error": "x"}'), named("output", "[DONE]"), DONE)
    assert (answer.text, answer.error) == ('{"error": "x"}[DONE]', None)


def test_what_follows_done_is_ignored() -> None:
    assert heard(*STORY, DONE, named("output", "more"), named("error", "{}")).text == TOLD


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (named("error", '{"detail": "An unexpected error occurred"}'), VendorFailed),
        (named("error", "out of memory"), VendorFailed),
        (named("error", '{"detail": "busy", "status": 503}'), Overloaded),
        (named("done", '{"reason": "error"}'), VendorFailed),
        (named("done", '{"reason": "canceled"}'), VendorFailed),
        (b"", CutOff),
        (b": keep-alive\n\n", CutOff),
    ],
)
def test_a_bad_end_is_an_error_and_the_text_stays(ending: bytes, kind: type[ProviderError]) -> None:
    failed = heard(*STORY, ending)
    assert (failed.text, type(failed.error)) == (TOLD, kind)


@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_another_document_at_the_streams_address_is_a_bad_stream(content_type: str) -> None:
    assert type(hear(ReplicateParser("Vendor"), [b"{}"], content_type=content_type).error) is BadStream


async def test_a_prediction_is_made_then_streamed_then_counted(ask: Callable[..., Any]) -> None:
    metrics = {"input_token_count": 11, "output_token_count": 22, "predict_time": 1.5}
    request = ChatRequest("meta/llama", REQUEST.messages, temperature=0.5, max_tokens=9)
    async with Replicate(Reply((*STORY, DONE)), {"status": "succeeded", "metrics": metrics}) as vendor:
        answer = await ask(vendor, request)
    assert (answer.text, answer.error) == (TOLD, None)
    assert answer.finished == Finished(FinishReason.STOP, "done", Usage(11, 22), "p1")
    assert vendor.asked == [
        "POST /v1/models/meta/llama/predictions",
        "GET /stream/p1",
        "GET /v1/predictions/p1",
    ]
    made, streamed, _ = vendor.requests
    assert made.body == {"input": build_input(request), "stream": True}
    assert streamed.headers["accept"] == "text/event-stream"
    assert {request.headers["authorization"] for request in vendor.requests} == {"Bearer key-1"}


@pytest.mark.parametrize("prediction", [{}, {"metrics": None}, {"metrics": {"input_token_count": "x"}}])
async def test_an_answer_without_counts_is_an_answer(
    ask: Callable[..., Any], prediction: dict[str, Any]
) -> None:
    async with Replicate(Reply((*STORY, DONE)), prediction) as vendor:
        answer = await ask(vendor)
    assert answer.finished is not None
    assert answer.finished.usage == Usage()


async def test_a_version_goes_into_the_body(ask: Callable[..., Any]) -> None:
    async with Replicate(Reply((*STORY, DONE))) as vendor:
        assert (await ask(vendor, ChatRequest("meta/llama:5c7d", REQUEST.messages))).text == TOLD
    assert vendor.asked[0] == "POST /v1/predictions"
    assert vendor.requests[0].body["version"] == "5c7d"


@pytest.mark.parametrize("model", ["llama", "/llama", "meta/", "meta/:5c7d", ""])
async def test_a_model_without_owner_and_name_is_not_asked_for(ask: Callable[..., Any], model: str) -> None:
    async with Replicate(None) as vendor:
        assert type((await ask(vendor, ChatRequest(model, REQUEST.messages))).error) is ModelNotFound
    assert vendor.requests == []


@pytest.mark.parametrize("model", ["a/../../x?y#z", "../x", "a/..", "./.", "a b/c?d"])
async def test_a_models_name_can_leave_no_path(ask: Callable[..., Any], model: str) -> None:
    async with Replicate(Reply((*STORY, DONE))) as vendor:
        await ask(vendor, ChatRequest(model, REQUEST.messages))
    for request in vendor.requests[:1]:
        start, owner, name, end = request.path.rsplit("/", 3)
        assert (start, end) == ("/v1/models", "predictions")
        assert owner
        assert name


async def test_images_that_cannot_be_told_are_noted(ask: Callable[..., Any]) -> None:
    message = ChatMessage("user", "What?", (Image("image/png", b"\x89PNG"),))
    async with Replicate(Reply((*STORY, DONE))) as vendor:
        answer = await ask(vendor, ChatRequest("meta/llama", (message,)))
    assert (answer.text, answer.notes) == (TOLD, [Note.IMAGES_LEFT_OUT])


@pytest.mark.parametrize(
    ("status", "title", "detail", "kind"),
    [
        (401, "Unauthenticated", "You did not pass a valid authentication token", BadKey),
        (402, "Insufficient credit", "You have insufficient credit to run this model.", NoCredit),
        (404, "Not found", "The requested resource could not be found.", ModelNotFound),
        (422, "Input validation failed", "- input: prompt is required\n", BadRequest),
    ],
)
async def test_a_refusal_before_the_stream_is_named(
    ask: Callable[..., Any], status: int, title: str, detail: str, kind: type[ProviderError]
) -> None:
    async with Replicate(None) as vendor:
        vendor.creation = json_reply({"title": title, "detail": detail, "status": status}, status)
        error = (await ask(vendor)).error
    assert type(error) is kind
    assert len(vendor.requests) == 1


async def test_an_input_that_the_model_does_not_know_is_left_out(ask: Callable[..., Any]) -> None:
    class Picky(Replicate):
        def reply_to(self, request: Request) -> Reply:
            if request.method == "POST" and "temperature" in request.body["input"]:
                return json_reply({"detail": "- input.temperature: is not allowed", "status": 422}, 422)
            return super().reply_to(request)

    request = ChatRequest("meta/llama", REQUEST.messages, temperature=0.5, max_tokens=9)
    async with Picky(Reply((*STORY, DONE))) as vendor:
        assert (await ask(vendor, request)).text == TOLD
    assert vendor.requests[1].body["input"] == {"prompt": "Why?", "max_tokens": 9}


@pytest.mark.parametrize("made", [{}, [], 7, {"urls": []}, {"urls": {"stream": 5}}])
async def test_what_is_no_prediction_is_a_bad_stream(ask: Callable[..., Any], made: object) -> None:
    async with Replicate(None) as vendor:
        vendor.creation = json_reply(made, 201)
        assert type((await ask(vendor)).error) is BadStream


async def test_leaving_early_cancels_the_prediction(client: ProviderClient) -> None:
    async with Replicate(Reply(STORY, then="hang")) as vendor:
        stream = ReplicateAdapter(client).stream(REQUEST, vendor.endpoint())
        assert await anext(stream) == TextDelta("Once")
        await stream.aclose()
        async with asyncio.timeout(10):
            await vendor.cancelled.wait()
    (cancel,) = [request for request in vendor.requests if request.path.endswith("/cancel")]
    assert (cancel.method, cancel.path) == ("POST", "/v1/predictions/p1/cancel")
    assert cancel.headers["authorization"] == "Bearer key-1"


async def test_a_client_that_is_closed_first_cancels_what_was_left(client: ProviderClient) -> None:
    # WeBox stops: what it no longer hears should not run on and be paid for, nor open connections anew.
    async with Replicate(Reply(STORY, then="hang")) as vendor:
        stream = ReplicateAdapter(client).stream(REQUEST, vendor.endpoint())
        await anext(stream)
        await stream.aclose()
        await client.aclose()
        assert vendor.cancelled.is_set()


@pytest.mark.parametrize(
    "reply", [Reply(STORY), Reply(STORY, then="cut"), Reply(status=404, headers=JSON)], ids=lambda _: ""
)
async def test_a_prediction_that_nobody_hears_is_cancelled(ask: Callable[..., Any], reply: Reply) -> None:
    async with Replicate(reply) as vendor:
        assert (await ask(vendor)).error is not None
        async with asyncio.timeout(10):
            await vendor.cancelled.wait()


@pytest.mark.parametrize("ending", [DONE, named("error", "{}"), named("done", '{"reason": "error"}')])
async def test_a_prediction_that_has_ended_is_not_cancelled(
    client: ProviderClient, ask: Callable[..., Any], ending: bytes
) -> None:
    async with Replicate(Reply((*STORY, ending))) as vendor:
        await ask(vendor)
        # Another question, so that a cancelling beside would have come first.
        await ask(vendor)
    assert not vendor.cancelled.is_set()


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:{port}/stream/p1",
        "http://localhost:{port}/x",
        "https://127.9.0.1/x",
        "http://[",
        "x",
    ],
)
async def test_a_stream_at_a_foreign_place_is_refused_and_gets_no_key(
    ask: Callable[..., Any], place: str
) -> None:
    async with VendorServer(Reply((*STORY, DONE))) as foreign, Replicate(Reply(STORY)) as vendor:
        vendor.urls = {"stream": place.format(port=foreign.url.rpartition(":")[2])}
        assert type((await ask(vendor)).error) is BadStream
        async with asyncio.timeout(10):
            await vendor.cancelled.wait()
    assert foreign.connections == 0
