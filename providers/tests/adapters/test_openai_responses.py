"""OpenAI's Responses: what is asked, and what its events make of an answer."""

import json
from typing import Any

import pytest

from providers.adapters.openai_responses import (
    LEAST_MAX_TOKENS,
    ResponsesAdapter,
    ResponsesParser,
    build_body,
)
from providers.base import ChatMessage, ChatRequest, FinishReason, Image, Usage
from providers.errors import (
    BadStream,
    ContextTooLong,
    CutOff,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
    VendorFailed,
)
from providers.tests.vendor import Heard, Reply, VendorServer, hear, listen, sse
from providers.wire.http import ProviderClient

QUESTION = (ChatMessage("system", "Be brief."), ChatMessage("user", "Why?"))
CREATED = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}


def delta(text: str, kind: str = "output_text") -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": 0, "delta": text}


def last(status: str = "completed", /, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{status}", "response": {"id": "resp_1", "status": status, **more}}


def heard(*values: object) -> Heard:
    return hear(ResponsesParser("Vendor"), [sse(*values)])


def whole(response: object) -> Heard:
    body = json.dumps(response).encode()
    return hear(ResponsesParser("Vendor"), [body], content_type="application/json")


def test_the_body_leaves_out_what_was_not_set_and_asks_for_nothing_to_be_kept() -> None:
    assert build_body(ChatRequest("m", (ChatMessage("user", "Why?"),))) == {
        "model": "m",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Why?"}]}],
        "stream": True,
        "store": False,
    }


def test_the_system_prompt_goes_apart_and_each_role_has_its_kind_of_text() -> None:
    messages = (
        *QUESTION,
        ChatMessage("assistant", "So."),
        ChatMessage("system", "In French."),
        ChatMessage("user", "And?"),
    )
    body = build_body(ChatRequest("m", messages))
    assert body["instructions"] == "Be brief.\n\nIn French."
    assert body["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "Why?"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "So."}]},
        {"role": "user", "content": [{"type": "input_text", "text": "And?"}]},
    ]


def test_an_image_goes_along_as_a_data_url_after_the_words() -> None:
    message = ChatMessage("user", "What?", (Image("image/png", b"\x89PNG"),))
    assert build_body(ChatRequest("m", (message,)))["input"][0]["content"] == [
        {"type": "input_text", "text": "What?"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBORw=="},
    ]


@pytest.mark.parametrize(("asked", "sent"), [(1, LEAST_MAX_TOKENS), (16, 16), (4096, 4096)])
def test_a_limit_is_no_smaller_than_the_vendor_takes(asked: int, sent: int) -> None:
    body = build_body(ChatRequest("m", QUESTION, temperature=0.0, max_tokens=asked))
    assert (body["temperature"], body["max_output_tokens"]) == (0.0, sent)
    assert not {"max_tokens", "max_completion_tokens", "reasoning"} & body.keys()


def test_a_summary_of_thoughts_is_asked_for_only_where_it_is_wanted() -> None:
    assert build_body(ChatRequest("m", QUESTION, show_reasoning=True))["reasoning"] == {"summary": "auto"}


async def test_the_request_is_as_documented_and_a_refused_summary_is_left_out() -> None:
    error = {"message": "Your organization must be verified", "param": "reasoning.summary"}
    refused = Reply((json.dumps({"error": error}).encode(),), 400, {"Content-Type": "application/json"})
    client = ProviderClient(backoff_s=0.001)
    async with VendorServer(refused, Reply((sse(delta("So"), last()),))) as vendor:
        request = ChatRequest("m", QUESTION, show_reasoning=True)
        answer = await listen(ResponsesAdapter(client).stream(request, vendor.endpoint()))
        await client.aclose()
    assert (answer.text, answer.error) == ("So", None)
    first, second = vendor.requests
    assert (first.method, first.path) == ("POST", "/v1/responses")
    assert first.headers["authorization"] == "Bearer key-1"
    assert first.body == build_body(request)
    assert second.body["reasoning"] == {}


def test_the_parts_of_an_answer_have_their_places() -> None:
    answer = heard(
        CREATED,
        {"type": "response.in_progress", "response": {}},
        {"type": "response.output_item.added", "item": {"type": "reasoning", "summary": []}},
        {"type": "response.reasoning_summary_part.added", "part": {"text": ""}},
        delta("H", "reasoning_summary_text"),
        delta("mm", "reasoning_text"),
        {"type": "response.output_item.added", "item": {"type": "message", "content": []}},
        {"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}},
        delta("So"),
        delta(" be it"),
        last(),
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So be it")
    assert answer.finished is not None
    assert answer.finished.request_id == "resp_1"


def test_what_is_done_is_not_told_again() -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "So"}]}
    answer = heard(
        delta("Hmm", "reasoning_summary_text"),
        {"type": "response.reasoning_summary_text.done", "text": "Hmm"},
        {"type": "response.reasoning_summary_part.done", "part": {"type": "summary_text", "text": "Hmm"}},
        delta("So"),
        {"type": "response.output_text.done", "text": "So"},
        {"type": "response.content_part.done", "part": {"type": "output_text", "text": "So"}},
        {"type": "response.output_item.done", "item": message},
        last(output=[message]),
    )
    assert (answer.reasoning, answer.text) == ("Hmm", "So")


def test_a_name_of_an_event_counts_for_nothing() -> None:
    body = b"event: response.output_text.delta\n" + sse({"type": "response.unheard_of", "delta": "x"})
    body += b"event: whatever\n" + sse(delta("So")) + sse(last())
    assert hear(ResponsesParser("Vendor"), [body]).text == "So"


def test_events_that_nobody_knows_are_skipped_also_after_the_end() -> None:
    answer = heard(
        CREATED,
        {"type": "response.web_search_call.searching", "delta": "x"},
        {"type": "response.output_text.annotation.added", "annotation": {"text": "x"}},
        {"type": "response.mcp_call_arguments.delta", "delta": "x"},
        {"type": "response.function_call_arguments.delta", "delta": "{"},
        delta("So"),
        last(),
        {"type": "response.rate_limits.updated", "rate_limits": []},
    )
    assert (answer.text, answer.error) == ("So", None)
    assert heard(delta("So"), last(), "[DONE]", "no json", delta("more")).text == "So"


def test_a_leading_think_tag_is_reasoning() -> None:
    tags = heard(delta("<thi"), delta("nk>Hmm</th"), delta("ink>\n\nSo"), last())
    assert (tags.reasoning, tags.text) == ("Hmm", "So")


@pytest.mark.parametrize(
    ("event", "reason", "word"),
    [
        (last(), FinishReason.STOP, "completed"),
        (
            last("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            FinishReason.LENGTH,
            "incomplete:max_output_tokens",
        ),
        (
            last("incomplete", incomplete_details={"reason": "content_filter"}),
            FinishReason.CONTENT_FILTER,
            "incomplete:content_filter",
        ),
        (last("incomplete", incomplete_details={"reason": "new"}), FinishReason.OTHER, "incomplete:new"),
        (last("incomplete"), FinishReason.OTHER, "incomplete"),
        (last(incomplete_details=None), FinishReason.STOP, "completed"),
    ],
)
def test_the_reason_is_translated_and_the_vendors_word_kept(
    event: dict[str, Any], reason: FinishReason, word: str
) -> None:
    finished = heard(CREATED, delta("So"), event).finished
    assert finished is not None
    assert (finished.reason, finished.vendor_reason) == (reason, word)


def test_a_tool_call_is_named_though_the_vendor_says_completed() -> None:
    call = {"type": "response.output_item.added", "item": {"type": "function_call", "name": "f"}}
    finished = heard(call, last()).finished
    assert finished is not None
    assert finished.reason is FinishReason.TOOL_CALL


def test_a_refusal_is_an_outcome_of_its_own() -> None:
    refused = heard(
        delta("I can’t ", "refusal"),
        delta("help.\ud83d", "refusal"),
        {"type": "response.refusal.done", "refusal": "I can’t help."},
        last(),
    )
    assert refused.text == ""
    assert refused.finished is not None
    assert refused.finished.reason is FinishReason.REFUSAL
    assert refused.finished.refusal == "I can’t help.\ufffd"


def test_usage_counts_as_the_vendor_does() -> None:
    usage = {
        "input_tokens": 75,
        "input_tokens_details": {"cached_tokens": 64},
        "output_tokens": 1186,
        "output_tokens_details": {"reasoning_tokens": 1024},
        "cost": 0.25,
    }
    events = (delta("So"), last(usage=usage))
    finished = heard(*events).finished
    assert finished is not None
    assert finished.usage == Usage(75, 1186, 64, 1024)
    priced = hear(ResponsesParser("Vendor", reports_cost=True), [sse(*events)]).finished
    assert priced is not None
    assert priced.usage == Usage(75, 1186, 64, 1024, 0.25)


@pytest.mark.parametrize(
    "usage", [None, [], {"input_tokens": "7", "input_tokens_details": 1, "output_tokens_details": None}]
)
def test_usage_of_a_wrong_shape_is_none(usage: object) -> None:
    finished = heard(last(usage=usage)).finished
    assert finished is not None
    assert finished.usage == Usage()


ERROR = {"code": "server_error", "message": "The model failed."}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "error", "code": "server_error", "message": "x", "param": None}, VendorFailed),
        ({"type": "error", "error": {"type": "server_error", "code": None, "message": "x"}}, VendorFailed),
        ({"type": "error", "error": {"code": "insufficient_quota", "message": "x"}}, NoCredit),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "x"}, RateLimited),
        ({"error": {"code": 503, "message": "busy"}}, Overloaded),
        (last("failed", error=ERROR), VendorFailed),
        (last("failed", error={"code": "context_length_exceeded", "message": "x"}), ContextTooLong),
        (last("failed"), VendorFailed),
        (last("completed", error=ERROR), VendorFailed),
    ],
)
def test_every_kind_of_error_in_the_stream_is_one_and_the_text_stays(
    value: object, kind: type[ProviderError]
) -> None:
    failed = heard(CREATED, delta("So"), value)
    assert (failed.text, type(failed.error)) == ("So", kind)


