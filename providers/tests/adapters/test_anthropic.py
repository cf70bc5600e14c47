from typing import Any

import pytest

from providers.adapters.anthropic import AnthropicParser, build_body
from providers.base import ChatMessage, ChatRequest, FinishReason, Usage
from providers.errors import BadStream, CutOff, Overloaded, VendorFailed
from providers.tests.vendor import Heard, hear, sse

START = {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 9}}}
STOP = {"type": "message_stop"}


def piece(kind: str, index: int = 0, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **delta}}


def text(words: str, index: int = 0) -> dict[str, Any]:
    return piece("text_delta", index, text=words)


def end(reason: str | None, **usage: int | None) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def heard(*values: object) -> Heard:
    return hear(AnthropicParser("Vendor"), [sse(*values)])


def test_the_body_puts_the_system_prompt_apart_and_merges_equal_roles() -> None:
    messages = (
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "One"),
        ChatMessage("user", "Two"),
        ChatMessage("assistant", "Three"),
        ChatMessage("system", "In French."),
        ChatMessage("user", "Four"),
    )
    assert build_body(ChatRequest("m", messages)) == {
        "model": "m",
        "max_tokens": 4096,
        "system": "Be brief.\n\nIn French.",
        "messages": [
            {"role": "user", "content": "One\n\nTwo"},
            {"role": "assistant", "content": "Three"},
            {"role": "user", "content": "Four"},
        ],
        "stream": True,
    }


@pytest.mark.parametrize(("asked", "sent"), [(0.0, 0.0), (0.7, 0.7), (1.6, 1.0)])
def test_the_temperature_is_kept_within_what_the_vendor_takes(asked: float, sent: float) -> None:
    request = ChatRequest("m", (ChatMessage("user", "Why?"),), temperature=asked, max_tokens=5)
    body = build_body(request)
    assert (body["temperature"], body["max_tokens"]) == (sent, 5)
    assert "system" not in body


def test_blocks_of_text_make_one_answer_and_thinking_is_apart() -> None:
    answer = heard(
        START,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "H"}},
        piece("thinking_delta", thinking="mm"),
        piece("signature_delta", signature="x"),
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "S"}},
        text("o", 1),
        {"type": "ping"},
        {"type": "content_block_stop", "index": 1},
        {"type": "something_new", "text": "x"},
        piece("input_json_delta", 2, partial_json="{"),
        text(" be it", 3),
        end("end_turn", output_tokens=4),
        STOP,
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So be it")
    assert answer.finished is not None
    assert (answer.finished.reason, answer.finished.request_id) == (FinishReason.STOP, "msg_1")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALL),
        ("refusal", FinishReason.REFUSAL),
        ("pause_turn", FinishReason.OTHER),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(word: str, reason: FinishReason) -> None:
    finished = heard(START, end(word), STOP).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (reason, word)


def test_input_counts_the_cache_and_null_wipes_nothing() -> None:
    start = {"message": {"usage": {"input_tokens": 1, "cache_read_input_tokens": 30, "output_tokens": 1}}}
    details = {"thinking_tokens": 5}
    last = end("end_turn", input_tokens=None, output_tokens=9, cache_creation_input_tokens=200)
    last["usage"]["output_tokens_details"] = details
    finished = heard(start | {"type": "message_start"}, last, STOP).finished
    assert finished is not None
    assert finished.usage == Usage(231, 9, 30, 5)


def test_a_reason_without_message_stop_is_complete_and_nothing_at_all_a_cut() -> None:
    assert heard(START, text("Hi"), end("end_turn")).finished is not None
    cut = heard(START, text("Hi"), end(None))
    assert (cut.text, type(cut.error)) == ("Hi", CutOff)


def test_a_second_message_start_repeats_nothing() -> None:
    assert heard(START, START, text("Hi"), end("end_turn"), STOP).text == "Hi"


@pytest.mark.parametrize("with_name", [True, False])
def test_an_error_in_the_stream_keeps_its_class(with_name: bool) -> None:
    name = b"event: error\n" if with_name else b""
    body = sse(START, text("Hi")) + name + sse({"type": "error", "error": {"type": "overloaded_error"}})
    failed = hear(AnthropicParser("Vendor"), [body])
    assert (failed.text, type(failed.error)) == ("Hi", Overloaded)


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        None,
        {"type": 4},
        {"type": "message_start", "message": []},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 5}},
        {"type": "content_block_start", "content_block": "x"},
        {"type": "message_delta", "delta": None, "usage": {"input_tokens": "x", "output_tokens_details": 1}},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(START, text("Hi"), value, end("end_turn"), STOP)
    assert (odd.text, odd.error) == ("Hi", None)


def test_an_answer_that_came_whole_is_read() -> None:
    body = b'{"type": "message", "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"}'
    assert hear(AnthropicParser("Vendor"), [body], content_type="application/json").text == "Hi"
    error = b'{"type": "error", "error": {"type": "api_error", "message": "x"}}'
    assert (
        type(hear(AnthropicParser("Vendor"), [error], content_type="application/json").error) is VendorFailed
    )


def test_what_is_not_json_is_a_bad_stream() -> None:
    assert type(heard(START, "{").error) is BadStream
