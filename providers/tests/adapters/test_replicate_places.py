"""Replicate's addresses, which it names itself, and predictions that can only be asked for again and again.

The shapes are those of test_replicate.py. No vendor here: a client that keeps what it is asked.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from providers.adapters import replicate
from providers.adapters.replicate import ReplicateAdapter
from providers.base import (
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    FinishReason,
    StreamEvent,
    TextDelta,
    Usage,
)
from providers.errors import BadStream, Interruption, Overloaded, VendorFailed
from providers.tests.vendor import Heard, listen
from providers.wire.http import Call, ProviderClient
from providers.wire.reader import AnswerParser

HOME = "https://api.replicate.com/v1"
ENDPOINT = Endpoint("Replicate", HOME, "key-1", 5.0)
REQUEST = ChatRequest("meta/llama", (ChatMessage("user", "Why?"),))
GET = f"{HOME}/predictions/p1"
CANCEL = f"{GET}/cancel"


class Recorder(ProviderClient):
    """Answers every fetch with the next value, the last one again and again, and every stream with "Hi"."""

    def __init__(self, *values: object) -> None:
        super().__init__()
        self.values = list(values)
        self.urls: list[str] = []

    async def fetch(self, call: Call) -> Any:
        self.urls.append(call.url)
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value

    async def stream(
        self, call: Call, new_parser: Callable[[], AnswerParser]
    ) -> AsyncGenerator[StreamEvent, None]:
        self.urls.append(call.url)
        yield TextDelta("Hi")
        yield Finished(FinishReason.STOP, "done", Usage())


def made(**urls: object) -> dict[str, Any]:
    return {"id": "p1", "status": "starting", "urls": {"get": GET, "cancel": CANCEL, **urls}}


async def ask(client: Recorder, endpoint: Endpoint = ENDPOINT) -> Heard:
    answer = await listen(ReplicateAdapter(client).stream(REQUEST, endpoint))
    await let_others_end()
    return answer


async def let_others_end() -> None:
    """Wait for what was started beside."""
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate, "POLL_S", 0.0)


@pytest.mark.parametrize(
    "place",
    [
        "https://stream.replicate.com/v1/files/x",
        "https://streaming.api.replicate.com/v1/predictions/p1",
        "https://replicate.com/x",
        f"{HOME}/x",
    ],
)
async def test_a_stream_in_the_vendors_house_is_read(place: str) -> None:
    client = Recorder(made(stream=place))
    assert (await ask(client)).text == "Hi"
    assert client.urls[1:] == [place, GET]


FOREIGN = [
    "https://evil.test/x",
    "https://replicate.com.evil.test/x",
    "https://evilreplicate.com/x",
    "https://evil.test/.replicate.com",
    "https://evil.test#.replicate.com",
    "https://evil.test?.replicate.com",
    "https://api.replicate.com@evil.test/x",
    "http://stream.replicate.com/x",
    "http://api.replicate.com/v1/x",
    "https://stream.replicate.com:8443/x",
    "https://stream.replicate.com:99999/x",
    "https://stream.replicate.com:x/x",
    "https://evil.test／.replicate.com/x",
    "//stream.replicate.com/x",
    "file:///etc/passwd",
    "ftp://stream.replicate.com/x",
    "https://[",
    "https://[::1]/x",
    "https://127.0.0.1/x",
    "https:stream.replicate.com/x",
    "nonsense",
]


@pytest.mark.parametrize("place", FOREIGN)
async def test_a_stream_out_of_the_house_is_refused(place: str) -> None:
    client = Recorder(made(stream=place))
    assert type((await ask(client)).error) is BadStream
    assert client.urls[1:] == [CANCEL]


@pytest.mark.parametrize("place", [*FOREIGN, "", 5])
async def test_a_prediction_out_of_the_house_is_not_asked_for(place: object) -> None:
    client = Recorder(made(get=place, cancel=place))
    assert type((await ask(client)).error) is BadStream
    assert len(client.urls) == 1


@pytest.mark.parametrize("home", ["http://127.0.0.1:8000", "https://10.1.0.1/v1", "http://[::1]:8000"])
@pytest.mark.parametrize("place", ["https://127.9.0.1/x", "https://10.2.0.1/x", "https://[::2]/x"])
async def test_an_ip_address_is_a_house_of_its_own(home: str, place: str) -> None:
    client = Recorder(made(stream=place))
    await ask(client, Endpoint("Replicate", home, "key-1", 5.0))
    assert place not in client.urls


async def test_a_model_that_cannot_stream_is_asked_for_until_it_has_ended() -> None:
    ended = {"id": "p1", "status": "succeeded", "output": ["Once ", "upon", 5, "\ud83d"],
             "metrics": {"input_token_count": 3, "output_token_count": 4}}  # fmt: skip
    client = Recorder(made(), {"status": "starting"}, {"status": "processing", "output": ["On"]}, ended)
    answer = await ask(client)
    assert (answer.text, answer.error) == ("Once upon\ufffd", None)
    assert answer.finished == Finished(FinishReason.STOP, "succeeded", Usage(3, 4), "p1")
    assert client.urls == [f"{HOME}/models/meta/llama/predictions", *[GET] * 4]


@pytest.mark.parametrize(("output", "text"), [("Hi", "Hi"), (None, ""), ({"a": 1}, ""), ([], "")])
async def test_an_output_is_a_text_or_a_list_of_texts(output: object, text: str) -> None:
    answer = await ask(Recorder(made(stream=None), {"status": "succeeded", "output": output}))
    assert (answer.text, answer.error) == (text, None)


async def test_thoughts_are_apart_from_text_without_a_stream_too() -> None:
    ended = {"status": "succeeded", "output": ["<think>Hmm</think>", "So"]}
    answer = await ask(Recorder(made(), ended))
    assert (answer.reasoning, answer.text) == ("Hmm", "So")


@pytest.mark.parametrize("status", ["failed", "canceled", "aborted"])
async def test_a_prediction_that_failed_is_an_error(status: str) -> None:
    client = Recorder(made(), {"status": status, "error": "CUDA out of memory", "output": None})
    assert type((await ask(client)).error) is VendorFailed
    assert client.urls[1:] == [GET]


async def test_a_failure_is_judged_by_its_error_not_by_what_was_asked() -> None:
    failed = {"status": "failed", "error": "CUDA out of memory",
              "input": {"prompt": "What is an invalid API key?"}}  # fmt: skip
    assert type((await ask(Recorder(made(), failed))).error) is VendorFailed


async def test_a_prediction_that_never_ends_ends_at_the_limit_and_is_cancelled() -> None:
    client = Recorder(made(), {"status": "processing"})
    answer = await ask(client, Endpoint("Replicate", HOME, "key-1", 5.0, total_s=0.05))
    assert isinstance(answer.error, Interruption)
    assert client.urls[-1] == CANCEL


async def test_a_prediction_that_cannot_be_asked_for_is_cancelled() -> None:
    client = Recorder(made(), Overloaded("Replicate"))
    assert type((await ask(client)).error) is Overloaded
    assert client.urls[-1] == CANCEL


async def test_counts_that_cannot_be_had_cost_no_answer() -> None:
    client = Recorder(made(stream=f"{HOME}/x"), Overloaded("Replicate"))
    answer = await ask(client)
    assert (answer.text, answer.error) == ("Hi", None)
    assert answer.finished is not None
    assert answer.finished.usage == Usage()


async def test_a_cancel_out_of_the_house_gets_no_key() -> None:
    client = Recorder(made(stream=f"{HOME}/x", cancel="https://evil.test/cancel"))
    stream = ReplicateAdapter(client).stream(REQUEST, ENDPOINT)
    assert await anext(stream) == TextDelta("Hi")
    await stream.aclose()
    await let_others_end()
    assert client.urls[1:] == [f"{HOME}/x"]