def test_an_error_that_is_told_twice_is_one() -> None:
    nested = {"type": "error", "error": {"type": "server_error", "code": "insufficient_quota"}}
    twice = heard(CREATED, delta("So"), nested, last("failed", error=ERROR), "[DONE]")
    assert (twice.text, type(twice.error)) == ("So", NoCredit)


def test_a_failure_is_judged_by_its_error_not_by_what_was_asked() -> None:
    # A response repeats the system prompt; the user's words must not choose the class of an error.
    failed = heard(CREATED, last("failed", error=ERROR, instructions="Explain what an invalid API key is."))
    assert type(failed.error) is VendorFailed


@pytest.mark.parametrize("values", [(), (CREATED,), (CREATED, delta("So")), (CREATED, delta("So"), "[DONE]")])
def test_the_end_without_a_terminal_event_is_a_cut(values: tuple[object, ...]) -> None:
    cut = hear(ResponsesParser("Vendor"), [sse(*values) + b": \n\n"])
    assert type(cut.error) is CutOff


def test_a_response_that_was_cancelled_is_a_cut() -> None:
    cut = heard(CREATED, delta("So"), last("cancelled"))
    assert (cut.text, type(cut.error)) == ("So", CutOff)


def test_a_second_response_makes_the_answer_whole_only_with_its_own_end() -> None:
    first = (CREATED, delta("One."), last())
    assert type(heard(*first, CREATED, delta(" Two")).error) is CutOff
    again = {"type": "response.created", "response": {"id": "resp_2"}}
    both = heard(*first, again, delta(" Two."), last(id="resp_2", usage={"input_tokens": 9}))
    assert both.text == "One. Two."
    assert both.finished is not None
    assert (both.finished.request_id, both.finished.usage) == ("resp_2", Usage(9))


