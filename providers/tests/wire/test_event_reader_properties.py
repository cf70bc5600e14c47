"""Readers and parsers under bytes that no vendor should send."""

import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from providers.adapters.anthropic import AnthropicParser
from providers.adapters.cohere import CohereParser
from providers.adapters.gemini import GeminiParser
from providers.adapters.ollama import OllamaParser
from providers.adapters.openai import OpenAIParser
from providers.adapters.openai_responses import ResponsesParser
from providers.adapters.replicate import ReplicateParser
from providers.base import Finished
from providers.errors import ProviderError
from providers.tests.vendor import hear, sse
from providers.wire.reader import AnswerParser
from providers.wire.sse import JsonLinesReader, SseEvent, SseReader

SSE, NDJSON = "text/event-stream", "application/x-ndjson"

PARSERS: dict[str, Callable[[str], AnswerParser]] = {
    "openai": OpenAIParser,
    "responses": ResponsesParser,
    "anthropic": AnthropicParser,
    "gemini": GeminiParser,
    "cohere": CohereParser,
    "ollama": OllamaParser,
    "replicate": ReplicateParser,
}
TYPES = dict.fromkeys(PARSERS, SSE) | {"ollama": NDJSON}
VALID = {
    "openai": sse(
        {"id": "c1", "choices": [{"delta": {"content": "<think>Hm ☕</think>"}}]},
        {"choices": [{"delta": {"content": "So\u2028 be\nit"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
        "[DONE]",
    ),
    "responses": sse(
        {"type": "response.created", "response": {"id": "r1"}},
        {"type": "response.reasoning_summary_text.delta", "delta": "Hm ☕"},
        {"type": "response.output_text.delta", "delta": "So\u2028 be\nit"},
        {"type": "response.completed", "response": {"id": "r1", "status": "completed", "usage": {}}},
    ),
    "anthropic": sse(
        {"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 9}}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm ☕"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "So\u2028 be\nit"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    ),
    "gemini": sse(
        {"candidates": [{"content": {"parts": [{"text": "Hm ☕", "thought": True}]}}]},
        {"candidates": [{"content": {"parts": [{"text": "So\u2028 be\nit"}]}, "finishReason": "STOP"}]},
    ),
    "cohere": sse(
        {"type": "message-start", "id": "c1"},
        {"type": "content-delta", "delta": {"message": {"content": {"thinking": "Hm ☕"}}}},
        {"type": "content-delta", "delta": {"message": {"content": {"text": "So\u2028 be\nit"}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
        "[DONE]",
    ),
    "ollama": b"".join(
        json.dumps(line).encode() + b"\n"
        for line in (
            {"message": {"content": "", "thinking": "Hm ☕"}},
            {"message": {"content": "So\u2028 be\nit"}},
            {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 3},
        )
    ),
    "replicate": (
        b"event: output\nid: 1:0\ndata: <think>Hm \xe2\x98\x95</think>\n\n"
        b"event: output\ndata: So\xe2\x80\xa8 be\ndata: it\n\nevent: done\ndata: {}\n\n"
    ),
}  # fmt: skip

# Pieces that mean something to some reader, so that chance soon makes events, and wrong ones.
WORDS = [
    b"\n", b"\r", b"\r\n", b"\n\n", b"data: ", b"data:", b"event: error\n", b"event: output\n", b": \n",
    b"error: ", b"id: 1\n", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b'"', b'"error": 1', b"null",
    b"[DONE]", b"1e999", b"NaN", b"-1", b"true", b'"\\ud83d"', b'"\\u0000"', "☕\u2028".encode(), b"\xff",
    b"<think>", b"</think>", b'{"error": {"code": 503}}', b'{"type": "error"}', b'{"choices": [7]}',
    b"event: done\n",
]  # fmt: skip
GARBAGE = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=40).map(b"".join)
CUTS = st.lists(st.integers(0, 600), max_size=12)
# A busy machine is no fault of the code.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
some = settings(calm, max_examples=200)


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def single(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def read(reader: SseReader | JsonLinesReader, chunks: Iterable[bytes]) -> list[SseEvent]:
    return [event for chunk in chunks for event in reader.feed(chunk)] + list(reader.end())


def told(name: str, chunks: Iterable[bytes], content_type: str = "") -> tuple[Any, ...]:
    """All that an answer comes to; whatever is raised but ProviderError fails the test."""
    heard = hear(PARSERS[name]("Vendor"), chunks, content_type=content_type or TYPES[name])
    return heard.reasoning, heard.text, heard.finished, type(heard.error)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A valid stream with a few bytes changed, lost, doubled or put in."""
    stream = VALID[name]
    for _ in range(draw(st.integers(0, 3))):
        at, size = draw(st.integers(0, len(stream))), draw(st.integers(0, 40))
        piece = draw(
            st.one_of(st.sampled_from(WORDS), st.binary(max_size=4), st.just(stream[at : at + size]))
        )
        stream = stream[:at] + piece + stream[at + draw(st.sampled_from([0, size])) :]
    return stream


@some
@given(stream=GARBAGE, cuts=CUTS)
@pytest.mark.parametrize("reader", [SseReader, JsonLinesReader])
def test_no_split_of_the_bytes_changes_the_events(
    reader: type[SseReader | JsonLinesReader], stream: bytes, cuts: list[int]
) -> None:
    whole = read(reader(), [stream])
    assert read(reader(), split(stream, cuts)) == whole
    assert read(reader(), single(stream)) == whole


@pytest.mark.parametrize("name", PARSERS)
def test_no_split_of_the_bytes_changes_an_answer(name: str) -> None:
    @some
    @given(stream=st.one_of(damaged(name), GARBAGE), cuts=CUTS)
    @example(stream=VALID[name], cuts=[])
    def check(stream: bytes, cuts: list[int]) -> None:
        whole = told(name, [stream])
        assert told(name, split(stream, cuts)) == whole
        assert told(name, single(stream)) == whole

    check()


@pytest.mark.parametrize("name", PARSERS)
def test_garbage_under_any_type_is_an_answer_or_a_failure_in_our_words(name: str) -> None:
    types = st.sampled_from(
        [SSE, NDJSON, "application/json", "application/json; x", "text/html", "a/b+json", ""]
    )

    @some
    @given(stream=st.one_of(st.binary(max_size=200), GARBAGE, damaged(name)), content_type=types)
    def check(stream: bytes, content_type: str) -> None:
        _, _, finished, error = told(name, [stream], content_type or "x/y")
        assert (finished is None) is issubclass(error, ProviderError)

    check()


@pytest.mark.parametrize("name", PARSERS)
def test_any_json_is_an_answer_or_a_failure_in_our_words(name: str) -> None:
    keys = st.sampled_from([
        "type", "error", "choices", "delta", "content", "finish_reason", "message", "usage", "code", "id",
        "response", "status", "parts", "candidates", "text", "done", "details", "param", "retryDelay",
        "index", "object", "output", "item", "finishReason", "content_block", "stop_reason", "tool_calls",
        "reasoning_details",
    ])  # fmt: skip
    words = st.sampled_from([
        "error", "response.completed", "response.created", "content-delta", "message-end", "message_delta",
        "completed", "failed", "stop", "\ud83d", "\0", "5" * 400 + "s", "0400", "٤٠٠", "4" * 400, "",
    ])  # fmt: skip
    leaves = st.one_of(words, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4))
    values = st.recursive(
        leaves,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=5),
        max_leaves=12,
    )

    @settings(calm, max_examples=100)
    @given(values=st.lists(values, max_size=4))
    def check(values: list[object]) -> None:
        texts = [json.dumps(value) for value in values]
        body = "".join(f"{text}\n" for text in texts).encode() if name == "ollama" else sse(*texts)
        for kept in (body, body + VALID[name]):
            _, _, finished, error = told(name, [kept])
            assert (finished is None) is issubclass(error, ProviderError)
        for text in texts:
            told(name, [text.encode()], "application/json")

    check()


@pytest.mark.parametrize("name", PARSERS)
def test_an_error_with_an_endless_code_is_an_error(name: str) -> None:
    for code in ("0500" + "0" * 5000, "5" * 5000, "٥٠٠"):
        error = json.dumps({"type": "error", "error": {"code": code, "message": "x"}})
        body = f"event: error\ndata: {error}\n\n" if TYPES[name] == SSE else f"{error}\n"
        assert issubclass(told(name, [body.encode()])[3], ProviderError)


@pytest.mark.parametrize("name", PARSERS)
def test_mixed_line_ends_change_nothing(name: str) -> None:
    *lines, rest = VALID[name].split(b"\n")
    assert rest == b""
    whole = told(name, [VALID[name]])
    assert whole[:2] == ("Hm ☕", "So\u2028 be\nit")
    assert whole[2] is not None

    @some
    @given(ends=st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=len(lines), max_size=len(lines)))
    def check(ends: list[bytes]) -> None:
        # An LF that follows a CR belongs to it: between two lines, of which one is empty, it would be lost.
        for at, (line, end) in enumerate(zip(lines[1:], ends[1:], strict=True), 1):
            if line == b"" and end == b"\n" and ends[at - 1] == b"\r":
                ends[at] = b"\r\n"
        stream = b"".join(line + end for line, end in zip(lines, ends, strict=True))
        assert told(name, [stream]) == whole
        assert told(name, single(stream)) == whole

    check()


WORD = json.dumps("a\0\ud83d" + "b" * 5000)
COUNT = 2**40
# A reason, a request's name and a count such as no database stores, in each protocol's places for them.
ODD = {
    "openai": """data: {"id": WORD, "choices": [{"delta": {}, "finish_reason": WORD}],
data: "usage": {"prompt_tokens": COUNT, "completion_tokens": COUNT}}""",
    "responses": """data: {"type": "response.incomplete", "response": {"id": WORD, "status": "incomplete",
data: "incomplete_details": {"reason": WORD}, "usage": {"input_tokens": COUNT}}}""",
    "anthropic": """data: {"type": "message_start", "message": {"id": WORD, "stop_reason": WORD,
data: "usage": {"input_tokens": COUNT, "cache_read_input_tokens": COUNT}}}""",
    "gemini": """data: {"responseId": WORD, "candidates": [{"finishReason": WORD}],
data: "usageMetadata": {"promptTokenCount": COUNT}}""",
    "cohere": """data: {"type": "message-start", "id": WORD}

data: {"type": "message-end", "delta": {"finish_reason": WORD,
data: "usage": {"tokens": {"input_tokens": COUNT}}}}""",
    "ollama": """{"message": {}, "done": true, "done_reason": WORD, "eval_count": COUNT}""",
}


def odd(name: str) -> Finished:
    body = ODD[name].replace("WORD", WORD).replace("COUNT", str(COUNT)) + "\n\n"
    finished: Finished | None = told(name, [body.encode()])[2]
    assert finished is not None
    return finished


@pytest.mark.parametrize("name", ODD)
def test_the_words_that_a_vendor_ends_an_answer_with_can_be_stored(name: str) -> None:
    finished = odd(name)
    for word in (finished.vendor_reason, finished.request_id):
        assert "\0" not in word
        assert word.encode().decode() == word


@pytest.mark.parametrize("name", ODD)
def test_the_counts_that_a_vendor_ends_an_answer_with_can_be_stored(name: str) -> None:
    # An answer's counts are 32-bit columns.
    usage = odd(name).usage
    for count in (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens):
        assert count is None or count < 2**31
