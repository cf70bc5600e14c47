import json
from typing import Any

import pytest

from providers.adapters.gemini import GeminiParser, build_body
from providers.base import ChatMessage, ChatRequest, FinishReason, Usage
from providers.errors import BadStream, Blocked, CutOff, Overloaded
from providers.tests.vendor import Heard, hear, sse


def chunk(*parts: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": reason} if reason else {})], **more}


def heard(*values: object) -> Heard:
    return hear(GeminiParser("Vendor"), [sse(*values)])


def test_the_body_names_roles_and_merges_equal_ones() -> None:
    messages = (
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "One"),
        ChatMessage("user", "Two"),
        ChatMessage("assistant", "Three"),
        ChatMessage("user", "Four"),
    )
    assert build_body(ChatRequest("m", messages, temperature=1.6, max_tokens=5)) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "One"}, {"text": "Two"}]},
            {"role": "model", "parts": [{"text": "Three"}]},
            {"role": "user", "parts": [{"text": "Four"}]},
        ],
        "generationConfig": {"temperature": 1.6, "maxOutputTokens": 5},
    }


def test_the_body_leaves_out_what_was_not_set() -> None:
    assert set(build_body(ChatRequest("m", (ChatMessage("user", "Why?"),)))) == {"contents"}


def test_thoughts_are_apart_from_text() -> None:
    answer = heard(
        chunk({"text": "Hmm", "thought": True}),
        chunk({"text": "So"}, {"inlineData": {}}, {"text": "", "thoughtSignature": "x"}, responseId="r1"),
        chunk({"text": " be it"}, reason="STOP"),
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So be it")
    assert answer.finished is not None
    assert answer.finished.request_id == "r1"


def test_a_reason_on_every_chunk_ends_nothing_early() -> None:
    answer = heard(chunk({"text": "So"}, reason="STOP"), chunk({"text": " be it"}, reason="MAX_TOKENS"))
    assert answer.text == "So be it"
    assert answer.finished is not None
    assert answer.finished.reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", FinishReason.TOOL_CALL),
        ("FAKE_NEW_REASON", FinishReason.OTHER),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(word: str, reason: FinishReason) -> None:
    finished = heard(chunk({"text": "So"}), {"candidates": [{"finishReason": word}]}).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (reason, word)


def test_a_tool_call_is_named_though_the_vendor_says_stop() -> None:
    finished = heard(chunk({"functionCall": {"name": "f"}}, reason="STOP")).finished
    assert finished is not None
    assert finished.reason is FinishReason.TOOL_CALL


def test_output_counts_the_thoughts() -> None:
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 48, "thoughtsTokenCount": 540}
    last = chunk(reason="STOP", usageMetadata=usage | {"cachedContentTokenCount": 4})
    finished = heard(chunk({"text": "a"}, usageMetadata={"promptTokenCount": 10}), last).finished
    assert finished is not None
    assert finished.usage == Usage(10, 588, 4, 540)


def test_a_limit_spent_on_thoughts_is_a_complete_empty_answer() -> None:
    empty = heard({"candidates": [{"content": {}, "finishReason": "MAX_TOKENS"}]})
    assert (empty.text, empty.error) == ("", None)


def test_a_blocked_question_is_blocked() -> None:
    assert type(heard({"promptFeedback": {"blockReason": "SAFETY"}}).error) is Blocked


def test_the_end_without_a_reason_is_a_cut() -> None:
    cut = heard(chunk({"text": "So"}))
    assert (cut.text, type(cut.error)) == ("So", CutOff)


def test_an_error_in_the_stream_is_one_also_as_bare_json() -> None:
    error = {"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}}
    assert type(heard(chunk({"text": "So"}), error).error) is Overloaded
    bare = sse(chunk({"text": "So"})) + json.dumps(error, indent=2).encode()
    failed = hear(GeminiParser("Vendor"), [bare])
    assert (failed.text, type(failed.error)) == ("So", Overloaded)


@pytest.mark.parametrize(
    "value",
    [
        7,
        None,
        "[DONE]",
        {"candidates": {}},
        {"candidates": [{"content": "x"}]},
        {"candidates": [{"content": {"parts": [3, {"text": 4}]}, "finishReason": 5}]},
        {"usageMetadata": "x", "promptFeedback": []},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(chunk({"text": "So"}), value, chunk(reason="STOP"))
    assert (odd.text, odd.error) == ("So", None)


def test_chunks_that_came_as_one_array_are_read() -> None:
    body = json.dumps([chunk({"text": "So"}), chunk({"text": " be it"}, reason="STOP")]).encode()
    assert hear(GeminiParser("Vendor"), [body], content_type="application/json").text == "So be it"
    half = json.dumps([chunk({"text": "So"})]).encode()
    assert type(hear(GeminiParser("Vendor"), [half], content_type="application/json").error) is BadStream