def test_a_tool_call_of_an_earlier_response_is_not_the_last_ones() -> None:
    call = {"type": "response.output_item.added", "item": {"type": "function_call"}}
    finished = heard(CREATED, call, last(), CREATED, delta("So"), last()).finished
    assert finished is not None
    assert finished.reason is FinishReason.STOP


def test_an_answer_that_came_whole_is_read() -> None:
    output = [
        {"type": "reasoning", "summary": [{"text": "H"}], "content": [{"text": "mm"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "So"}]},
    ]
    usage = {"input_tokens": 3, "output_tokens": 4}
    answer = whole({"id": "resp_1", "status": "completed", "output": output, "usage": usage})
    assert (answer.reasoning, answer.text) == ("Hmm", "So")
    assert answer.finished is not None
    assert (answer.finished.request_id, answer.finished.usage) == ("resp_1", Usage(3, 4))


def test_a_refusal_and_a_tool_call_that_came_whole_are_named() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    refused = whole({"status": "completed", "output": [refusal]}).finished
    assert refused is not None
    assert (refused.reason, refused.refusal) == (FinishReason.REFUSAL, "No.")
    called = whole({"status": "completed", "output": [{"type": "function_call", "name": "f"}]}).finished
    assert called is not None
    assert called.reason is FinishReason.TOOL_CALL


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        ({"error": {"code": 503, "message": "x"}}, Overloaded),
        ({"status": "failed", "error": ERROR}, VendorFailed),
        ({"status": "in_progress", "output": []}, BadStream),
        ({"status": "queued"}, BadStream),
        ({"status": 5}, BadStream),
        ({}, BadStream),
        ([], BadStream),
        ("hello", BadStream),
    ],
)
def test_a_document_that_is_no_answer_is_an_error(response: object, kind: type[ProviderError]) -> None:
    failed = whole(response)
    assert (failed.text, type(failed.error)) == ("", kind)


@pytest.mark.parametrize(
    "value",
    [
        7,
        [],
        None,
        {},
        {"type": 4},
        {"type": "response.created", "response": "x"},
        {"type": "response.output_text.delta", "delta": 5},
        {"type": "response.output_text.delta", "delta": None},
        {"type": "response.refusal.delta", "delta": ["x"]},
        {"type": "response.output_item.added", "item": "function_call"},
    ],
)
def test_a_value_of_the_wrong_shape_is_passed_over(value: object) -> None:
    odd = heard(CREATED, delta("So"), value, last())
    assert (odd.text, odd.error) == ("So", None)
    assert odd.finished is not None
    assert odd.finished.reason is FinishReason.STOP


def test_what_is_not_json_is_a_bad_stream() -> None:
    assert type(heard(delta("So"), "{").error) is BadStream
    assert type(heard("[" * 100_000).error) is BadStream
