"""Cohere's chat: what is asked, and what its events make of an answer."""

import json
from typing import Any

import pytest

from providers.adapters.cohere import CohereAdapter, CohereParser, build_body
from providers.base import ChatMessage, ChatRequest, FinishReason, Image, Usage
from providers.errors import BadStream, CutOff, Overloaded, ProviderError, VendorFailed
from providers.tests.vendor import Heard, Reply, VendorServer, hear, listen, sse
from providers.wire.http import ProviderClient

QUESTION = (ChatMessage("system", "Be brief."), ChatMessage("user", "Why?"))
START = {"id": "co_1", "type": "message-start", "delta": {"message": {"role": "assistant", "content": []}}}


def piece(kind: str = "content-delta", /, **content: Any) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": {"content": content}}}


def last(reason: str | None = "COMPLETE", /, **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **more}}


def heard(*values: object) -> Heard:
    return hear(CohereParser("Vendor"), [sse(*values)])


def whole(answer: object) -> Heard:
    body = json.dumps(answer).encode()
    return hear(CohereParser("Vendor"), [body], content_type="application/json")


def test_the_body_leaves_out_what_was_not_set() -> None:
    assert build_body(ChatRequest("m", QUESTION, show_reasoning=True)) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "stream": True,
    }


@pytest.mark.parametrize(("asked", "sent"), [(0.0, 0.0), (0.7, 0.7), (1.6, 1.0)])
def test_the_temperature_is_kept_within_what_the_vendor_takes(asked: float, sent: float) -> None:
    body = build_body(ChatRequest("m", QUESTION, temperature=asked, max_tokens=5))
    assert (body["temperature"], body["max_tokens"]) == (sent, 5)


def test_an_image_goes_along_as_a_data_url_after_the_words() -> None:
    message = ChatMessage("user", "What?", (Image("image/webp", b"RIFF"),))
    assert build_body(ChatRequest("m", (message,)))["messages"][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UklGRg=="}},
    ]


async def test_the_request_is_as_documented_whatever_the_address_ends_in() -> None:
    client = ProviderClient(backoff_s=0.001)
    async with VendorServer(Reply((sse(piece(text="So"), last()),))) as vendor:
        for path in ("", "/v1", "/v2"):
            stream = CohereAdapter(client).stream(ChatRequest("m", QUESTION), vendor.endpoint(path=path))
            assert (await listen(stream)).text == "So"
        await client.aclose()
    assert {(request.method, request.path) for request in vendor.requests} == {("POST", "/v2/chat")}
    assert vendor.requests[0].headers["authorization"] == "Bearer key-1"
    assert vendor.requests[0].body == build_body(ChatRequest("m", QUESTION))


def test_thoughts_are_apart_from_text_and_a_start_may_hold_some() -> None:
    answer = heard(
        START,
        piece("content-start", type="thinking", thinking="H"),
        piece(thinking="mm"),
        {"type": "content-end", "index": 0},
        piece("content-start", type="text", text="S"),
        piece(text="o"),
        last(),
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So")
    assert answer.finished is not None
    assert answer.finished.request_id == "co_1"


def test_a_tag_in_the_text_stays_text() -> None:
    assert heard(piece(text="<think>a</think>b"), last()).text == "<think>a</think>b"


def test_events_that_nobody_knows_are_skipped_also_after_the_end() -> None:
    answer = heard(
        START,
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}},
        {"type": "citation-start", "delta": {"message": {"citations": {"text": "x"}}}},
        {"type": "debug", "prompt": "x"},
        piece(text="So"),
        last(),
        {"type": "rate-limits", "delta": {"message": {"content": {"text": "x"}}}},
    )
    assert (answer.text, answer.error) == ("So", None)
    assert heard(piece(text="So"), last(), "[DONE]", "no json", piece(text="more")).text == "So"


def test_the_name_of_an_event_counts_where_its_data_has_no_type() -> None:
    nameless = {key: value for key, value in piece(text="So").items() if key != "type"}
    body = b"event: content-delta\n" + sse(nameless) + sse(last())
    assert hear(CohereParser("Vendor"), [body]).text == "So"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("COMPLETE", FinishReason.STOP),
        ("STOP_SEQUENCE", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("TOOL_CALL", FinishReason.TOOL_CALL),
        ("SOMETHING_NEW", FinishReason.OTHER),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(word: str, reason: FinishReason) -> None:
    finished = heard(START, piece(text="So"), last(word), "[DONE]").finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (reason, word)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"billed_units": {"input_tokens": 12, "output_tokens": 7},
             "tokens": {"input_tokens": 507, "output_tokens": 10}, "cached_tokens": 448},
            Usage(507, 10, 448),
        ),
        ({"tokens": {"input_tokens": 507.0, "output_tokens": 10.0}}, Usage(507, 10)),
        ({"billed_units": {"input_tokens": 12, "output_tokens": 7}}, Usage(12, 7)),
        ({"tokens": {"input_tokens": "5", "output_tokens": -1}}, Usage()),
        ({"tokens": [], "billed_units": "x", "cached_tokens": True}, Usage()),
        ("x", Usage()),
        (None, Usage()),
    ],
)  # fmt: skip
def test_usage_is_what_the_model_read_and_wrote(usage: object, expected: Usage) -> None:
    finished = heard(START, last("COMPLETE", usage=usage)).finished
    assert finished is not None
    assert finished.usage == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (last("ERROR", error="the model failed"), VendorFailed),
        (last("ERROR"), VendorFailed),
        (last("TIMEOUT"), VendorFailed),
        (last("COMPLETE", error="late"), VendorFailed),
        ({"type": "error", "message": "x"}, VendorFailed),
        ({"id": "co_1", "message": "internal server error"}, VendorFailed),
        ({"error": {"code": 503, "message": "busy"}}, Overloaded),
    ],
)
def test_every_kind_of_error_in_the_stream_is_one_and_the_text_stays(
    value: object, kind: type[ProviderError]
) -> None:
    failed = heard(START, piece(text="So"), value, "[DONE]")
    assert (failed.text, type(failed.error)) == ("So", kind)


@pytest.mark.parametrize(
    "data", [{"message": "out of memory"}, {"type": "server_error", "message": "out of memory"}]
)
def test_an_error_event_is_an_error_whatever_its_data_calls_itself(data: object) -> None:
    body = sse(START, piece(text="So")) + b"event: error\n" + sse(data)
    failed = hear(CohereParser("Vendor"), [body])
    assert (failed.text, type(failed.error)) == ("So", VendorFailed)


@pytest.mark.parametrize("ending", [(), (last(None),), ("[DONE]",), (last(""), "[DONE]")])
def test_the_end_without_a_reason_is_a_cut(ending: tuple[object, ...]) -> None:
    cut = heard(START, piece(text="So"), *ending)
    assert (cut.text, type(cut.error)) == ("So", CutOff)


def test_an_answer_that_came_whole_is_read() -> None:
    answer = whole(
        {
            "id": "co_1",
            "finish_reason": "MAX_TOKENS",
            "message": {"content": [{"type": "thinking", "thinking": "Hmm"}, {"type": "text", "text": "So"}]},
            "usage": {"tokens": {"input_tokens": 5, "output_tokens": 6}},
        }
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So")
    assert answer.finished is not None
    assert answer.finished.reason is FinishReason.LENGTH
    assert (answer.finished.request_id, answer.finished.usage) == ("co_1", Usage(5, 6))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"id": "co_1", "message": "invalid request"}, VendorFailed),
        ({"finish_reason": "ERROR", "message": {"content": []}}, VendorFailed),
        ({}, VendorFailed),
        ([], VendorFailed),
        (7, VendorFailed),
    ],
)
def test_a_document_that_is_no_answer_is_an_error(answer: object, kind: type[ProviderError]) -> None:
    failed = whole(answer)
    assert (failed.text, type(failed.error)) == ("", kind)


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        None,
        {},
        {"type": 4},
        {"type": "message-start", "id": 5},
        {"type": "content-delta"},
        {"type": "content-delta", "delta": []},
        {"type": "content-delta", "delta": {"message": "x"}},
        {"type": "content-delta", "delta": {"message": {"content": [1]}}},
        piece(text=5, thinking=["x"]),
        {"type": "message-end", "delta": {"finish_reason": 5, "usage": 6}},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(START, piece(text="So"), value, last())
    assert (odd.text, odd.error) == ("So", None)


def test_what_is_not_json_is_a_bad_stream() -> None:
    assert type(heard(piece(text="So"), "{").error) is BadStream
    assert type(heard("[" * 100_000).error) is BadStream
